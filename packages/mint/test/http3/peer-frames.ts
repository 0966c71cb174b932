/** What a server says, put together from its parts, so that it can be wrong, too. */
import { QpackEncoder, OutputBuffer } from '../../src/index.ts';
import { frameHeaderSize, writeFrameHeader } from '../../src/http3/frames.ts';
import { writeSettings } from '../../src/http3/settings.ts';
import type { SettingList } from '../../src/http3/settings.ts';
import { varintSize, writeVarint } from '../../src/http3/varint.ts';

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** An integer, in as many bytes as it takes, or in `size`. */
export function varint(value: number, size = varintSize(value)): Buffer {
  const bytes = Buffer.alloc(size);
  writeVarint(bytes, 0, value, size);
  return bytes;
}

/** A frame; its payload is text, bytes, or nothing. */
export function frame(type: number, payload: string | Uint8Array = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const header = Buffer.alloc(frameHeaderSize(type, body.length));
  writeFrameHeader(header, 0, type, body.length);
  return Buffer.concat([header, body]);
}

function section(list: HeaderList): Buffer {
  const encoder = new QpackEncoder();
  const out = new OutputBuffer();
  encoder.begin(out);
  for (const [name, value] of list) encoder.field(out, name, value);
  return out.take();
}

export function headers(list: HeaderList): Buffer {
  return frame(0x1, section(list));
}

/** The head of a response. */
export function responseHead(status: number, list: HeaderList = []): Buffer {
  return headers([[':status', String(status)], ...list]);
}

export function data(text: string): Buffer {
  return frame(0x0, text);
}

export function settings(list: SettingList = []): Buffer {
  const out = new OutputBuffer();
  writeSettings(out, list);
  return out.take();
}

/** The beginning of a control stream. */
export function control(...frames: readonly Buffer[]): Buffer {
  return Buffer.concat([varint(0), ...frames]);
}

export function goaway(id: number): Buffer {
  return frame(0x7, varint(id));
}
