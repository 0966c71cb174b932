/** PINGs: by the pool, and by hand. The runtime's timers are virtual. */
import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App, type H2AppOptions } from '../support/h2-app.ts';

async function startTimedApp(options: H2AppOptions = {}) {
  const clock = new TestClock().install(onTestFinished);
  return { clock, ...(await startH2App(options)) };
}

const heartbeat = { pingInterval: 50, pingTimeout: 1000 };

describe('http2.pingInterval', () => {
  test('has a silent connection probed again and again [F179] [F181]', async () => {
    const { clock, ask, peer, server } = await startTimedApp({
      http2: heartbeat,
      script: answering(),
    });
    await ask();
    const only = await peer();
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(50);
      await only.next('PING', { ack: false });
      // The answer is heard, and the time of silence begins anew.
      await only.roundTrip();
    }
    expect((await ask()).status).toBe(200);
    expect(server.peers).toHaveLength(1);
  });

  test('of infinity, which is the default, sends none [F180]', async () => {
    const { clock, ask, peer } = await startTimedApp({ script: answering() });
    await ask();
    const only = await peer();
    await clock.advance(10 * 60 * 60 * 1000);
    await only.roundTrip();
    expect(only.came('PING', { ack: false })).toEqual([]);
  });

  test('counts from the last sign of life of the server [F182]', async () => {
    const { clock, ask, peer } = await startTimedApp({
      http2: { ...heartbeat, pingInterval: 1000 },
      script: answering(),
    });
    await ask();
    const only = await peer();
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(600);
      await ask();
    }
    await only.roundTrip();
    expect(only.came('PING', { ack: false })).toEqual([]);
    await clock.advance(999);
    await only.roundTrip();
    expect(only.came('PING', { ack: false })).toEqual([]);
    await clock.advance(1);
    await only.next('PING', { ack: false });
  });

  test('does not send a PING while another one has no answer [D12]', async () => {
    const { clock, ask, peer, server, figures } = await startTimedApp({
      http2: { pingInterval: 50, pingTimeout: 60_000 },
      script: answering(),
    });
    await ask();
    const only = await peer();
    only.answersPings = false;
    for (let count = 0; count < 29; count += 1) await clock.advance(50);
    await only.next('PING', { ack: false });
    await only.roundTrip();
    expect(only.came('PING', { ack: false })).toEqual([]);
    await figures({ idle: 1 });
    expect(server.peers).toHaveLength(1);
  });

  test('without an answer for pingTimeout ends the connection, and what is under way is sent again [D12]', async () => {
    const { clock, ask, peer } = await startTimedApp({ http2: heartbeat });
    const first = ask('/first', { receiveTimeout: 'infinity' });
    const dead = await peer(0);
    dead.answer((await dead.readRequest()).stream);
    await first;
    dead.answersPings = false;
    const second = ask('/second', { receiveTimeout: 'infinity' });
    await dead.readRequest();
    await clock.advance(50);
    await dead.next('PING', { ack: false });

    await clock.advance(1000);

    await dead.closed;
    const next = await peer(1);
    const request = await next.readRequest();
    expect(request.fields.get(':path')).toBe('/second');
    next.answer(request.stream, 'second');
    expect((await second).text()).toBe('second');
  });

  test('without an answer fails what may not be sent again, at once and with a typed error [D12]', async () => {
    const { clock, finch, url, peer, figures } = await startTimedApp({ http2: heartbeat });
    const answer = rejection(finch.post(url, 'body', { receiveTimeout: 'infinity' }));
    const dead = await peer(0);
    dead.answersPings = false;
    await dead.readRequest();
    await clock.advance(50);
    await dead.next('PING', { ack: false });
    await clock.advance(1000);
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', requestSent: true });
    await dead.closed;
    await figures({ inUse: 0, idle: 0, inFlight: 0 });
  });

  test('takes anything that comes for an answer, such as the body of a response', async () => {
    const { clock, ask, peer } = await startTimedApp({ http2: heartbeat });
    const answer = ask('/', { receiveTimeout: 'infinity' });
    const only = await peer();
    only.answersPings = false;
    const { stream } = await only.readRequest();
    only.respond(stream);
    await clock.advance(50);
    await only.next('PING', { ack: false });
    await clock.advance(500);
    only.data(stream, 'piece');
    await only.roundTrip();
    await clock.advance(999);
    only.data(stream, 'end', { endStream: true });
    expect((await answer).text()).toBe('pieceend');
  });
});

describe('finch.ping', () => {
  test('tells the time of a round trip [F183]', async () => {
    const { finch, pool, peer } = await startH2App();
    expect(await finch.ping(pool)).toBeGreaterThanOrEqual(0);
    await (await peer()).next('PING', { ack: false });
  });

  test('opens a connection where there is none [F184]', async () => {
    const { finch, pool, ask, peer, server } = await startH2App({ script: answering() });
    await ask();
    const first = await peer(0);
    first.end();
    await first.closed;
    expect(await finch.ping(pool)).toBeGreaterThanOrEqual(0);
    expect(server.peers).toHaveLength(2);
  });

  test('does not use a connection that goes away [F185]', async () => {
    const { finch, pool, ask, peer, server } = await startH2App();
    const answer = ask();
    const going = await peer(0);
    const { stream } = await going.readRequest();
    going.goaway(stream);
    await going.roundTrip().catch(() => {});
    expect(await finch.ping(pool)).toBeGreaterThanOrEqual(0);
    expect(server.peers).toHaveLength(2);
    going.answer(stream);
    expect((await answer).status).toBe(200);
  });

  test('ends with the connection [F186]', async () => {
    const { finch, pool, ask, peer } = await startH2App({ script: answering() });
    await ask();
    const only = await peer();
    only.answersPings = false;
    const round = rejection(finch.ping(pool));
    await only.next('PING', { ack: false });
    only.resetConnection();
    expect(await round).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
  });

  test('ends by its timeout, and costs the connection nothing', async () => {
    const { clock, finch, pool, ask, peer, server } = await startTimedApp({ script: answering() });
    await ask();
    const only = await peer();
    only.answersPings = false;
    const round = rejection(finch.ping(pool, { timeout: 1000 }));
    await only.next('PING', { ack: false });
    await clock.advance(1000);
    expect(await round).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT', limit: 1000 });
    expect((await ask()).status).toBe(200);
    expect(server.peers).toHaveLength(1);
  });
});
