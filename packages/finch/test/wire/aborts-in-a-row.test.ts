/** Many requests given up on one HTTP/2 connection: servers end connections for that, with all that is on them. */
import type { ServerHttp2Stream } from 'node:http2';
import { createServer, type ServerHttp2Session } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Pool, type Finch } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { shardOf } from '../support/pool-app.ts';
import { recordEvents } from '../support/record-events.ts';

const aborts = 2000;

/** For what waits until all the others are given up, however long that takes. */
const patient = { receiveTimeout: 'infinity' } as const;

interface World {
  readonly finch: Finch;
  readonly url: string;
  readonly key: string;
  /** How many connections were opened. */
  readonly connections: () => number;
  /** Answers what waits at `/held`. */
  release(): void;
}

/** A server of node:http2 with the guards it has by default, over TCP. */
async function start(size = 1): Promise<World> {
  const held: ServerHttp2Stream[] = [];
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  const server = createServer();
  server.on('session', (session) => {
    connections += 1;
    sessions.add(session);
    session.on('error', () => {}).on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const path = headers[':path'] ?? '';
    if (path === '/never') return;
    if (path === '/endless') {
      stream.respond({ ':status': 200 });
      stream.write('x'.repeat(1000));
    } else if (path === '/held') {
      held.push(stream);
    } else {
      stream.respond({ ':status': 200 });
      stream.end(path);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = Pool.new(url);
  const { finch } = await startApp({ pools: [[pool, { protocols: ['http2'], size }]] });
  return {
    finch,
    url,
    key: pool.key,
    connections: () => connections,
    release: () => {
      for (const stream of held.splice(0)) {
        stream.respond({ ':status': 200 });
        stream.end('released');
      }
    },
  };
}

/** Gives a request up before its head, or in the midst of its body. */
const ways: Record<string, (world: World) => Promise<void>> = {
  'before the head': async ({ finch, url }) => {
    const controller = new AbortController();
    const answer = rejection(finch.get(`${url}/never`, { signal: controller.signal }));
    // It has left, and the server has it.
    await finch.get(`${url}/alive`);
    controller.abort();
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
  },
  'in the midst of the body': async ({ finch, url }) => {
    const response = await finch.open(`${url}/endless`);
    response.cancel();
  },
  'by leaving the loop over the body': async ({ finch, url }) => {
    const { body } = await finch.open(`${url}/endless`);
    for await (const _ of body) break;
  },
};

test.each(Object.entries(ways))(
  'of 2,000 requests given up %s, none ends an innocent one [W18]',
  async (_way, giveUp) => {
    const world = await start();
    const { finch, url, key, connections, release } = world;
    const innocent = finch.get(`${url}/held`, patient);
    for (let index = 0; index < aborts; index += 50) {
      for (let given = 0; given < 50; given += 1) await giveUp(world);
      expect((await finch.get(`${url}/${index}`)).text()).toBe(`/${index}`);
    }
    release();
    expect((await innocent).text()).toBe('released');
    // Moved on to new connections, not to one for each.
    expect(connections()).toBeGreaterThan(1);
    expect(connections()).toBeLessThan(8);
    await eventually(() => expect(shardOf(finch, key).figures).toMatchObject({ inFlight: 0 }));
  },
);

test('requests given up in the turn in which they were begun cost no connection [W18]', async () => {
  const { finch, url, connections } = await start();
  await finch.get(`${url}/first`);
  const controller = new AbortController();
  const { signal } = controller;
  const answers = Array.from({ length: 90 }, () =>
    rejection(finch.get(`${url}/never`, { signal })),
  );
  controller.abort();
  for (const error of await Promise.all(answers)) {
    expect(error).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
  }
  expect((await finch.get(`${url}/last`)).text()).toBe('/last');
  expect(connections()).toBe(1);
});

test('2,000 requests that are under way, given up at once, end no innocent one [W18]', async () => {
  const { finch, url, release } = await start();
  await finch.get(`${url}/first`);
  const innocent = finch.get(`${url}/held`, patient);
  const controller = new AbortController();
  const { signal } = controller;
  const answers = Array.from({ length: 2000 }, () =>
    rejection(finch.get(`${url}/never`, { signal })),
  );
  await finch.get(`${url}/alive`);
  controller.abort();
  await Promise.all(answers);
  expect((await finch.get(`${url}/last`)).text()).toBe('/last');
  release();
  expect((await innocent).text()).toBe('released');
});

test('responses that come before the body was sent count as such, too [W18]', async () => {
  const { finch, url, connections } = await start();
  const innocent = Array.from({ length: 20 }, (_, index) => finch.get(`${url}/before${index}`));
  for (let index = 0; index < 1000; index += 1) {
    // The server answers at once and does not wait for the end of the body.
    const pieces = (async function* () {
      yield 'piece';
      await new Promise(() => {});
    })();
    expect((await finch.post(`${url}/${index}`, pieces)).text()).toBe(`/${index}`);
  }
  expect((await Promise.all(innocent)).every(({ status }) => status === 200)).toBe(true);
  expect(connections()).toBeGreaterThan(1);
});

test('a connection that was given up for that says so, and what is on it goes on [W18]', async () => {
  const world = await start();
  const events = recordEvents(['connection.draining', 'connection.closed']);
  const innocent = world.finch.get(`${world.url}/held`, patient);
  for (let index = 0; index < 450; index += 1) {
    await (ways['in the midst of the body'] as (typeof ways)[string])(world);
  }
  expect(events.of('connection.draining')).toHaveLength(1);
  expect(events.of('connection.closed')).toHaveLength(0);
  world.release();
  expect((await innocent).text()).toBe('released');
  await eventually(() => expect(events.of('connection.closed')).toHaveLength(1));
});
