/** How many requests a connection carries, and where the others go. */
import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App } from '../support/h2-app.ts';

const statuses = async (answers: readonly Promise<{ status: number }>[]): Promise<number[]> =>
  (await Promise.all(answers)).map(({ status }) => status);

describe('the limit of streams', () => {
  test('of 1: further requests wait for their turn, and none fails [F165] [D17] [M38]', async () => {
    let atOnce = 0;
    let most = 0;
    const { ask, server } = await startH2App({
      size: 1,
      settings: { maxConcurrentStreams: 1 },
      script: answering(async (peer, { stream }) => {
        most = Math.max(most, (atOnce += 1));
        await peer.roundTrip();
        peer.answer(stream);
        atOnce -= 1;
      }),
    });
    expect(await statuses(Array.from({ length: 20 }, () => ask()))).toEqual(Array(20).fill(200));
    expect(most).toBe(1);
    expect(server.peers).toHaveLength(1);
  });

  test('of 2: six requests go over three connections, none fails [E10] [D17]', async () => {
    const { ask, peer, server, figures } = await startH2App({
      size: 3,
      settings: { maxConcurrentStreams: 2 },
    });
    const answers = Array.from({ length: 6 }, () => ask());
    for (let index = 0; index < 3; index += 1) {
      const each = await peer(index);
      const requests = [await each.readRequest(), await each.readRequest()];
      await each.roundTrip();
      expect(each.came('HEADERS')).toEqual([]);
      if (index === 2) await figures({ inFlight: 6, inUse: 3, queued: 0 });
      else continue;
      for (const { stream } of requests) each.answer(stream);
    }
    for (const { stream } of (await peer(0)).frames.filter(({ type }) => type === 'HEADERS')) {
      (await peer(0)).answer(stream);
      (await peer(1)).answer(stream);
    }
    expect(await statuses(answers)).toEqual(Array(6).fill(200));
    expect(server.peers).toHaveLength(3);
  });

  test('of 0 has requests wait for a higher one', async () => {
    const { ask, peer } = await startH2App({ size: 1, settings: { maxConcurrentStreams: 0 } });
    const answer = ask();
    const only = await peer();
    await only.roundTrip();
    expect(only.came('HEADERS')).toEqual([]);
    only.settings({ maxConcurrentStreams: 1 });
    only.answer((await only.readRequest()).stream);
    expect((await answer).status).toBe(200);
  });

  test('set to 0 and raised again has requests wait in between, and none fails', async () => {
    const { ask, peer, figures } = await startH2App({
      size: 1,
      settings: { maxConcurrentStreams: 10 },
    });
    const first = ask();
    const only = await peer();
    only.answer((await only.readRequest()).stream);
    await first;
    only.settings({ maxConcurrentStreams: 0 });
    await only.roundTrip();
    const answers = Array.from({ length: 5 }, () => ask());
    await figures({ queued: 5, idle: 1 });
    await only.roundTrip();
    expect(only.came('HEADERS')).toEqual([]);
    only.settings({ maxConcurrentStreams: 10 });
    for (const _ of answers) only.answer((await only.readRequest()).stream);
    expect(await statuses(answers)).toEqual(Array(5).fill(200));
  });

  test('of 0 for ever ends requests by poolTimeout', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { ask, peer, figures } = await startH2App({
      size: 1,
      settings: { maxConcurrentStreams: 0 },
    });
    const answer = rejection(ask('/', { poolTimeout: 1000 }));
    await (await peer()).roundTrip();
    await figures({ queued: 1 });
    await clock.advance(1000);
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
  });

  test('lowered below what is under way leaves that alone, and has the next ones wait', async () => {
    const { ask, peer, figures } = await startH2App({
      size: 1,
      settings: { maxConcurrentStreams: 3 },
    });
    const first = [ask('/1'), ask('/2'), ask('/3')];
    const only = await peer();
    const requests = [await only.readRequest(), await only.readRequest(), await only.readRequest()];
    only.settings({ maxConcurrentStreams: 1 });
    await only.roundTrip();
    const fourth = ask('/4');
    await figures({ queued: 1 });
    only.answer(requests[0]?.stream ?? 0);
    only.answer(requests[1]?.stream ?? 0);
    await only.roundTrip();
    expect(only.came('HEADERS')).toEqual([]);
    only.answer(requests[2]?.stream ?? 0);
    expect(await statuses(first)).toEqual([200, 200, 200]);
    only.answer((await only.readRequest()).stream);
    expect((await fourth).status).toBe(200);
  });

  test('raised lets those go that wait', async () => {
    const { ask, peer, figures } = await startH2App({
      size: 1,
      settings: { maxConcurrentStreams: 1 },
    });
    const answers = [ask(), ask(), ask()];
    const only = await peer();
    const requests = [await only.readRequest()];
    await figures({ queued: 2 });
    only.settings({ maxConcurrentStreams: 3 });
    requests.push(await only.readRequest(), await only.readRequest());
    for (const { stream } of requests) only.answer(stream);
    expect(await statuses(answers)).toEqual([200, 200, 200]);
  });
});

describe('a cold origin', () => {
  test('answers the first request: it waits for the connection [D15]', async () => {
    const { ask } = await startH2App({ script: answering() });
    expect((await ask()).status).toBe(200);
  });

  test('gets a thousand requests at once over one connection [E5]', async () => {
    const { ask, server } = await startH2App({
      settings: { maxConcurrentStreams: 1000 },
      script: answering(),
    });
    const answers = Array.from({ length: 1000 }, () => ask());
    expect(await statuses(answers)).toEqual(Array(1000).fill(200));
    expect(server.peers).toHaveLength(1);
  });

  test('gets nothing before its SETTINGS with waitForServerSettings [F166]', async () => {
    const { ask, server, peer } = await startH2App({
      http2: { waitForServerSettings: true },
      script: answering(),
    });
    await ask();
    const only = await peer();
    const acknowledged = only.frames.findIndex(({ type, ack }) => type === 'SETTINGS' && ack);
    const asked = only.frames.findIndex(({ type }) => type === 'HEADERS');
    expect(acknowledged).toBeLessThan(asked);
    expect(server.peers).toHaveLength(1);
  });
});
