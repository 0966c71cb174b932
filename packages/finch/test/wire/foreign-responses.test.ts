/** A server that answers more than it was asked: nobody is given what nobody asked for. */
import { createAuthority, response, startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer, ScriptedServer } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';

const repetitions = 30;

const foreignResponses: Record<string, (peer: Http1Peer) => unknown> = {
  'a 200': (peer) => peer.write(response('foreign')),
  'a 408 and its end': async (peer) => {
    await peer.write(response('foreign', ['connection: close'], '408 Request Timeout'));
    peer.end();
  },
};

/** How many turns of the event loop lie between the response and the foreign one. */
const moments = { 'at once': 0, 'after a turn': 1, 'after two turns': 2 } as const;

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise(setImmediate);
}

interface World {
  readonly finch: Finch;
  readonly url: string;
  readonly server: ScriptedServer<Http1Peer>;
  /** The paths that were asked for, in order. */
  readonly asked: readonly string[];
}

/** Answers each request with its path, and `/first` in a way of its own; one connection at a time. */
async function start(
  first: (peer: Http1Peer, path: string) => unknown,
  secure = false,
): Promise<World> {
  const authority = secure ? createAuthority() : undefined;
  const asked: string[] = [];
  const server = await startHttp1Server(
    async (peer) => {
      peer.socket.setNoDelay(true);
      for (;;) {
        const { target: path } = await peer.readRequest();
        asked.push(path);
        if (path.startsWith('/first')) await first(peer, path);
        else await peer.write(response(path));
      }
    },
    authority && { tls: authority.issue(['127.0.0.1']) },
  );
  onTestFinished(() => server.close().catch(() => {}));
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${server.port}`;
  const connOpts = authority && { tls: { ca: authority.ca } };
  const { finch } = await startApp({
    pools: [[Pool.new(url), { size: 1, ...(connOpts && { connOpts }) }]],
  });
  return { finch, url, server, asked };
}

describe.each(Object.keys(foreignResponses))('%s that nobody asked for', (name) => {
  const foreign = foreignResponses[name] as (peer: Http1Peer) => unknown;

  describe.each(Object.entries(moments))('%s', (_moment, count) => {
    test.each([
      ['GET', 'http'],
      ['POST', 'http'],
      ['GET', 'https'],
      ['POST', 'https'],
    ])(
      'never answers the %s over %s that waits for the connection [W19]',
      async (method, scheme) => {
        const answer = async (peer: Http1Peer, path: string): Promise<void> => {
          void peer.write(response(path));
          await turns(count);
          await foreign(peer);
        };
        const { finch, url, asked } = await start(answer, scheme === 'https');
        const body = method === 'POST' ? 'body' : null;
        for (let index = 0; index < repetitions; index += 1) {
          const first = finch.get(`${url}/first${index}`);
          const second = finch.request(Finch.build(method, `${url}/second${index}`, null, body));
          expect((await first).text()).toBe(`/first${index}`);
          expect((await second).text()).toBe(`/second${index}`);
        }
        // Each was sent once.
        expect(asked).toHaveLength(2 * repetitions);
      },
    );
  });
});

test('all who wait are served on other connections [W19]', async () => {
  const { finch, url, asked } = await start(async (peer, path) => {
    void peer.write(response(path) + response('foreign').repeat(20));
  });
  const paths = Array.from(
    { length: 40 },
    (_, index) => `/${index % 2 ? 'first' : 'other'}${index}`,
  );
  const answers = await Promise.all(paths.map((path) => finch.get(url + path)));
  expect(answers.map((answer) => answer.text())).toEqual(paths);
  expect(asked.toSorted()).toEqual(paths.toSorted());
});

test('what an upload that waits would send is not begun on such a connection [W19]', async () => {
  const { finch, url, asked } = await start(async (peer, path) => {
    void peer.write(response(path));
    await turns(1);
    await peer.write(response('foreign'));
  });
  const first = finch.get(`${url}/first`);
  const pieces = (function* () {
    yield 'one ';
    yield 'two';
  })();
  const second = finch.post(`${url}/second`, pieces, { headers: { 'content-length': '7' } });
  expect((await first).text()).toBe('/first');
  expect((await second).text()).toBe('/second');
  expect(asked).toEqual(['/first', '/second']);
});

test.each([
  ['a HEAD with a body', 'HEAD', `HTTP/1.1 200 OK\r\ncontent-length: 44\r\n\r\n${response('x')}`],
  ['a 204 with a body', 'GET', `HTTP/1.1 204 No Content\r\n\r\n${response('x')}`],
  [
    'a 304 with a body',
    'GET',
    `HTTP/1.1 304 Not Modified\r\ncontent-length: 39\r\n\r\n${response('x')}`,
  ],
  [
    'a body longer than its length',
    'GET',
    `HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n${response('x')}`,
  ],
  ['an interim response', 'GET', `${response('')}HTTP/1.1 103 Early Hints\r\n\r\n`],
  ['a line break', 'GET', `${response('')}\r\n`],
])('%s does not answer the next request [W19]', async (_what, method, bytes) => {
  const { finch, url } = await start((peer) => peer.write(bytes));
  for (let index = 0; index < 5; index += 1) {
    const first = finch.request(Finch.build(method, `${url}/first${index}`));
    const second = finch.post(`${url}/second${index}`, 'body');
    await first;
    expect((await second).text()).toBe(`/second${index}`);
  }
});

test('a lease tells that its connection ended, and nothing was sent [W19]', async () => {
  const { finch, url, asked } = await start(async (peer, path) => {
    void peer.write(response(path) + response('foreign'));
  });
  await using lease = await finch.checkout(url);
  expect((await lease.request('/first')).text()).toBe('/first');
  expect(await rejection(lease.request('/second'))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  expect(asked).toEqual(['/first']);
});
