import { expect, test } from 'vitest';
import {
  encodeData,
  encodeFields,
  encodeFrame,
  encodeGoaway,
  encodeHeaders,
  encodeIndexed,
  encodeInserted,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  FrameDecoder,
  frameFlag,
} from '../../src/testing/index.ts';
import type { Frame } from '../../src/testing/index.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A decoder, and what it has called so far. */
function listening(): { decoder: FrameDecoder; frames: Frame[]; heads: Frame[]; calls: string[] } {
  const frames: Frame[] = [];
  const heads: Frame[] = [];
  const calls: string[] = [];
  const decoder = new FrameDecoder({
    onFrame: (frame) => {
      frames.push(frame);
      calls.push(frame.type);
    },
    onHeaders: (head) => {
      heads.push(head);
      calls.push(`fields of ${head.stream}`);
    },
  });
  return { decoder, frames, heads, calls };
}

test.each([1, 2, 9, 10, 4096])(
  'preface, frames and header blocks are decoded from pieces of %i bytes',
  (size) => {
    const { decoder, frames, heads, calls } = listening();
    const bytes = Buffer.concat([
      preface,
      encodeSettings({ initialWindowSize: 7 }),
      encodeHeaders(1, [
        [':path', '/a'],
        ['x-a', '1'],
      ]),
      encodeData(1, 'hello', { endStream: true, padding: 3 }),
      encodeWindowUpdate(0, 5),
      encodeReset(1, 'CANCEL'),
      encodeFrame(0x42, 0, 0, Buffer.of(1)),
      encodeGoaway(1, 'NO_ERROR', 'bye'),
    ]);
    for (let at = 0; at < bytes.length; at += size) {
      // As a socket may do: the bytes are another chunk's afterwards.
      const chunk = Buffer.from(bytes.subarray(at, at + size));
      decoder.decode(chunk);
      chunk.fill(0xff);
    }
    expect(calls).toEqual([
      'SETTINGS',
      'HEADERS',
      'fields of 1',
      'DATA',
      'WINDOW_UPDATE',
      'RST_STREAM',
      'UNKNOWN',
      'GOAWAY',
    ]);
    expect([...(heads[0]?.fields ?? [])]).toEqual([
      [':path', '/a'],
      ['x-a', '1'],
    ]);
    const [settings, , data, update, reset, , goaway] = frames;
    expect(settings?.settings).toEqual(new Map([[4, 7]]));
    expect(data?.content.toString()).toBe('hello');
    expect(data?.endStream).toBe(true);
    expect(update?.increment).toBe(5);
    expect(reset?.error).toBe('CANCEL');
    expect(goaway?.error).toBe('NO_ERROR');
    expect(goaway?.payload.toString('latin1', 8)).toBe('bye');
  },
);

test('the fields of a block in several frames are told with its HEADERS, once it is whole', () => {
  const { decoder, heads, calls } = listening();
  const block = encodeFields([[':path', '/a']]);
  decoder.decode(preface);
  decoder.decode(encodeHeaders(1, block.subarray(0, 4), { endHeaders: false }));
  expect(calls).toEqual(['HEADERS']);
  expect(decoder.unfinishedHead?.stream).toBe(1);
  decoder.decode(encodeFrame('CONTINUATION', frameFlag.END_HEADERS, 1, block.subarray(4)));
  expect(calls).toEqual(['HEADERS', 'CONTINUATION', 'fields of 1']);
  expect(heads[0]?.fields.get(':path')).toBe('/a');
  expect(decoder.unfinishedHead).toBeUndefined();
});

test('blocks share the dynamic table of their connection', () => {
  const { decoder, heads } = listening();
  decoder.decode(preface);
  decoder.decode(encodeHeaders(1, encodeInserted('x-token', 'abc')));
  decoder.decode(encodeHeaders(3, encodeIndexed(62)));
  expect(heads.map(({ fields }) => fields.get('x-token'))).toEqual(['abc', 'abc']);
});

test('a client that speaks no HTTP/2, or no HPACK, is told from its first bytes', () => {
  expect(() => listening().decoder.decode(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(
    'The client speaks no HTTP/2: "GET / HTTP/1.1\\r\\n"',
  );
  const { decoder } = listening();
  decoder.decode(preface);
  expect(() => decoder.decode(encodeHeaders(1, Buffer.of(0xff, 0xff, 0xff)))).toThrow(
    'an integer without an end',
  );
});
