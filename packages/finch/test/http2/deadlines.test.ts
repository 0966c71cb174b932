/** The limits of a request on a shared connection: each its own, none of them anybody else's. */
import { inProcess, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, type RequestOptions } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { nextPart } from '../support/async-parts.ts';
import { startH2App, type H2AppOptions } from '../support/h2-app.ts';

async function startTimedApp(options: H2AppOptions = {}) {
  const clock = new TestClock().install(onTestFinished);
  return { clock, ...(await startH2App(options)) };
}

/** Larger than any window that is granted here. */
const upload = 'x'.repeat(200 * 1024);

function* pieces(): Generator<string> {
  for (let count = 0; count < 200; count += 1) yield 'x'.repeat(1024);
}

describe('an upload whose window never opens', () => {
  const limits: Record<string, RequestOptions> = {
    receiveTimeout: { receiveTimeout: 300 },
    requestTimeout: { requestTimeout: 300 },
  };

  describe.each(Object.entries(limits))('ends by %s', (name, limit) => {
    const code =
      name === 'receiveTimeout' ? 'ERR_FINCH_RECEIVE_TIMEOUT' : 'ERR_FINCH_REQUEST_TIMEOUT';

    test.each([
      ['given as a whole [D2] [H190] [H197]', () => upload],
      ['given in pieces [D2] [H189]', pieces],
    ])('when it is %s', async (_how, body) => {
      const { clock, finch, url, ask, peer, figures } = await startTimedApp({
        settings: { initialWindowSize: 1024 },
      });
      const answer = rejection(finch.post(url, body(), limit));
      const only = await peer();
      const { stream } = await only.readRequest();
      await only.until(() => only.dataLength(stream) === 1024);
      const other = ask('/other');
      const request = await only.readRequest();

      await clock.advance(300);

      expect(await answer).toMatchObject({ code, limit: 300 });
      const reset = await only.next('RST_STREAM', { stream });
      expect(reset.error).toBe('CANCEL');
      only.answer(request.stream, 'other');
      expect((await other).text()).toBe('other');
      await figures({ inUse: 0, idle: 1, inFlight: 0 });
    });
  });

  test('ends when it is asynchronous [D2] [H191] [H193]', async () => {
    const { clock, finch, url, peer } = await startTimedApp({
      settings: { initialWindowSize: 1024 },
    });
    const part = inProcess(async () =>
      nextPart(finch.asyncRequest(Finch.build('POST', url, {}, upload), { receiveTimeout: 500 })),
    );
    const only = await peer();
    const { stream } = await only.readRequest();
    await only.until(() => only.dataLength(stream) === 1024);
    await clock.advance(500);
    expect(await part).toMatchObject({
      type: 'error',
      error: { code: 'ERR_FINCH_RECEIVE_TIMEOUT' },
    });
    await only.next('RST_STREAM', { stream });
  });

  test('goes on as long as the server takes a part of it now and then', async () => {
    const { clock, finch, url, peer } = await startTimedApp({
      settings: { initialWindowSize: 65_535 },
    });
    const answer = finch.post(url, 'x'.repeat(10 * 65_536), { receiveTimeout: 300 });
    const only = await peer();
    const { stream } = await only.readRequest();
    only.windowUpdate(0, 10 * 65_536);
    for (let taken = 65_535; taken < 10 * 65_536; taken += 65_536) {
      await only.until(() => only.dataLength(stream) >= taken);
      await clock.advance(200);
      only.windowUpdate(stream, 65_536);
    }
    await only.until(() => only.dataLength(stream) === 10 * 65_536);
    only.answer(stream);
    expect((await answer).status).toBe(200);
  });
});

describe('receiveTimeout', () => {
  test('ends a request that is not answered, with RST_STREAM, and what comes later is ignored [F167] [F170]', async () => {
    const { clock, ask, peer, server } = await startTimedApp();
    const answer = rejection(ask('/', { receiveTimeout: 1000 }));
    const only = await peer();
    const { stream } = await only.readRequest();
    await clock.advance(1000);
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT', limit: 1000 });
    expect((await only.next('RST_STREAM', { stream })).error).toBe('CANCEL');
    only.answer(stream, 'late');
    await only.roundTrip();
    const next = ask('/next');
    only.answer((await only.readRequest()).stream, 'next');
    expect((await next).text()).toBe('next');
    expect(server.peers).toHaveLength(1);
  });

  test.each(['after the head', 'within the body'])(
    'ends a response that stops %s [F168]',
    async (where) => {
      const { clock, ask, peer } = await startTimedApp();
      const answer = rejection(ask('/', { receiveTimeout: 1000 }));
      const only = await peer();
      const { stream } = await only.readRequest();
      await clock.advance(900);
      only.respond(stream);
      if (where === 'within the body') only.data(stream, 'piece');
      await only.roundTrip();
      await clock.advance(999);
      expect(only.came('RST_STREAM')).toEqual([]);
      await clock.advance(1);
      expect(await answer).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
      await only.next('RST_STREAM', { stream });
    },
  );

  test('is for each piece: a response of many goes on for longer than that', async () => {
    const { clock, ask, peer } = await startTimedApp();
    const answer = ask('/', { receiveTimeout: 1000 });
    const only = await peer();
    const { stream } = await only.readRequest();
    only.respond(stream);
    for (let count = 0; count < 10; count += 1) {
      only.data(stream, 'piece ');
      await only.roundTrip();
      await clock.advance(999);
    }
    only.data(stream, 'end', { endStream: true });
    expect((await answer).text()).toBe(`${'piece '.repeat(10)}end`);
  });

  test('is not put off by what comes for others on the same connection', async () => {
    const { clock, ask, peer } = await startTimedApp();
    const silent = rejection(ask('/silent', { receiveTimeout: 1000 }));
    const only = await peer();
    await only.readRequest();
    const busy = ask('/busy', { receiveTimeout: 1000 });
    const { stream } = await only.readRequest();
    only.respond(stream);
    for (let count = 0; count < 2; count += 1) {
      await clock.advance(500);
      only.data(stream, 'piece');
      await only.roundTrip();
    }
    expect(await silent).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
    only.data(stream, '', { endStream: true });
    expect((await busy).text()).toBe('piecepiece');
  });

  test('of one request does not stick to the connection [E16] [H194] [H195]', async () => {
    const { clock, finch, ask, url, peer, server } = await startTimedApp();
    const short = rejection(ask('/short', { receiveTimeout: 25 }));
    const only = await peer();
    await only.readRequest();
    await clock.advance(25);
    expect(await short).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
    const long = finch.post(url, 'x'.repeat(150 * 1024));
    const { stream } = await only.readRequest();
    await only.until(() => only.dataLength(stream) === 65_535);
    await clock.advance(1000);
    only.windowUpdate(0, 200_000);
    only.windowUpdate(stream, 200_000);
    await only.until(() => only.dataLength(stream) === 150 * 1024);
    await clock.advance(14_000);
    only.answer(stream, 'long');
    expect((await long).text()).toBe('long');
    const again = rejection(ask('/short', { receiveTimeout: 25 }));
    await only.readRequest();
    await clock.advance(25);
    expect(await again).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT', limit: 25 });
    expect(server.peers).toHaveLength(1);
  });

  test('leaves nothing behind once the response is complete [F169]', async () => {
    const { clock, ask, peer } = await startTimedApp();
    const answer = ask('/', { receiveTimeout: 1000, requestTimeout: 2000 });
    const only = await peer();
    only.answer((await only.readRequest()).stream);
    await answer;
    const pending = clock.pending;
    await clock.advance(10_000);
    await only.roundTrip();
    expect(clock.pending).toBeLessThanOrEqual(pending);
    expect(only.came('RST_STREAM')).toEqual([]);
  });

  test('is told to an asynchronous request [F172]', async () => {
    const { clock, finch, url, peer } = await startTimedApp();
    const part = inProcess(async () => nextPart(finch.asyncRequest(url, { receiveTimeout: 10 })));
    const only = await peer();
    const { stream } = await only.readRequest();
    await clock.advance(10);
    expect(await part).toMatchObject({
      type: 'error',
      error: { code: 'ERR_FINCH_RECEIVE_TIMEOUT' },
    });
    await only.next('RST_STREAM', { stream });
  });
});

describe('requestTimeout', () => {
  test('ends a response that never ends, however busy it is [F30] [H176]', async () => {
    const { clock, ask, peer } = await startTimedApp();
    const answer = rejection(ask('/', { receiveTimeout: 1000, requestTimeout: 3000 }));
    const only = await peer();
    const { stream } = await only.readRequest();
    only.respond(stream);
    for (let count = 0; count < 6; count += 1) {
      only.data(stream, 'piece');
      await only.roundTrip();
      await clock.advance(500);
    }
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT', limit: 3000 });
    expect((await only.next('RST_STREAM', { stream })).error).toBe('CANCEL');
  });

  test('covers the waiting for a stream on a full connection', async () => {
    const { clock, ask, peer, figures } = await startTimedApp({
      size: 1,
      settings: { maxConcurrentStreams: 1 },
    });
    const first = ask('/first', { receiveTimeout: 'infinity' });
    const only = await peer();
    const { stream } = await only.readRequest();
    const second = rejection(ask('/second', { requestTimeout: 1000 }));
    await figures({ queued: 1 });
    await clock.advance(1000);
    expect(await second).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT', phase: 'queue' });
    only.answer(stream, 'first');
    expect((await first).text()).toBe('first');
    await only.roundTrip();
    expect(only.came('HEADERS')).toEqual([]);
  });
});
