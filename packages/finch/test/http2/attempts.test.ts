/** A server that serves nothing is not asked without end, however many ask at once. */
import type { Http2Peer } from '@linnet/mint/testing';
import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rejection } from '../support/rejection.ts';
import { startH2App } from '../support/h2-app.ts';

const callers = 100;

/** What a server does with the first request on each of its connections, and so how often it is asked. */
const servers: [string, number, (peer: Http2Peer) => unknown][] = [
  ['says that it has processed nothing', 4, (peer) => peer.goaway(0)],
  ['ends the connection', 1, (peer) => peer.end()],
  ['resets the connection', 1, (peer) => peer.resetConnection()],
];

describe(`a server of which ${callers} requests at once get nothing`, () => {
  test.each(servers)('and which %s has %i connections in all', async (_what, connections, act) => {
    const { ask, server } = await startH2App({
      script: async (peer) => {
        await peer.readRequest();
        act(peer);
      },
    });
    const answers = Array.from({ length: callers }, () => rejection(ask()));
    for (const error of await Promise.all(answers)) {
      expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', reused: false });
    }
    expect(server.peers).toHaveLength(connections);
  });
});

test('a server that answers one request on each connection answers all', async () => {
  const { ask, server } = await startH2App({
    script: async (peer) => {
      peer.answer((await peer.readRequest()).stream);
      peer.end();
    },
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(server.peers).toHaveLength(20);
});

test('a server that never answers, PINGs neither, is given up', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { ask, peer, server } = await startH2App({
    http2: { pingInterval: 50, pingTimeout: 100 },
    script: (only) => void (only.answersPings = false),
  });
  const answer = rejection(ask('/', { receiveTimeout: 'infinity' }));
  for (let index = 0; index < 4; index += 1) {
    const only = await peer(index);
    await only.readRequest();
    await clock.advance(50);
    await only.next('PING', { ack: false });
    await clock.advance(100);
  }
  expect(await answer).toMatchObject({ reason: 'ping_timeout', requestSent: true });
  expect(server.peers).toHaveLength(4);
});
