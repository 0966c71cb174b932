import { describe, expect, test } from 'vitest';
import { Driven } from './drive.ts';
import { control, frame, goaway, headers, responseHead, settings, varint } from './peer-frames.ts';

function repeat(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}

describe('what moves nothing on', () => {
  test.each([
    ['unknown frames', 0, Buffer.alloc(0), frame(0x21)],
    ['empty DATA', 0, responseHead(200), frame(0x0)],
    ['GOAWAY', 3, control(settings()), goaway(0)],
    ['unknown frames on the control stream', 3, control(settings()), frame(0x21)],
    ['tables of no size', 3, varint(0x2), Buffer.from([0x20])],
    ['cancellations of streams', 3, varint(0x3), Buffer.from([0x41])],
  ])('ends the connection with H3_EXCESSIVE_LOAD when it is a flood: %s', (_, id, before, one) => {
    const driven = new Driven({ maxStrain: 100 });
    driven.open();
    driven.feed(id, before).feed(id, repeat(one, 100));
    expect(driven.fault).toBeUndefined();
    expect(driven.connection.isStrained).toBe(true);
    driven.connection.resetStrain();
    driven.feed(id, repeat(one, 100));
    expect(driven.fault).toBeUndefined();
    driven.feed(id, one);
    expect(driven.fault?.reason).toBe('H3_EXCESSIVE_LOAD');
  });

  test('ends it, too, when it is streams of types that mean nothing', () => {
    const driven = new Driven({ maxStrain: 100 });
    for (let id = 3; id < 3 + 4 * 100; id += 4) driven.feed(id, varint(0x21));
    expect(driven.fault).toBeUndefined();
    driven.feed(3 + 4 * 100, varint(0x21));
    expect(driven.fault?.reason).toBe('H3_EXCESSIVE_LOAD');
  });
});

describe('a section', () => {
  const tooLarge = { event: 'broken', stream: 0, code: 0x10c, reason: 'too_large' };

  test('of more than maxHeaderSize bytes ends its stream, and no other', () => {
    const driven = new Driven({ maxHeaderSize: 1000 });
    driven.open();
    driven.open();
    driven
      .feed(0, responseHead(200, [['x', 'y'.repeat(1000)]]))
      .feed(4, responseHead(200))
      .finish(4);
    expect(driven.said.map(({ event, stream }) => [event, stream])).toEqual([
      ['broken', 0],
      ['head', 4],
      ['end', 4],
    ]);
    expect(driven.said[0]).toEqual(tooLarge);
  });

  test('that is announced as far beyond that is not waited for', () => {
    const driven = new Driven({ maxHeaderSize: 1000 });
    driven.open();
    driven.feed(0, Buffer.concat([varint(0x1), varint(1_000_000)]));
    expect(driven.said).toEqual([tooLarge]);
    expect(driven.connection.fault?.tooLarge).toEqual({ limit: 1000, received: 1_000_000 });
  });

  test('of trailers is bounded as well', () => {
    const driven = new Driven({ maxHeaderSize: 1000 });
    driven.open();
    driven.feed(0, responseHead(200)).feed(0, headers([['x', 'y'.repeat(1000)]]));
    expect(driven.said.at(-1)).toEqual(tooLarge);
  });

  test('of more fields than maxFields is too large', () => {
    const driven = new Driven({ maxFields: 3 });
    driven.open();
    driven.feed(
      0,
      responseHead(
        200,
        Array.from({ length: 4 }, () => ['a', ''] as const),
      ),
    );
    expect(driven.said.at(-1)).toEqual(tooLarge);
  });
});

test('interim responses are bounded in number and in size', () => {
  const many = new Driven();
  many.open();
  many.feed(0, repeat(responseHead(103), 1001));
  expect(many.said.at(-1)).toMatchObject({ event: 'broken', reason: 'too_many_interim_responses' });
  const large = new Driven({ maxHeaderSize: 1000 });
  large.open();
  large.feed(0, repeat(responseHead(103, [['x', 'y'.repeat(900)]]), 60));
  expect(large.said.at(-1)).toMatchObject({ event: 'broken', code: 0x10c, reason: 'too_large' });
});
