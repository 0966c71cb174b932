import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { get, request, type IncomingMessage, type RequestOptions } from 'node:http';
import type { ClientRequest } from 'node:http';
import { get as getSecure } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createAuthority, response, startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import axios, { AxiosError } from 'axios';
import got, { RequestError, TimeoutError } from 'got';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AdapterError, PoolTimeoutError, type Finch, type FinchAgents } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpProxy } from '../../../mint/test/support/http-proxy.ts';
import { startHttpServer, type Listener } from '../../../mint/test/support/http-server.ts';
import { createSocketPath } from '../../../mint/test/support/socket-path.ts';

async function textOf(message: IncomingMessage): Promise<string> {
  return Buffer.concat(await message.toArray()).toString();
}

/** The response of a GET by node:http. */
async function fetchText(url: string, agents: FinchAgents, options: RequestOptions = {}) {
  const [message] = (await once(get(url, { agent: agents.http, ...options }), 'response')) as [
    IncomingMessage,
  ];
  return textOf(message);
}

/** What a request fails with. */
function failure(asked: ClientRequest): Promise<Error> {
  return new Promise((resolve) => asked.once('error', resolve));
}

const echo: Listener = async (asked, answer) => {
  const body = await textOf(asked);
  const { method, url, headers } = asked;
  answer.end(JSON.stringify({ method, url, headers, body }));
};

/** Nothing is in use, and nothing is left in the agents. */
function idle(
  finch: Finch,
  agents: FinchAgents,
  connections = finch.getStats().idle,
): Promise<void> {
  return eventually(() => {
    expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0, idle: connections });
    for (const agent of [agents.http, agents.https]) {
      expect(agent.sockets).toEqual({});
      expect(agent.requests).toEqual({});
    }
  });
}

describe('node:http', () => {
  test('sends over the connections of a pool, which others use as well', async () => {
    await using server = await startHttpServer(echo);
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const agents = finch.agent();
    for (let count = 0; count < 3; count += 1) {
      expect(JSON.parse(await fetchText(`${server.url}/a?b`, agents))).toMatchObject({
        method: 'GET',
        url: '/a?b',
        headers: { connection: 'keep-alive' },
      });
      expect((await finch.get(server.url)).status).toBe(200);
    }
    await idle(finch, agents, 1);
    expect(server.connections).toBe(1);
  });

  test('counts a connection as in use until the response was read', async () => {
    await using server = await startHttpServer((_asked, answer) => answer.end('x'.repeat(1e6)));
    const finch = await startFinch();
    const agents = finch.agent();
    const [message] = (await once(get(server.url, { agent: agents.http }), 'response')) as [
      IncomingMessage,
    ];
    expect(finch.getStats()).toMatchObject({ inUse: 1 });
    expect(await textOf(message)).toHaveLength(1e6);
    await idle(finch, agents, 1);
  });

  test('waits in the queue of the pool, as many as it has room for', async () => {
    let under = 0;
    let most = 0;
    await using server = await startHttpServer(async (_asked, answer) => {
      under += 1;
      most = Math.max(most, under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      answer.end('x');
    });
    const finch = await startFinch({ pools: { default: { size: 2 } } });
    const agents = finch.agent();
    const all = Array.from({ length: 30 }, () => fetchText(server.url, agents));
    expect(await Promise.all(all)).toEqual(Array.from({ length: 30 }, () => 'x'));
    expect(most).toBeLessThanOrEqual(2);
    expect(server.connections).toBe(2);
    await idle(finch, agents, 2);
  });

  test('serves more requests at once than there are connections, again and again, also when those end', async () => {
    let count = 0;
    await using server = await startHttpServer((_asked, answer) => {
      count += 1;
      if (count % 5 === 0) answer.setHeader('connection', 'close');
      answer.end('x');
    });
    const finch = await startFinch({ pools: { default: { size: 2 } } });
    const agents = finch.agent();
    for (let round = 0; round < 5; round += 1) {
      const all = Array.from({ length: 30 }, () => fetchText(server.url, agents));
      expect(await Promise.all(all)).toEqual(Array.from({ length: 30 }, () => 'x'));
    }
    await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
    // Streams that are free stay in the agent, their connections in the pool.
    const free = Object.values(agents.http.freeSockets).flat();
    expect(free.length).toBeLessThanOrEqual(30);
    await finch.stopPool(server.url, { grace: 0 });
    await eventually(() => expect(agents.http.sockets).toEqual({}));
  });

  test('fails with PoolTimeoutError when none is free in time', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const agents = finch.agent({ checkoutTimeout: 20 });
    const first = get(server.url, { agent: agents.http }).on('error', () => {});
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    const error = await failure(get(server.url, { agent: agents.http }));
    expect(error).toBeInstanceOf(PoolTimeoutError);
    first.destroy();
    await idle(finch, agents, 0);
  });

  test('fails with the codes of Node.js where it has one', async () => {
    const server = await startHttpServer(echo);
    await server.close();
    const finch = await startFinch();
    const error = await failure(get(server.url, { agent: finch.agent().http }));
    expect(error).toBeInstanceOf(AdapterError);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', cause: { code: 'ERR_FINCH_CONNECT' } });
  });

  test('closes the connection of a request that is destroyed, and frees its place', async () => {
    await using server = await startHttpServer((_asked, answer) => answer.write('first'));
    const finch = await startFinch();
    const agents = finch.agent();
    const asked = get(server.url, { agent: agents.http });
    const [message] = (await once(asked, 'response')) as [IncomingMessage];
    message.on('error', () => {});
    asked.destroy();
    await idle(finch, agents, 0);
  });

  test('a request that is destroyed in the queue ends at once, and leaves the queue', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const agents = finch.agent();
    const first = get(server.url, { agent: agents.http }).on('error', () => {});
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    const second = get(server.url, { agent: agents.http });
    const third = get(server.url, { agent: agents.http, signal: AbortSignal.timeout(20) });
    const failed = Promise.all([failure(second), failure(third)]);
    await eventually(() => expect(finch.getStats().queued).toBe(2));
    second.destroy(new Error('too late'));
    expect(await failed).toMatchObject([{ message: 'too late' }, { code: 'ABORT_ERR' }]);
    await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 1, queued: 0 }));
    first.destroy();
    await idle(finch, agents, 0);
    expect(server.connections).toBe(1);
  });

  test('ends with the process that made the request: in the queue and on its connection', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const agents = finch.agent();
    const errors: unknown[] = [];
    const hang = () => {
      get(server.url, { agent: agents.http }).on('error', (error) => errors.push(error));
      return new Promise<void>(() => {});
    };
    const first = spawn(hang);
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    const second = spawn(hang);
    await eventually(() => expect(finch.getStats().queued).toBe(1));
    exit(second, 'kill');
    await eventually(() => expect(finch.getStats().queued).toBe(0));
    exit(first, 'kill');
    await idle(finch, agents, 0);
    await eventually(() => expect(errors).toHaveLength(2));
  });

  test('closes connections when the server wants it, and by the idle time of the pool', async () => {
    await using server = await startHttpServer((asked, answer) => {
      if (asked.url === '/close') answer.setHeader('connection', 'close');
      answer.end('x');
    });
    const finch = await startFinch({ pools: { default: { connMaxIdleTime: 30 } } });
    const agents = finch.agent();
    expect(await fetchText(`${server.url}/close`, agents)).toBe('x');
    await idle(finch, agents, 0);
    expect(await fetchText(server.url, agents)).toBe('x');
    await idle(finch, agents, 0);
    expect(server.connections).toBe(2);
  });

  test('keeps no connection that the server is about to close', async () => {
    await using server = await startHttpServer((asked, answer) => {
      answer.setHeader('keep-alive', `timeout=${asked.url?.slice(1)}`).end('x');
    });
    server.server.keepAliveTimeout = 0;
    const finch = await startFinch();
    const agents = finch.agent();
    for (const [seconds, kept] of [
      [5, 1],
      [2, 0],
      [0, 0],
    ] as const) {
      expect(await fetchText(`${server.url}/${seconds}`, agents)).toBe('x');
      await idle(finch, agents, kept);
    }
  });

  test('sends `connection: close` where a request says so', async () => {
    await using server = await startHttpServer(echo);
    const finch = await startFinch();
    const agents = finch.agent();
    const text = await fetchText(server.url, agents, { headers: { connection: 'close' } });
    expect(JSON.parse(text)).toMatchObject({ headers: { connection: 'close' } });
    await idle(finch, agents, 0);
  });

  test('sends a body as fast as the server takes it', async () => {
    await using server = await startHttpServer(async (asked, answer) => {
      let size = 0;
      for await (const piece of asked) size += (piece as Buffer).length;
      answer.end(String(size));
    });
    const finch = await startFinch();
    const agents = finch.agent();
    const asked = request(server.url, { agent: agents.http, method: 'POST' });
    Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100_000))).pipe(asked);
    const [message] = (await once(asked, 'response')) as [IncomingMessage];
    expect(await textOf(message)).toBe('10000000');
    await idle(finch, agents, 1);
  });

  test('hands the socket of an upgrade over, in use until it is closed', async () => {
    await using server = await startHttpServer(() => {});
    server.server.on('upgrade', (_asked, socket) => {
      socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const finch = await startFinch();
    const agents = finch.agent();
    const headers = { connection: 'upgrade', upgrade: 'echo' };
    const asked = get(server.url, { agent: agents.http, headers });
    const [, socket] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket];
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    expect(finch.getStats()).toMatchObject({ inUse: 1 });
    socket.destroy();
    await idle(finch, agents, 0);
  });

  test('times a silent request out, and tells of the socket what a socket tells', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch();
    const agents = finch.agent();
    const asked = get(server.url, { agent: agents.http, timeout: 20 });
    asked.on('error', () => {});
    const [socket] = (await once(asked, 'socket')) as [Socket];
    await eventually(() => expect(socket).toMatchObject({ remotePort: server.port }));
    await once(asked, 'timeout');
    asked.destroy();
    await idle(finch, agents, 0);
  });

  test('calls back in the async context of the request, also for one that had to wait', async () => {
    await using server = await startHttpServer((_asked, answer) => answer.end('x'));
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const agents = finch.agent();
    const storage = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        storage.run(
          id,
          () =>
            new Promise<unknown>((resolve) => {
              get(server.url, { agent: agents.http }, (message) => {
                message.resume().on('end', () => resolve(storage.getStore()));
              });
            }),
        ),
      ),
    );
    expect(seen).toEqual([1, 2, 3]);
    await idle(finch, agents, 1);
  });

  test('speaks over TLS by the options of the pool, and through a Unix socket', async () => {
    const authority = createAuthority();
    const tls = authority.issue(['localhost']);
    using socket = createSocketPath();
    const { path } = socket;
    await using secure = await startHttpServer((_asked, answer) => answer.end('secure'), { tls });
    await using _local = await startHttpServer((_asked, answer) => answer.end('local'), { path });
    const finch = await startFinch({
      pools: { '#api': { connOpts: { tls: { ca: authority.ca } } } },
    });
    const agents = finch.agent({ poolTag: 'api' });
    for (let count = 0; count < 2; count += 1) {
      const asked = getSecure(secure.url, { agent: agents.https });
      const [message] = (await once(asked, 'response')) as [IncomingMessage];
      expect(message.socket).toMatchObject({ encrypted: true, authorized: true });
      expect(await textOf(message)).toBe('secure');
    }
    expect(secure.connections).toBe(1);
    expect(await fetchText('http://localhost/', agents, { socketPath: path })).toBe('local');
    await idle(finch, agents, 2);
    const strange = getSecure(secure.url, { agent: finch.agent().https });
    const error = await failure(strange);
    expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  test.each([
    ['rejectUnauthorized', { rejectUnauthorized: false }],
    ['ca', { ca: 'pem' }],
    ['checkServerIdentity', { checkServerIdentity: () => undefined }],
    ['localAddress', { localAddress: '127.0.0.1' }],
    ['family', { family: 6 }],
  ])('refuses %s of a request, which is an option of the pool', async (option, options) => {
    const finch = await startFinch();
    const asked = getSecure('https://localhost:1', { agent: finch.agent().https, ...options });
    const error = await failure(asked);
    expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option });
  });

  test('refuses a pool that speaks HTTP/2, and one whose proxy forwards requests', async () => {
    await using server = await startHttpServer(echo, { http2: {} });
    await using proxy = await startHttpProxy();
    const finch = await startFinch({
      pools: {
        [server.url]: { protocols: ['http2'] },
        'http://forwarded.test': { connOpts: { proxy: { url: proxy.url } } },
      },
    });
    const agents = finch.agent();
    for (const url of [server.url, 'http://forwarded.test']) {
      const error = await failure(get(url, { agent: agents.http }));
      expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option: 'pool' });
    }
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('ends what is under way when the agent is destroyed', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch();
    const agents = finch.agent();
    const asked = get(server.url, { agent: agents.http });
    const failed = once(asked, 'error');
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    agents.http.destroy();
    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
    await idle(finch, agents, 0);
  });

  test('closes a connection on which bytes came that belong to no response', async () => {
    const idling = Promise.withResolvers<void>();
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(response('x'));
      await idling.promise;
      await peer.write(response('for the next one'));
    });
    const finch = await startFinch();
    const agents = finch.agent();
    expect(await fetchText(server.url, agents)).toBe('x');
    await idle(finch, agents, 1);
    idling.resolve();
    await idle(finch, agents, 0);
  });
});

describe('axios', () => {
  async function start(listener: Listener) {
    const server = await startHttpServer(listener);
    onTestFinished(() => server.close());
    const finch = await startFinch({ pools: { default: { size: 2 } } });
    const agents = finch.agent();
    const client = axios.create({
      baseURL: server.url,
      httpAgent: agents.http,
      httpsAgent: agents.https,
      proxy: false,
    });
    return { server, finch, agents, client };
  }

  test('gets, posts, follows redirects, uploads streams and reads streams', async () => {
    const { finch, agents, client, server } = await start((asked, answer) => {
      if (asked.url === '/from') return answer.writeHead(302, { location: '/to' }).end();
      return echo(asked, answer);
    });
    expect((await client.get('/users', { params: { page: 1 } })).data).toMatchObject({
      url: '/users?page=1',
    });
    expect((await client.post('/users', { name: 'Ada' })).data).toMatchObject({
      body: '{"name":"Ada"}',
    });
    expect((await client.get('/from')).data).toMatchObject({ url: '/to' });
    expect((await client.put('/up', Readable.from(['a', 'b']))).data).toMatchObject({ body: 'ab' });
    const { data } = await client.get<Readable>('/down', { responseType: 'stream' });
    expect(JSON.parse((await data.toArray()).join(''))).toMatchObject({ url: '/down' });
    // Axios destroys the response that redirects, and so its connection.
    await idle(finch, agents);
    expect(server.connections).toBeLessThanOrEqual(3);
  });

  test('frees the connection of a request that is cancelled, that times out, or is too large', async () => {
    const { finch, agents, client } = await start((asked, answer) => {
      if (asked.url === '/large') answer.end('x'.repeat(100_000));
    });
    const cancelled = client.get('/', { signal: AbortSignal.timeout(20) });
    await expect(cancelled).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await expect(client.get('/', { timeout: 20 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const large = client.get('/large', { maxContentLength: 1000 });
    await expect(large).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    await idle(finch, agents, 0);
  });

  test('fails with an AxiosError whose code is that of Node.js', async () => {
    const { client, server } = await start(echo);
    await server.close();
    const error: unknown = await client.get('/').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AxiosError);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('survives a server that closes connections at will', async () => {
    let count = 0;
    const { finch, agents, client } = await start((asked, answer) => {
      count += 1;
      if (count % 3 === 0) answer.setHeader('connection', 'close');
      if (count % 7 === 0) asked.socket.destroy();
      else answer.end('x');
    });
    const all = await Promise.allSettled(Array.from({ length: 100 }, () => client.get('/')));
    const reasons = all.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    );
    expect(reasons).toHaveLength(14);
    for (const reason of reasons) expect(reason).toMatchObject({ code: 'ECONNRESET' });
    await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
    expect(agents.http.sockets).toEqual({});
  });
});

describe('got', () => {
  async function start(listener: Listener) {
    const server = await startHttpServer(listener);
    onTestFinished(() => server.close());
    const finch = await startFinch({ pools: { default: { size: 2 } } });
    const agents = finch.agent();
    const client = got.extend({ prefixUrl: server.url, agent: agents, retry: { limit: 0 } });
    return { server, finch, agents, client };
  }

  test('gets, posts, follows redirects and reads streams', async () => {
    const { finch, agents, client, server } = await start((asked, answer) => {
      if (asked.url === '/from') return answer.writeHead(302, { location: '/to' }).end();
      return echo(asked, answer);
    });
    const found = await client('users', { searchParams: { page: 1 } }).json();
    expect(found).toMatchObject({ url: '/users?page=1' });
    const posted = await client.post('users', { json: { name: 'Ada' } }).json();
    expect(posted).toMatchObject({ body: '{"name":"Ada"}' });
    expect(await client('from').json()).toMatchObject({ url: '/to' });
    const streamed = (await client.stream('down').toArray()).join('');
    expect(JSON.parse(streamed)).toMatchObject({ url: '/down' });
    await idle(finch, agents, server.connections);
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('retries by the codes of Node.js and by status', async () => {
    let count = 0;
    const { finch, client } = await start((asked, answer) => {
      count += 1;
      if (count === 1) asked.socket.destroy();
      else if (count === 2) answer.writeHead(503).end();
      else answer.end('x');
    });
    const retry = {
      limit: 2,
      calculateDelay: ({ computedValue }: { computedValue: number }) => Math.min(computedValue, 1),
    };
    expect(await client('', { retry }).text()).toBe('x');
    expect(count).toBe(3);
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('frees the connection of a request that times out or is cancelled', async () => {
    let asked = 0;
    const { finch, agents, client } = await start(() => void (asked += 1));
    // Its time begins when the request has been sent.
    await expect(client('', { timeout: { response: 30 } })).rejects.toBeInstanceOf(TimeoutError);
    const before = asked;
    const controller = new AbortController();
    const cancelled = client('', { signal: controller.signal }).catch((error: unknown) => error);
    await eventually(() => expect(asked).toBe(before + 1));
    controller.abort();
    expect(await cancelled).toBeInstanceOf(RequestError);
    await idle(finch, agents, 0);
  });
});

test('the handler of the AWS SDK sends through it', async () => {
  await using server = await startHttpServer(echo);
  const finch = await startFinch();
  const agents = finch.agent();
  const handler = new NodeHttpHandler({ httpAgent: agents.http, httpsAgent: agents.https });
  const asked = {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: server.port,
    method: 'PUT',
    path: '/bucket/key',
    query: {},
    headers: { 'content-length': '4' },
    body: 'body',
  };
  const { response: answer } = await handler.handle(asked as never);
  expect(answer.statusCode).toBe(200);
  expect(JSON.parse(await textOf(answer.body as IncomingMessage))).toMatchObject({ body: 'body' });
  await idle(finch, agents, 1);
  handler.destroy();
});
