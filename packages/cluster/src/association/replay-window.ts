/** The frames that have been sent and are not acknowledged: bounded, oldest first. */
import { frameType, type FrameType } from './frame.ts';

interface Entry {
  readonly length: number;
  readonly isFragment: boolean;
  /** The frame, to be sent again; undefined for one that is not to be. */
  readonly frame: Uint8Array | undefined;
}

/** Frames have consecutive numbers, so that an acknowledgement removes from the front only. */
export class ReplayWindow {
  #entries: Entry[] = [];
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
    return this.#entries.length - this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the frames with parts of long signals. */
  get fragmentBytes(): number {
    return this.#fragmentBytes;
  }

  /** Adds the frame that comes after the newest one: its length counts, and it is kept if it is given. */
  push(type: FrameType, length: number, frame: Uint8Array | undefined): void {
    const isFragment = type === frameType.fragment;
    this.#entries.push({ length, isFragment, frame });
    this.#bytes += length;
    if (isFragment) this.#fragmentBytes += length;
  }

  /** Removes the frames up to a number; a number that is no news, or none that was sent, changes nothing. */
  acknowledge(seq: number): void {
    const count = seq - this.#acknowledged;
    if (count <= 0 || count > this.frames) return;
    for (let i = this.#start; i < this.#start + count; i++) {
      const { length, isFragment } = this.#entries[i] as Entry;
      this.#bytes -= length;
      if (isFragment) this.#fragmentBytes -= length;
    }
    this.#start += count;
    this.#acknowledged = seq;
    if (this.#start > 256 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  /** All that are not acknowledged, oldest first; undefined in the place of one that was not kept. */
  *unacknowledged(): Generator<Uint8Array | undefined> {
    for (const { frame } of this.#entries.slice(this.#start)) yield frame;
  }
}
