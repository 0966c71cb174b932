/** The frames that have been sent and are not acknowledged: bounded, oldest first. */
import { frameType } from './frame.ts';

/** Frames have consecutive numbers, so that an acknowledgement removes from the front only. */
export class ReplayWindow {
  #frames: Uint8Array[] = [];
  /** Where the oldest one is in the array; those before it have been acknowledged. */
  #start = 0;
  #acknowledged = 0;
  #bytes = 0;
  #fragmentBytes = 0;

  /** The number of the last frame that is acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get frames(): number {
    return this.#frames.length - this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the frames with parts of long signals. */
  get fragmentBytes(): number {
    return this.#fragmentBytes;
  }

  /** Adds the frame that comes after the newest one. */
  push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (isFragment(frame)) this.#fragmentBytes += frame.length;
  }

  /** Removes the frames up to a number; a number that is no news, or none that was sent, changes nothing. */
  acknowledge(seq: number): void {
    const count = seq - this.#acknowledged;
    if (count <= 0 || count > this.frames) return;
    for (let i = this.#start; i < this.#start + count; i++) {
      const frame = this.#frames[i] as Uint8Array;
      this.#bytes -= frame.length;
      if (isFragment(frame)) this.#fragmentBytes -= frame.length;
    }
    this.#start += count;
    this.#acknowledged = seq;
    if (this.#start > 256 && this.#start * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#start);
      this.#start = 0;
    }
  }

  /** All that are not acknowledged, oldest first. */
  *unacknowledged(): Generator<Uint8Array> {
    for (const frame of this.#frames.slice(this.#start)) yield frame;
  }
}

const isFragment = (frame: Uint8Array): boolean => frame[0] === frameType.fragment;
