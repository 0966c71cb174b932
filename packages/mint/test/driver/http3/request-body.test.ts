import { expect, test } from 'vitest';
import { InvalidRequestError, RequestBodyError } from '../../../src/index.ts';
import { turn } from '../../support/eventually.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { describeQuic } from '../../support/quic.ts';
import { ExchangeLog } from '../exchange-log.ts';
import { meet } from './world.ts';
import type { World } from './world.ts';

/** A source that says how far it was read, and whether it was let go of. */
class Source {
  pulled = 0;
  ended = false;
  private readonly count: number;
  private readonly size: number;

  constructor(count: number, size: number) {
    this.count = count;
    this.size = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      while (this.pulled < this.count) {
        this.pulled += 1;
        yield Buffer.alloc(this.size, 'x');
      }
    } finally {
      this.ended = true;
    }
  }
}

describeQuic('a body that is streamed', () => {
  test('arrives piece by piece, with its trailers, which are asked for at the end', async () => {
    await using world = await meet();
    let sent = '';
    const log = world.send({
      method: 'POST',
      body: ['one', Buffer.from('two'), '', 'three'],
      trailers: () => ['X-Sum', sent],
    });
    sent = '11';
    const { stream, fields } = await world.peer.readRequest();
    expect(fields.get('content-length')).toBeUndefined();
    expect((await world.peer.readBody(stream)).toString()).toBe('onetwothree');
    expect((await world.peer.next('HEADERS', stream)).fields.list).toEqual(['x-sum', '11']);
    world.peer.answer(stream);
    expect((await log.done).kinds).toEqual(['headers', 'data', 'end']);
  });

  test.each(['', 'é€😀'])('arrives whole if it is a long text (%#)', async (other) => {
    await using world = await meet();
    const body = other + Array.from({ length: 60_000 }, (_, number) => number).join(' ');
    const log = world.send({ method: 'POST', body });
    const { stream } = await world.peer.readRequest();
    expect((await world.peer.readBody(stream)).toString() === body).toBe(true);
    world.peer.answer(stream);
    expect((await log.done).body).toBe('OK');
  });

  test('may have trailers that are none, and no body', async () => {
    await using world = await meet();
    const log = world.send({ method: 'POST', trailers: () => [] });
    const { stream } = await world.peer.readRequest();
    expect(await world.peer.readBody(stream)).toHaveLength(0);
    world.peer.answer(stream);
    expect((await log.done).body).toBe('OK');
  });

  test('is read only as fast as the server takes it', async () => {
    await using world = await meet({
      server: { streamWindow: 100_000, connectionWindow: 200_000 },
    });
    const source = new Source(100, 50_000);
    world.peer.pause();
    const progress: number[] = [];
    const log = new ExchangeLog(world.wire);
    Object.assign(log, { onProgress: () => progress.push(source.pulled) });
    log.exchange = world.wire.send({ method: 'PUT', target: '/', headers: [], body: source }, log);
    for (let last = -1; last !== source.pulled || last === 0;) {
      last = source.pulled;
      await world.wire.ping?.();
      await turn(5);
    }
    expect(source.pulled).toBeLessThan(10);
    world.peer.resume();
    const { stream } = await world.peer.readRequest();
    expect(await world.peer.readBody(stream)).toHaveLength(5_000_000);
    world.peer.answer(stream);
    expect((await log.done).body).toBe('OK');
    expect(source).toMatchObject({ pulled: 100, ended: true });
    expect(progress.length).toBeGreaterThan(10);
  });

  test('that fails resets the stream', async () => {
    await using world = await meet();
    const failure = new Error('disk gone');
    const log = world.send({
      method: 'POST',
      body: (async function* () {
        yield 'a';
        throw failure;
      })(),
    });
    const { stream } = await world.peer.readRequest();
    await log.done;
    expect(log.error).toBeInstanceOf(RequestBodyError);
    expect(log.error).toMatchObject({ cause: failure, requestSent: true });
    await world.peer.until(() => world.peer.resets.has(stream));
    expect(world.peer.resets.get(stream)).toBe(0x10c);
    await world.serves();
  });

  test.each([
    ['longer', ['abcd', 'e']],
    ['shorter', ['ab']],
  ])('that is %s than its content-length fails', async (_, body) => {
    await using world = await meet();
    const log = world.send({ method: 'POST', headers: ['content-length', '4'], body });
    await log.done;
    expect(log.error).toBeInstanceOf(InvalidRequestError);
    await world.serves();
  });

  test('with trailers that fail, or cannot be sent, fails', async () => {
    await using world = await meet();
    const thrown = world.send({
      method: 'POST',
      body: 'a',
      trailers: () => {
        throw new Error('no sum');
      },
    });
    expect((await thrown.done).error).toMatchObject({ part: 'trailers' });
    const bad = world.send({ method: 'POST', body: 'a', trailers: () => ['host', 'x'] });
    expect((await bad.done).error).toBeInstanceOf(InvalidRequestError);
    await world.serves();
  });
});

describeQuic('windows of a few bytes', () => {
  test('let a head, its body and its trailers through, one after the other', async () => {
    await using world = await meet({ server: { streamWindow: 10, connectionWindow: 30 } });
    const log = world.send({
      method: 'POST',
      headers: ['x-long', 'y'.repeat(200)],
      body: ['one', 'x'.repeat(6000), 'three'],
      trailers: () => ['x-sum', 'z'.repeat(100)],
    });
    const { stream, fields } = await world.peer.readRequest();
    expect(fields.get('x-long')).toHaveLength(200);
    expect(await world.peer.readBody(stream)).toHaveLength(6008);
    expect((await world.peer.next('HEADERS', stream)).fields.get('x-sum')).toHaveLength(100);
    world.peer.answer(stream);
    expect((await log.done).body).toBe('OK');
  });
});

describeQuic('an early response', () => {
  test('ends the upload with H3_NO_ERROR when it is complete', async () => {
    await using world = await meet({ server: { streamWindow: 100_000 } });
    const source = new Source(1000, 50_000);
    const log = world.send({ method: 'POST', body: source });
    const { stream } = await world.peer.readRequest();
    world.peer.pause(stream);
    world.peer.answer(stream, 'too large');
    await log.done;
    expect(log.kinds).toEqual(['headers', 'data', 'end']);
    world.peer.resume(stream);
    await world.peer.until(() => world.peer.resets.has(stream));
    expect(world.peer.resets.get(stream)).toBe(0x100);
    await world.serves();
    expect(source.ended).toBe(true);
    expect(source.pulled).toBeLessThan(100);
  });

  test('ends a body that was given as a whole, and not taken yet', async () => {
    await using world = await meet({ server: { streamWindow: 1000 } });
    world.peer.pause();
    const log = world.send({ method: 'POST', body: 'x'.repeat(10_000) });
    await world.wire.ping?.();
    world.peer.answer(0, 'no');
    expect((await log.done).body).toBe('no');
    world.peer.resume();
    await world.wire.ping?.();
    await world.peer.until(() => world.peer.resets.has(0));
    expect(world.peer.resets.get(0)).toBe(0x100);
    await world.serves();
  });

  test('after STOP_SENDING is read on', async () => {
    await using world = await meet({ server: { streamWindow: 100_000 } });
    const source = new Source(1000, 50_000);
    const log = world.send({ method: 'POST', body: source });
    const { stream } = await world.peer.readRequest();
    world.peer.stopSending(stream, 'H3_NO_ERROR');
    world.peer.respond(stream, 413);
    await log.until(() => log.status === 413);
    await upTo(world, () => source.ended);
    world.peer.data(stream, 'no more, please', { endStream: true });
    expect((await log.done).body).toBe('no more, please');
    expect(source.pulled).toBeLessThan(100);
    await world.serves();
  });
});

describeQuic('expect: 100-continue', () => {
  test('holds the body back until the server says so', async () => {
    await using world = await meet({ clock: new ManualClock() });
    const log = world.send({ method: 'POST', body: 'body', expectContinue: 1000 });
    const { stream, fields } = await world.peer.readRequest();
    expect(fields.get('expect')).toBe('100-continue');
    await world.allDelivered();
    expect(world.peer.came('DATA', stream)).toEqual([]);
    world.peer.respond(stream, 100);
    expect((await world.peer.readBody(stream)).toString()).toBe('body');
    world.peer.answer(stream);
    expect((await log.done).kinds).toEqual(['informational', 'headers', 'data', 'end']);
  });

  test('sends it after a while all the same', async () => {
    const clock = new ManualClock();
    await using world = await meet({ clock });
    const log = world.send({ method: 'POST', body: 'body', expectContinue: 1000 });
    const { stream } = await world.peer.readRequest();
    clock.advance(1000);
    expect((await world.peer.readBody(stream)).toString()).toBe('body');
    world.peer.answer(stream);
    expect((await log.done).body).toBe('OK');
  });

  test('spares the body when the final response comes first', async () => {
    await using world = await meet({ clock: new ManualClock() });
    const log = world.send({ method: 'POST', body: 'body', expectContinue: 1000 });
    const { stream } = await world.peer.readRequest();
    world.peer.answer(stream, 'no');
    expect((await log.done).body).toBe('no');
    await world.peer.until(() => world.peer.resets.has(stream));
    expect(world.peer.came('DATA', stream)).toEqual([]);
    await world.serves();
  });
});

/** Waits for what follows from packets that come by and by. */
async function upTo(world: World, condition: () => boolean): Promise<void> {
  while (!condition()) {
    await world.wire.ping?.();
    await turn();
  }
}
