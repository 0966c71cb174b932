import fc from 'fast-check';
import { exit, Pid, spawn } from '@linnet/otp';
import { describe, expect, test } from 'vitest';
import { DataCloneError } from '../../src/index.ts';
import { Addresses } from '../../src/codec/address-table.ts';
import { Codec } from '../../src/codec/codec.ts';
import { sendable } from '../../src/codec/sendable.ts';

const addresses = new Addresses();
const codec = new Codec(addresses);
const peer = { name: 'other@host', creation: 7 };

function roundTrip(value: unknown): unknown {
  const bytes = codec.encode(sendable(value, 'message'), peer);
  return codec.decode(bytes.slice(), peer);
}

test('what JSON loses arrives as it was', () => {
  const value = {
    missing: undefined,
    big: 2n ** 100n,
    small: -5n,
    map: new Map<unknown, unknown>([[{ a: 1 }, 'object key']]),
    set: new Set([1, 'a']),
    date: new Date(1e12),
    nan: Number.NaN,
    infinite: Number.NEGATIVE_INFINITY,
    bytes: Uint8Array.of(1, 2, 3),
    floats: Float64Array.of(1.5, 2.5),
    text: 'ünïcode 😀',
    nested: [[['deep']]],
    pattern: /a+/gi,
  };
  expect(roundTrip(value)).toEqual(value);
});

test('circles and shared parts stay what they are', () => {
  const circle: { self?: unknown; list: unknown[] } = { list: [] };
  circle.self = circle;
  circle.list.push(circle);
  const back = roundTrip(circle) as typeof circle;
  expect(back.self).toBe(back);
  expect(back.list[0]).toBe(back);
});

test('any value of plain data survives', () => {
  const key = fc.string().filter((name) => name !== '__proto__');
  const kinds = { withBigInt: true, withDate: true, withMap: true, withSet: true };
  const anything = fc.anything({ key, ...kinds });
  fc.assert(
    fc.property(anything, (value) => {
      const back = roundTrip(value);
      // Of -0, MessagePack keeps 0.
      expect(normal(back)).toEqual(normal(value));
    }),
  );
});

/** The value with 0 for -0, which MessagePack does not know, and without prototypes. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(normal);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [normal(k), normal(v)]));
  if (value instanceof Set) return new Set([...value].map(normal));
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, normal(v)]));
}

describe('errors', () => {
  test('keep class, message, stack, cause and fields', () => {
    const cause = new RangeError('too far');
    const error = Object.assign(new TypeError('wrong', { cause }), { code: 'ERR_X', at: [1, 2] });
    const back = roundTrip({ error }) as { error: TypeError & { code: string; at: number[] } };
    expect(back.error).toBeInstanceOf(TypeError);
    expect(back.error.message).toBe('wrong');
    expect(back.error.stack).toBe(error.stack);
    expect(back.error.cause).toBeInstanceOf(RangeError);
    expect(back.error.code).toBe('ERR_X');
    expect(back.error.at).toEqual([1, 2]);
  });

  test('of a class of the program become an Error with its name', () => {
    class BankError extends Error {
      override readonly name = 'BankError';
    }
    const back = roundTrip(new BankError('broke')) as Error;
    expect(back).toBeInstanceOf(Error);
    expect([back.name, back.message]).toEqual(['BankError', 'broke']);
  });

  test('that are in several places arrive as one, with all of it, however deep', () => {
    const error = Object.assign(new RangeError('x'), { code: 'ERR_X' });
    const value = { a: { b: { c: { d: { e: { f: [error, error] } } } } }, top: error };
    const { a, top } = roundTrip(value) as typeof value;
    const [first, second] = a.b.c.d.e.f;
    expect(first).toMatchObject({ name: 'RangeError', message: 'x', code: 'ERR_X' });
    expect(second).toBe(first);
    expect(top).toBe(first);
  });

  test('leave circles around them what they are', () => {
    interface Node {
      self?: Node;
      readonly list: Node[];
      readonly error: Error;
    }
    const node: Node = { list: [], error: new TypeError('in a circle') };
    node.self = node;
    node.list.push(node);
    const deep = { a: { b: { c: { d: { e: node } } } } };
    for (const back of [roundTrip(node) as Node, (roundTrip(deep) as typeof deep).a.b.c.d.e]) {
      expect(back.self).toBe(back);
      expect(back.list[0]).toBe(back);
      expect(back.error).toBeInstanceOf(TypeError);
    }
  });

  test('that are their own cause arrive without it, and long chains of them with their beginning', () => {
    const own = new Error('own');
    own.cause = own;
    expect((roundTrip(own) as Error).message).toBe('own');
    let chain = new Error('0');
    for (let i = 1; i < 20_000; i++) chain = new Error(String(i), { cause: chain });
    const back = roundTrip({ chain }) as { chain: Error };
    expect(back.chain.message).toBe('19999');
    expect((back.chain.cause as Error).message).toBe('19998');
  });

  test('of many keep the errors that they are of', () => {
    const error = new AggregateError([new TypeError('a'), 'b'], 'many', { cause: 1 });
    const back = roundTrip(error) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect([back.message, back.cause, back.errors[1]]).toEqual(['many', 1, 'b']);
    expect(back.errors[0]).toBeInstanceOf(TypeError);
    expect(Object.keys(back)).toEqual([]);
  });

  test('do not get lost because a field of them cannot be sent', () => {
    const error = Object.assign(new Error('x'), { callback: () => {} });
    const back = roundTrip(error) as Error;
    expect(back.message).toBe('x');
    expect('callback' in back).toBe(false);
  });
});

describe('pids', () => {
  test('of this node come back as the same object, dead or alive', () => {
    const pid = spawn(() => {});
    const bytes = codec.encode([pid], peer).slice();
    // As the other node sends it back.
    const reply = codec.encode([new Pid(peer.name, peer.creation, pid.id)], peer).slice();
    expect(codec.decode(reply, peer)).toEqual([pid]);
    expect((codec.decode(reply, peer) as unknown[])[0]).toBe(pid);
    expect(bytes.length).toBeGreaterThan(0);
  });

  test('of this node that went as a number come back as the same object, too', () => {
    const pid = spawn(() => {});
    // As the sender of a link, an exit signal or a call.
    addresses.pids.keepLocal(pid);
    exit(pid, 'kill');
    const reply = codec.encode([new Pid(peer.name, peer.creation, pid.id)], peer).slice();
    expect((codec.decode(reply, peer) as unknown[])[0]).toBe(pid);
  });

  test('of other nodes are one object for each', () => {
    const bytes = codec.encode([new Pid('third@host', 3, 4)], peer).slice();
    const [first] = codec.decode(bytes, peer) as [Pid];
    const [second] = codec.decode(bytes, peer) as [Pid];
    expect(first).toBe(second);
    expect([first.node, first.creation, first.id]).toEqual(['third@host', 3, 4]);
  });
});

describe('what cannot be sent is the error of the sender', () => {
  class Account {
    balance = 1;
  }
  test.each([
    ['a function', { a: [() => {}] }, 'message.a[0]'],
    ['a symbol', { b: Symbol('x') }, 'message.b'],
    ['a promise', [Promise.resolve()], 'message[0]'],
    ['an object of the class Account', new Account(), 'message'],
    ['a function', new Map([['k', () => {}]]), 'message[0][1]'],
    ['a field of this name', JSON.parse('{"a":{"__proto__":1}}'), 'message.a.__proto__'],
  ])('%s', (what, value, path) => {
    const attempt = (): unknown => roundTrip(value);
    expect(attempt).toThrow(DataCloneError);
    expect(attempt).toThrow(what);
    expect(attempt).toThrow(path);
  });
});

test('bytes that are no signal throw, and do no harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      let thrown: unknown = new Error('none');
      try {
        codec.decode(bytes, peer);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(Error);
    }),
    { numRuns: 2000 },
  );
  expect(roundTrip({ still: 'works' })).toEqual({ still: 'works' });
});
