/**
 * SETTINGS (RFC 9114, 7.2.4; RFC 9204, 5; RFC 9220, 3): what each side says of
 * itself, once.
 */
import { Fault } from '../errors/fault.ts';
import type { OutputBuffer } from '../output-buffer.ts';
import { maxHeaderSize, settingsFrame, writeFrameHeader } from './frames.ts';
import { maxVarintSize, readVarint, varintSize, varintSizeOf, writeVarint } from './varint.ts';

const qpackMaxTableCapacityId = 0x1;
const maxFieldSectionSizeId = 0x6;
const qpackBlockedStreamsId = 0x7;
const enableConnectProtocolId = 0x8;

/** One that means nothing, so that peers get used to ignoring such (RFC 9114, 7.2.4.1). */
const greaseId = 0x1f * 0x2a + 0x21;

/** What a SETTINGS frame consists of: identifiers and values. */
export type SettingList = readonly (readonly [id: number, value: number])[];

/** The most settings that a peer may send: there are a handful, and some that mean nothing. */
const maxSettings = 256;

/** What the server says of itself, and what holds until it does. */
export class PeerSettings {
  /** The most bytes of a request's fields, as QPACK counts them. */
  maxFieldSectionSize = Number.POSITIVE_INFINITY;
  enableConnectProtocol = false;
  /** Whether they have come. */
  areKnown = false;

  /**
   * Takes the settings of a frame over.
   *
   * @throws {Fault} with the code of the connection error that one of them is.
   */
  adopt(bytes: Uint8Array, from: number, to: number): void {
    this.areKnown = true;
    const seen = new Set<number>();
    for (let at = from; at < to;) {
      const id = integerAt(bytes, at, to);
      at += varintSizeOf(bytes[at] as number);
      const value = integerAt(bytes, at, to);
      at += varintSizeOf(bytes[at] as number);
      if (seen.has(id)) throw new Fault('H3_SETTINGS_ERROR', `the setting ${hex(id)} twice`);
      seen.add(id);
      if (seen.size > maxSettings) throw new Fault('H3_EXCESSIVE_LOAD', 'too many settings');
      this.set(id, value);
    }
  }

  private set(id: number, value: number): void {
    switch (id) {
      case maxFieldSectionSizeId:
        this.maxFieldSectionSize = value;
        break;
      case enableConnectProtocolId:
        if (value > 1) {
          const detail = `SETTINGS_ENABLE_CONNECT_PROTOCOL cannot be ${value}`;
          throw new Fault('H3_SETTINGS_ERROR', detail);
        }
        this.enableConnectProtocol = value === 1;
        break;
      case 0x0:
      case 0x2:
      case 0x3:
      case 0x4:
      case 0x5:
        throw new Fault('H3_SETTINGS_ERROR', `the setting ${hex(id)}, which is one of HTTP/2`);
    }
  }
}

/** What a client says of itself: no dynamic table, so that no section waits for one; and how large sections may be. */
export function clientSettings(maxFieldSectionSize: number): SettingList {
  return [
    [maxFieldSectionSizeId, maxFieldSectionSize],
    [qpackMaxTableCapacityId, 0],
    [qpackBlockedStreamsId, 0],
    [greaseId, 0],
  ];
}

/** Writes a SETTINGS frame. */
export function writeSettings(out: OutputBuffer, list: SettingList): void {
  let length = 0;
  for (const [id, value] of list) length += varintSize(id) + varintSize(value);
  out.ensure(maxHeaderSize + list.length * 2 * maxVarintSize);
  out.at = writeFrameHeader(out.bytes, out.at, settingsFrame, length);
  for (const [id, value] of list) {
    out.at = writeVarint(out.bytes, writeVarint(out.bytes, out.at, id), value);
  }
}

function integerAt(bytes: Uint8Array, at: number, to: number): number {
  if (at >= to || at + varintSizeOf(bytes[at] as number) > to) {
    throw new Fault('H3_FRAME_ERROR', 'SETTINGS cut off');
  }
  return readVarint(bytes, at);
}

function hex(id: number): string {
  return `0x${id.toString(16)}`;
}
