/** A server that ends its connections without saying so: no request is lost, and none is sent twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createAuthority, response, startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer } from '@linnet/mint/testing';
import { eventually, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';

const callers = 60;
const requestsOfEach = 5;

interface World {
  readonly finch: Finch;
  readonly url: string;
  /** The requests that came, by the connection on which they came. */
  readonly heads: readonly (readonly string[])[];
}

async function start(
  answer: (peer: Http1Peer, served: number) => unknown,
  { size = 1, secure = false }: { readonly size?: number; readonly secure?: boolean } = {},
): Promise<World> {
  const authority = secure ? createAuthority() : undefined;
  const heads: string[][] = [];
  const server = await startHttp1Server(
    async (peer, index) => {
      const mine: string[] = (heads[index] = []);
      for (;;) {
        const request = await peer.readRequest().catch(() => undefined);
        if (request === undefined) return;
        mine.push(request.text);
        await answer(peer, mine.length);
      }
    },
    authority && { tls: authority.issue(['127.0.0.1']) },
  );
  onTestFinished(() => server.close());
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${server.port}`;
  const connOpts = authority && { tls: { ca: authority.ca } };
  const { finch } = await startApp({
    pools: [[Pool.new(url), { size, ...(connOpts && { connOpts }) }]],
  });
  return { finch, url, heads };
}

/** Many callers, each of which makes one request after the other. */
async function ask(finch: Finch, url: string, method = 'GET'): Promise<void> {
  const body = method === 'POST' ? 'body' : null;
  const statuses: number[] = [];
  const caller = async (_: unknown, number: number): Promise<void> => {
    for (let index = 0; index < requestsOfEach; index += 1) {
      const target = `${url}/${number}/${index}`;
      const request = Finch.build(method, target, null, body);
      // How long the others take is not what is tested.
      statuses.push((await finch.request(request, { poolTimeout: 'infinity' })).status);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  expect(statuses).toEqual(Array.from({ length: callers * requestsOfEach }, () => 200));
}

const ends: Record<string, (peer: Http1Peer) => unknown> = {
  'with FIN, together with the response': (peer) => peer.socket.end(response('bye'), 'latin1'),
  'with FIN, a turn after the response': async (peer) => {
    void peer.write(response('bye'));
    await new Promise(setImmediate);
    peer.end();
  },
  'by destroying the socket': async (peer) => {
    await peer.write(response('bye'));
    peer.socket.destroy();
  },
  'with RST, a turn after the response': async (peer) => {
    void peer.write(response('bye'));
    await new Promise(setImmediate);
    peer.resetConnection();
  },
};

const orderlyEnds = Object.entries(ends).filter(([how]) => !how.includes('RST'));

describe.each(Object.entries(ends))('a server that ends each connection %s', (_how, end) => {
  test.each([3, 5, 20])(
    'has every request of 60 callers once, with size %i [W20]',
    async (size) => {
      const { finch, url, heads } = await start(end, { size });
      await ask(finch, url);
      expect(heads.flat()).toHaveLength(callers * requestsOfEach);
      expect(heads.every((mine) => mine.length <= 1)).toBe(true);
    },
  );

  test('has every POST once [W20]', async () => {
    const { finch, url, heads } = await start(end, { size: 5 });
    await ask(finch, url, 'POST');
    expect(heads.flat()).toHaveLength(callers * requestsOfEach);
  });
});

test.each(orderlyEnds)('and so does one over TLS, %s [W20]', async (_how, end) => {
  const { finch, url, heads } = await start(end, { size: 5, secure: true });
  await ask(finch, url, 'POST');
  expect(heads.flat()).toHaveLength(callers * requestsOfEach);
});

test('a server of another process that ends each connection loses no GET [W20]', async () => {
  // Half of it ends together with the response, half after a moment: what crosses is sent again.
  const code = `
    let served = 0;
    const server = require('node:net').createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        served += 1;
        socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 3\\r\\n\\r\\nbye');
        if (served % 2) socket.end();
        else setImmediate(() => socket.end());
      });
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    process.stdin.on('end', () => console.log('served ' + served)).on('close', () => process.exit()).resume();
  `;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child.stdout, 'data');
  const url = `http://127.0.0.1:${Number(said)}`;
  const { finch } = await startApp({ pools: [[Pool.new(url), { size: 5 }]] });
  await ask(finch, url);
  child.stdin.end();
  await once(child, 'close');
  expect(said).toContain(`served ${callers * requestsOfEach}`);
});

test('what crossed the end is sent once more, on a fresh connection, as often as that happens [W20]', async () => {
  // Each connection answers once, and ends when the next request has come.
  const { finch, url, heads } = await start(async (peer, served) => {
    if (served === 1) await peer.write(response('once'));
    else peer.socket.destroy();
  });
  for (let index = 0; index < 10; index += 1) {
    expect((await finch.get(`${url}/${index}`)).text()).toBe('once');
  }
  // Of the second request on: each crossed an end, and then had a connection of its own.
  expect(heads.flat()).toHaveLength(1 + 9 * 2);
});

test('a POST that crossed the end is not sent again [W20]', async () => {
  const { finch, url, heads } = await start(async (peer, served) => {
    if (served === 1) await peer.write(response('once'));
    else peer.socket.destroy();
  });
  await finch.get(url);
  expect(await rejection(finch.post(url, 'body'))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
    reused: true,
    requestSent: true,
  });
  expect(heads.flat()).toHaveLength(2);
});

test('a server that ends new connections, too, fails a request after one more attempt [W20]', async () => {
  let answers = 1;
  const { finch, url, heads } = await start(async (peer) => {
    if (answers-- > 0) await peer.write(response('once'));
    else peer.socket.destroy();
  });
  await finch.get(url);
  expect(await rejection(finch.get(url))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
    reused: false,
  });
  expect(heads.flat()).toHaveLength(3);
});

test('poolTimeout holds for those who wait for such a server, and who has waited has less left [W20]', async () => {
  const clock = new TestClock().install(onTestFinished);
  const held: Http1Peer[] = [];
  const { finch, url } = await start((peer) => void held.push(peer));
  const bye = async (index: number): Promise<void> => {
    await eventually(() => expect(held).toHaveLength(index + 1));
    held[index]?.socket.end(response('bye'), 'latin1');
  };
  const first = finch.get(url);
  const second = finch.get(url, { poolTimeout: 1000 });
  const third = rejection(finch.get(url, { poolTimeout: 1000 }));
  await clock.advance(900);
  await bye(0);
  expect((await first).text()).toBe('bye');
  // The second one has a connection of its own from here on, and the third one waits on.
  await eventually(() => expect(held).toHaveLength(2));
  await clock.advance(100);
  expect(await third).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT', limit: 1000 });
  await bye(1);
  expect((await second).text()).toBe('bye');
});
