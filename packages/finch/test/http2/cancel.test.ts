/** Requests that nobody wants any more: the server hears of it at once, and nobody else is harmed. */
import { exit, receive, send, spawn } from '@linnet/otp';
import { captureCrashReports, inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { EndlessBody } from '../../../mint/test/support/endless-body.ts';
import { RequestCancelledError } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App } from '../support/h2-app.ts';

describe('an AbortSignal', () => {
  test.each(['before the head', 'after the head', 'within the body'])(
    'resets the stream with CANCEL %s, and the connection goes on [F170]',
    async (when) => {
      const { ask, peer, figures, server } = await startH2App();
      const controller = new AbortController();
      const answer = rejection(ask('/', { signal: controller.signal }));
      const only = await peer();
      const { stream } = await only.readRequest();
      if (when !== 'before the head') only.respond(stream);
      if (when === 'within the body') only.data(stream, 'piece');
      await only.roundTrip();

      controller.abort();

      expect(await answer).toBeInstanceOf(RequestCancelledError);
      expect((await only.next('RST_STREAM', { stream })).error).toBe('CANCEL');
      await figures({ inUse: 0, idle: 1, inFlight: 0 });
      const next = ask('/next');
      only.answer((await only.readRequest()).stream, 'next');
      expect((await next).text()).toBe('next');
      expect(server.peers).toHaveLength(1);
    },
  );

  test('resets an upload, and lets go of its source', async () => {
    const { finch, url, peer } = await startH2App();
    const controller = new AbortController();
    const body = new EndlessBody();
    const answer = rejection(finch.post(url, body, { signal: controller.signal }));
    const only = await peer();
    const { stream } = await only.readRequest();
    await only.next('DATA', { stream });
    controller.abort();
    expect(await answer).toBeInstanceOf(RequestCancelledError);
    expect((await only.next('RST_STREAM', { stream })).error).toBe('CANCEL');
    await only.roundTrip();
    expect(body.released).toBe(true);
  });

  test('takes one out that waits for a stream, which is never sent', async () => {
    const { ask, peer, figures } = await startH2App({
      size: 1,
      settings: { maxConcurrentStreams: 1 },
    });
    const first = ask('/first');
    const only = await peer();
    const { stream } = await only.readRequest();
    const controller = new AbortController();
    const second = rejection(ask('/second', { signal: controller.signal }));
    await figures({ queued: 1 });
    controller.abort();
    expect(await second).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED', phase: 'queue' });
    only.answer(stream, 'first');
    expect((await first).text()).toBe('first');
    await only.roundTrip();
    expect(only.came('HEADERS')).toEqual([]);
    await figures({ queued: 0, idle: 1 });
  });

  test('of a hundred requests at random moments leaves the connection to the others', async () => {
    const { ask, server, figures } = await startH2App({
      script: answering(async (peer, request) => {
        peer.respond(request.stream);
        peer.data(request.stream, 'OK', { endStream: true });
      }),
    });
    await ask();
    const all = Array.from({ length: 100 }, async (_, index) => {
      const controller = new AbortController();
      const answer = ask(`/${index}`, { signal: controller.signal }).then(
        ({ status }) => status,
        (error: { code: string }) => error.code,
      );
      if (index % 2 === 0) {
        for (let turn = 0; turn < index % 7; turn += 1) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        controller.abort();
      }
      return answer;
    });
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((_, index) => index % 2 === 1)).toEqual(Array(50).fill(200));
    expect(new Set(outcomes).size).toBeLessThanOrEqual(2);
    await figures({ inUse: 0, idle: 1, inFlight: 0, queued: 0 });
    expect(server.peers).toHaveLength(1);
  });
});

describe('a caller', () => {
  test('that cancels an asynchronous request hears no more of it [F173]', async () => {
    const { finch, url, peer } = await startH2App();
    const only = peer();
    await inProcess(async () => {
      const ref = finch.asyncRequest(url);
      const { stream } = await (await only).readRequest();
      void finch.cancelAsyncRequest(ref);
      expect((await (await only).next('RST_STREAM', { stream })).error).toBe('CANCEL');
      (await only).answer(stream, 'late');
      await (await only).roundTrip();
      await settle();
      await expect(receive(() => true, { timeout: 0 })).rejects.toThrow('no matching message');
    });
  });

  test.each(['normal', 'shutdown', 'kill'] as const)(
    'that ends with %s does not leave its requests behind, asynchronous or not [D14] [F174] [F175]',
    async (reason) => {
      using _ = captureCrashReports();
      const { finch, ask, url, peer, figures, server } = await startH2App();
      const caller = spawn(async () => {
        finch.asyncRequest(`${url}/async`);
        finch.get(`${url}/sync`).catch(() => {});
        await receive((message) => message === 'end');
        if (reason !== 'normal') exit(reason);
      });
      const only = await peer();
      const streams = [(await only.readRequest()).stream, (await only.readRequest()).stream];
      const other = ask('/other');
      const request = await only.readRequest();
      if (reason === 'kill') exit(caller, 'kill');
      else send(caller, 'end');
      for (const stream of streams) {
        expect((await only.next('RST_STREAM', { stream })).error).toBe('CANCEL');
      }
      only.answer(request.stream, 'other');
      expect((await other).text()).toBe('other');
      await figures({ inUse: 0, idle: 1, inFlight: 0 });
      expect(server.peers).toHaveLength(1);
    },
  );

  test('that was the first one on a connection leaves it to the others [E4]', async () => {
    const { finch, ask, url, peer, server } = await startH2App();
    const only = peer();
    await inProcess(async () => {
      const first = finch.get(url);
      (await only).answer((await (await only).readRequest()).stream);
      await first;
    });
    const second = ask('/second');
    (await only).answer((await (await only).readRequest()).stream, 'second');
    expect((await second).text()).toBe('second');
    expect(server.peers).toHaveLength(1);
  });
});

test('a reader who leaves in the middle of a body resets its stream with CANCEL', async () => {
  const { finch, url, peer, figures } = await startH2App();
  const opening = finch.open(url);
  const only = await peer();
  const { stream } = await only.readRequest();
  only.respond(stream);
  only.data(stream, 'piece');
  for await (const chunk of (await opening).body) {
    expect(Buffer.from(chunk).toString()).toBe('piece');
    break;
  }
  expect((await only.next('RST_STREAM', { stream })).error).toBe('CANCEL');
  await figures({ inUse: 0, idle: 1, inFlight: 0 });
});
