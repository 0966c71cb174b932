import { describe, expect, test } from 'vitest';
import { flag, frame, settingsFrame, uint32 } from '../support/h2-frames.ts';
import { literals } from '../support/h2-hpack.ts';
import { Driven, greeted } from './drive.ts';

const head = (id = 1): Buffer =>
  frame('HEADERS', flag.END_HEADERS, id, literals([[':status', '200']]));
const data = (length: number, id = 1, flags = 0): Buffer =>
  frame('DATA', flags, id, Buffer.alloc(length));
const body = Buffer.alloc(200_000, 'x');

/** The WINDOW_UPDATEs that were written, as stream and increment. */
function updates(driven: Driven): number[][] {
  return driven
    .written()
    .filter(({ type }) => type === 'WINDOW_UPDATE')
    .map(({ stream, increment }) => [stream, increment]);
}

describe('what is sent', () => {
  test('is no more than a frame takes', () => {
    const driven = greeted();
    const stream = driven.open(1, { method: 'POST' }, false);
    expect(driven.connection.send(stream, body, 0, body.length, true)).toBe(16_384);
    driven.feed(settingsFrame({ maxFrameSize: 20_000 }));
    expect(driven.connection.send(stream, body, 16_384, body.length, true)).toBe(20_000);
    const sizes = driven.written().filter(({ type }) => type === 'DATA');
    expect(sizes.map(({ payload }) => payload.length)).toEqual([16_384, 20_000]);
  });

  test('is no more than the windows of stream and connection take', () => {
    const driven = greeted();
    driven.feed(settingsFrame({ initialWindowSize: 100, maxFrameSize: 100_000 }));
    const { connection } = driven;
    const first = driven.open(1, { method: 'POST' }, false);
    expect(connection.room(first)).toBe(100);
    expect(connection.send(first, body, 0, 1000, true)).toBe(100);
    expect(connection.send(first, body, 100, 1000, true)).toBe(0);
    driven.feed(frame('WINDOW_UPDATE', 0, 1, uint32(70_000)));
    expect(connection.send(first, body, 0, 100_000, false)).toBe(65_435);
    expect(connection.room(first)).toBe(0);
    const second = driven.open(1, { method: 'POST' }, false);
    expect(connection.send(second, body, 0, 10, true)).toBe(0);
    driven.feed(frame('WINDOW_UPDATE', 0, 0, uint32(10)));
    expect(connection.send(second, body, 0, 10, true)).toBe(10);
    expect(second.isSent).toBe(true);
    expect(driven.said.filter(({ event }) => event === 'window')).toHaveLength(2);
  });

  test('stops while the peer has made a window negative, until it is positive again', () => {
    const driven = greeted();
    const { connection } = driven;
    const stream = driven.open(1, { method: 'POST' }, false);
    connection.send(stream, body, 0, 1000, false);
    driven.feed(settingsFrame({ initialWindowSize: 0 }));
    expect(stream.sendWindow).toBe(-1000);
    expect(connection.room(stream)).toBe(0);
    driven.feed(frame('WINDOW_UPDATE', 0, 1, uint32(1000)));
    expect(connection.send(stream, body, 0, 1, false)).toBe(0);
    driven.feed(frame('WINDOW_UPDATE', 0, 1, uint32(1)));
    expect(connection.send(stream, body, 0, 5, false)).toBe(1);
  });

  test('may be an end without bytes, which needs no window', () => {
    const driven = greeted();
    driven.feed(settingsFrame({ initialWindowSize: 0 }));
    const stream = driven.open(1, { method: 'POST' }, false);
    expect(driven.connection.send(stream, body, 0, 0, false)).toBe(0);
    driven.written();
    driven.connection.send(stream, body, 0, 0, true);
    expect(driven.written()).toMatchObject([{ type: 'DATA', endStream: true }]);
  });

  test('is the part of the bytes that was asked for', () => {
    const driven = greeted();
    const stream = driven.open(1, { method: 'POST' }, false);
    driven.connection.send(stream, Buffer.from('abcdef'), 2, 4, false);
    driven.connection.send(stream, Buffer.from('gh'), 0, 2, false);
    expect(driven.written().map(({ payload }) => String(payload))).toEqual(['cd', 'gh']);
  });
});

describe('what comes', () => {
  test('is given back to the connection when it is half of its window, whoever reads it', () => {
    const driven = greeted({ connectionWindowSize: 100_000 });
    driven.open(2);
    driven.feed(Buffer.concat([head(1), head(3), data(16_000), data(16_000, 3), data(16_000)]));
    expect(updates(driven)).toEqual([]);
    driven.feed(data(2000));
    expect(updates(driven)).toEqual([[0, 50_000]]);
  });

  test('is given back to the connection, too, when it is late, refused, or padding', () => {
    const driven = greeted({ connectionWindowSize: 65_535 });
    driven.open(4);
    const reset = driven.open();
    driven.connection.reset(reset);
    driven.written();
    // Late: 10,000 bytes. Before its head: 10,000. Padding: 256 of 300. Over: 12,468.
    driven.feed(Buffer.concat([data(10_000, reset.id), data(10_000, 1), head(3)]));
    driven.feed(
      frame('DATA', flag.PADDED, 3, Buffer.concat([Buffer.from([255]), body.subarray(0, 299)])),
    );
    driven.feed(Buffer.concat([head(5), data(0, 5, flag.END_STREAM), data(12_468, 5)]));
    expect(updates(driven).filter(([id]) => id === 0)).toEqual([[0, 32_768]]);
  });

  test('is given back to its stream when it was read, and is half of its window', () => {
    const driven = greeted({ streamWindowSize: 20_000 });
    const stream = driven.open();
    driven.feed(Buffer.concat([head(), data(9999)]));
    expect(updates(driven)).toEqual([]);
    driven.connection.consume(stream, 9999);
    expect(updates(driven)).toEqual([]);
    driven.feed(data(1));
    driven.connection.consume(stream, 1);
    expect(updates(driven)).toEqual([[1, 10_000]]);
    driven.feed(Buffer.concat([data(16_000), data(4000)]));
    expect(driven.said.at(-1)).toMatchObject({ event: 'data' });
    driven.feed(data(1));
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', reason: 'FLOW_CONTROL_ERROR' });
  });

  test('is not given back to a stream that has ended, or was reset', () => {
    const driven = greeted({ streamWindowSize: 1000 });
    const ended = driven.open(1, { method: 'POST' }, false);
    const reset = driven.open();
    driven.feed(Buffer.concat([head(1), data(1000, 1, flag.END_STREAM), head(3), data(1000, 3)]));
    driven.connection.reset(reset);
    driven.written();
    driven.connection.consume(ended, 1000);
    driven.connection.consume(reset, 1000);
    expect(updates(driven)).toEqual([]);
  });

  test('may be as much as the default before the server has heard of a smaller window', () => {
    const driven = new Driven({ streamWindowSize: 1000 });
    driven.feed(settingsFrame({}));
    const early = driven.open();
    driven.feed(Buffer.concat([head(), data(16_000), data(16_000), data(16_000), data(16_000)]));
    expect(driven.said.at(-1)).toMatchObject({ event: 'data' });
    driven.feed(frame('SETTINGS', flag.ACK, 0));
    expect(early.receiveWindow).toBe(1000 - 64_000);
    const late = driven.open();
    expect(late.receiveWindow).toBe(1000);
    driven.feed(Buffer.concat([head(3), data(1001, 3)]));
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', reason: 'FLOW_CONTROL_ERROR' });
  });

  test('may be as much as a larger window at once', () => {
    const driven = new Driven({ streamWindowSize: 100_000 });
    driven.feed(settingsFrame({}));
    const stream = driven.open();
    expect(stream.receiveWindow).toBe(100_000);
    driven.feed(frame('SETTINGS', flag.ACK, 0));
    expect(stream.receiveWindow).toBe(100_000);
  });
});
