/** The ways in which a server says that it goes away. */
import { describe, expect, test } from 'vitest';
import { errorNames } from '../../../../src/http2/codes.ts';
import { expectBody, failure, meet } from './world.ts';

describe('GOAWAY', () => {
  test('[M33] [F163] [E9] lets a request at or below the last id finish, and takes no further one', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.goaway(id);
    await world.change(() => !world.wire.usable);
    const late = await failure(world.send({ target: '/late' }));
    expect(late).toMatchObject({ name: 'ConnectionClosedError', requestSent: false });
    world.peer.answer(id, 'hello');
    await expectBody(log, 'hello');
    expect(world.peer.came('HEADERS')).toEqual([]);
  });

  test('[M33] fails those above the last id at once, as never processed, and only those', async () => {
    await using world = await meet();
    const first = await world.open();
    const second = await world.open();
    const third = await world.open({ method: 'POST', body: 'x'.repeat(1000) });
    world.peer.goaway(first.id);
    for (const { log } of [second, third]) {
      expect(await failure(log)).toMatchObject({
        name: 'ConnectionClosedError',
        requestSent: false,
      });
    }
    expect(first.log.endings).toBe(0);
    world.peer.answer(first.id, 'first');
    await expectBody(first.log, 'first');
  });

  test('[M33] ignores what the server still sends on streams above the last id', async () => {
    await using world = await meet();
    const first = await world.open();
    const second = await world.open();
    world.peer.goaway(first.id);
    await failure(second.log);
    world.peer.answer(second.id, 'too late');
    await world.peer.roundTrip();
    expect(second.log.endings).toBe(1);
    world.peer.answer(first.id, 'first');
    await expectBody(first.log, 'first');
  });

  test('takes no response back that came whole and waits for its reader', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    log.greedy = false;
    world.peer.answer(id, 'whole');
    await log.until(() => log.body !== '');
    await world.peer.roundTrip();
    world.peer.goaway(0);
    await world.change(() => !world.wire.usable);
    log.exchange?.resume();
    await expectBody(log, 'whole');
  });

  test('[M33] in two steps: the first only stops new requests, the second says which were processed', async () => {
    await using world = await meet();
    const first = await world.open();
    const second = await world.open();
    world.peer.goaway(2 ** 31 - 1);
    await world.change(() => !world.wire.usable);
    await world.peer.roundTrip();
    expect([first.log.endings, second.log.endings]).toEqual([0, 0]);
    world.peer.goaway(first.id);
    expect(await failure(second.log)).toMatchObject({ requestSent: false });
    world.peer.answer(first.id, 'first');
    await expectBody(first.log, 'first');
  });

  test('[M33] in two steps: a request that crossed the first one is answered', async () => {
    await using world = await meet();
    const first = await world.open();
    world.peer.goaway(2 ** 31 - 1);
    world.peer.answer(first.id, 'first');
    await expectBody(first.log, 'first');
  });

  test('[M33] of several the last one counts', async () => {
    await using world = await meet();
    const streams = [await world.open(), await world.open(), await world.open()] as const;
    world.peer.goaway(streams[2].id);
    world.peer.goaway(streams[1].id);
    world.peer.goaway(streams[0].id, 'ENHANCE_YOUR_CALM', 'too much');
    for (const { log } of streams.slice(1)) {
      expect(await failure(log)).toMatchObject({ requestSent: false });
    }
    world.peer.answer(streams[0].id, 'done');
    await streams[0].log.done;
    await expectBody(streams[0].log, 'done');
  });

  test('in the last flight before the end of the socket: each request learns its own fate', async () => {
    await using world = await meet();
    const first = await world.open();
    const second = await world.open();
    const third = await world.open();
    world.peer.goaway(second.id);
    world.peer.answer(first.id, 'first');
    world.peer.end();
    await expectBody(first.log, 'first');
    expect(await failure(second.log)).toMatchObject({
      name: 'ConnectionClosedError',
      requestSent: true,
    });
    expect(await failure(third.log)).toMatchObject({ requestSent: false });
  });

  test('with no request under way ends the connection', async () => {
    await using world = await meet();
    world.peer.goaway(0);
    await world.closed;
    await world.peer.closed;
    expect(world.wire.usable).toBe(false);
  });

  test('after the last request ends the connection', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.goaway(id);
    world.peer.answer(id, 'last');
    await expectBody(log, 'last');
    await world.closed;
    await world.peer.closed;
  });

  test.each(errorNames.slice(1))(
    'with %s and last id 0 fails all requests as never processed, and ends the connection',
    async (code) => {
      await using world = await meet();
      const streams = [await world.open(), await world.open({ method: 'POST', body: 'body' })];
      world.peer.goaway(0, code, `because of ${code}`);
      for (const { log } of streams)
        expect(await failure(log)).toMatchObject({ requestSent: false });
      await world.closed;
    },
  );

  test.each([...errorNames.slice(1), 99, 2 ** 32 - 1])(
    'with %s fails the request that it does not exclude, as one that may have been processed',
    async (code) => {
      await using world = await meet();
      const { log, id } = await world.open();
      world.peer.goaway(id, code, 'enough');
      world.peer.end();
      const error = await failure(log);
      expect(error).toMatchObject({ requestSent: true });
      await world.closed;
    },
  );

  test('with 16 kB of debug data is a GOAWAY', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.goaway(id, 'NO_ERROR', 'x'.repeat(16_384 - 8));
    await world.change(() => !world.wire.usable);
    world.peer.answer(id, 'hello');
    await expectBody(log, 'hello');
  });

  test('in the midst of an upload lets the upload finish', async () => {
    await using world = await meet({ settings: { initialWindowSize: 10 } });
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(100) });
    await world.peer.until(() => world.peer.dataLength(id) === 10);
    world.peer.goaway(id);
    world.peer.windowUpdate(id, 90);
    await world.peer.until(() => world.peer.dataLength(id) === 100);
    world.peer.answer(id, 'thanks');
    await expectBody(log, 'thanks');
  });

  test('in the midst of an upload above the last id stops the upload', async () => {
    await using world = await meet({ settings: { initialWindowSize: 10 } });
    const first = await world.open();
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(100) });
    await world.peer.until(() => world.peer.dataLength(id) === 10);
    world.peer.goaway(first.id);
    expect(await failure(log)).toMatchObject({ requestSent: false });
    world.peer.answer(first.id, 'first');
    await expectBody(first.log, 'first');
    expect(world.peer.dataLength(id)).toBe(10);
  });
});
