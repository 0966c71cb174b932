/**
 * SETTINGS (RFC 9113, 6.5; RFC 8441, 3): what each side says of itself.
 */
import { Fault } from '../errors/fault.ts';
import {
  defaultWindow,
  headerSize,
  maxMaxFrameSize,
  maxWindow,
  minMaxFrameSize,
  readUint32,
  settingsFrame,
  writeFrameHeader,
  writeUint32,
} from './frames.ts';
import type { OutputBuffer } from '../output-buffer.ts';

const headerTableSizeId = 1;
const enablePushId = 2;
const maxConcurrentStreamsId = 3;
const initialWindowSizeId = 4;
const maxFrameSizeId = 5;
const maxHeaderListSizeId = 6;
const enableConnectProtocolId = 8;

/** How many bytes one setting takes. */
export const settingSize = 6;

/** The largest value of a setting. */
const maxValue = 2 ** 32 - 1;

/** What the server says of itself, and what holds until it does. */
export class PeerSettings {
  headerTableSize = 4096;
  /** How many streams may be open at once; before the server has said so, what RFC 9113 proposes as the least. */
  maxConcurrentStreams = 100;
  initialWindowSize = defaultWindow;
  maxFrameSize = minMaxFrameSize;
  enableConnectProtocol = false;
  /** Whether they have come. */
  areKnown = false;

  /**
   * Takes the settings of a frame over.
   *
   * @throws {Fault} with the code of the connection error that one of them is.
   */
  adopt(bytes: Uint8Array, from: number, to: number): void {
    if (!this.areKnown) this.maxConcurrentStreams = maxValue;
    this.areKnown = true;
    for (let at = from; at < to; at += settingSize) {
      const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      this.set(id, readUint32(bytes, at + 2));
    }
  }

  private set(id: number, value: number): void {
    switch (id) {
      case headerTableSizeId:
        this.headerTableSize = value;
        break;
      case enablePushId:
        if (value !== 0) throw invalid('ENABLE_PUSH', value);
        break;
      case maxConcurrentStreamsId:
        this.maxConcurrentStreams = value;
        break;
      case initialWindowSizeId:
        if (value > maxWindow) throw invalid('INITIAL_WINDOW_SIZE', value, 'FLOW_CONTROL_ERROR');
        this.initialWindowSize = value;
        break;
      case maxFrameSizeId:
        if (value < minMaxFrameSize || value > maxMaxFrameSize) {
          throw invalid('MAX_FRAME_SIZE', value);
        }
        this.maxFrameSize = value;
        break;
      case enableConnectProtocolId:
        if (value > 1 || (value === 0 && this.enableConnectProtocol)) {
          throw invalid('ENABLE_CONNECT_PROTOCOL', value);
        }
        this.enableConnectProtocol = value === 1;
        break;
    }
  }
}

/** Writes what a client says of itself: no push, its windows, and how large header sections may be. */
export function writeClientSettings(
  out: OutputBuffer,
  initialWindowSize: number,
  maxHeaderListSize: number,
): void {
  out.ensure(headerSize + 3 * settingSize);
  let at = writeFrameHeader(out.bytes, out.at, 3 * settingSize, settingsFrame, 0, 0);
  at = writeSetting(out.bytes, at, enablePushId, 0);
  at = writeSetting(out.bytes, at, initialWindowSizeId, initialWindowSize);
  at = writeSetting(out.bytes, at, maxHeaderListSizeId, Math.min(maxHeaderListSize, maxValue));
  out.at = at;
}

function writeSetting(out: Uint8Array, at: number, id: number, value: number): number {
  out[at] = id >>> 8;
  out[at + 1] = id;
  return writeUint32(out, at + 2, value);
}

function invalid(name: string, value: number, code = 'PROTOCOL_ERROR'): Fault {
  return new Fault(code, `SETTINGS_${name} cannot be ${value}`);
}
