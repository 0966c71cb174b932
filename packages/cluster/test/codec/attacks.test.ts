/** Bytes that a node would never send, from one that knows the cookie. */
import { Pid } from '@linnet/otp';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { Addresses } from '../../src/codec/address-table.ts';
import { Codec } from '../../src/codec/codec.ts';

const codec = new Codec(new Addresses());
const peer = { name: 'other@host', creation: 7 };
const decode = (...bytes: readonly number[]): unknown => codec.decode(Uint8Array.from(bytes), peer);
const text = (value: string): number[] => [0xa0 + value.length, ...new TextEncoder().encode(value)];
/** The header of an extension of the codec; its value follows. */
const extension = (type: number): number[] => [0xd4, type, 0];
const plain = new Packr({ structuredClone: true, useRecords: true });

describe('throws', () => {
  test('values that are nested 100,000 deep', () => {
    const bytes = new Uint8Array(100_001).fill(0x91);
    expect(() => codec.decode(bytes, peer)).toThrow(RangeError);
  });

  test.each([
    ['an array', [0xdd, 0x7f, 0xff, 0xff, 0xff]],
    ['a map', [0xdf, 0x7f, 0xff, 0xff, 0xff]],
    ['bytes', [0xc6, 0x7f, 0xff, 0xff, 0xff]],
    ['a text', [0xdb, 0x7f, 0xff, 0xff, 0xff]],
    ['an extension', [0xc9, 0x7f, 0xff, 0xff, 0xff, 0x10]],
  ])('%s that says it has two thousand million entries, without room for them', (_what, bytes) => {
    expect(() => decode(...bytes)).toThrow('end of MessagePack');
  });

  test('an extension that is not known', () => {
    expect(() => decode(0xd4, 0x55, 0)).toThrow('Unknown extension');
  });

  test('a pid that is none', () => {
    // Of the extension of pids: a text, an array of one text, of two parts, of an object.
    for (const datum of ['x', ['x'], [1, 'node'], [{}, 'node', 1], null, {}]) {
      const body = plain.pack(datum);
      expect(() => decode(...extension(0x10), ...body)).toThrow('a pid that cannot be read');
    }
  });

  test('every message that is cut short', () => {
    const whole = codec.encode(
      [2, 'name', { a: [1, 2, { b: 'text' }], c: new Map([[1, 2]]) }],
      peer,
    );
    for (let length = 0; length < whole.length; length++) {
      expect(() => codec.decode(whole.slice(0, length), peer)).toThrow(Error);
    }
  });
});

describe('does no harm:', () => {
  test('a field `__proto__` is no prototype', () => {
    for (const bytes of [
      [0x81, ...text('__proto__'), 0x81, ...text('polluted'), 1],
      [0x81, ...text('constructor'), 0x81, ...text('prototype'), 0x81, ...text('polluted'), 1],
    ]) {
      decode(...bytes);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }
  });

  test('an error of another class than those of the language is an Error', () => {
    for (const name of ['Function', 'WebSocket', '__proto__', 'constructor']) {
      const parts = { name, message: 'text', hasCause: false, fields: { __proto__: { x: 1 } } };
      const body = plain.pack(parts);
      const error = decode(...extension(0x11), ...body) as Error;
      expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
      expect(error.message).toBe('text');
    }
  });

  test('a pid of this node that no process has had is that of a dead process', () => {
    const body = plain.pack([2 ** 40]);
    const pid = decode(...extension(0x10), ...body);
    expect(Pid.isPid(pid)).toBe(true);
  });

  test('what has thrown leaves nothing behind for the next message', () => {
    expect(() => decode(0x92, 0xd4, 0x72, 0x40, 0x91, ...text('a'))).toThrow(Error);
    const value = [{ a: 1, b: [{ a: 2, b: [] }] }];
    expect(codec.decode(codec.encode(value, peer).slice(), peer)).toEqual(value);
  });
});
