/**
 * `finch.agent()` beside an Agent of Node.js that keeps connections alive: the events of a request in
 * their order, and what callers, axios and got get to see, against the same server.
 */
import { once } from 'node:events';
import {
  createServer,
  request as ask,
  type Agent,
  type ClientRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as NodeAgent, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { eventually } from '@linnet/otp/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import axios from 'axios';
import got from 'got';
import { describe, expect, test } from 'vitest';
import { startFinch } from '../support/finch.ts';

interface Place {
  readonly url: string;
  readonly agent: Agent;
  /** `url` of a server that has gone. */
  readonly gone: string;
}

/** Runs a case by an Agent of Node.js and by one of Finch, and expects the same. */
async function expectSame(
  run: (place: Place) => unknown,
  listen: (server: Server) => void = echo,
): Promise<void> {
  const agent = new NodeAgent({ keepAlive: true });
  const expected = await against(agent, run, listen);
  agent.destroy();
  const finch = await startFinch();
  const { http } = finch.agent();
  const actual = await against(http, run, listen);
  expect(actual).toEqual(expected);
  await eventually(() => {
    expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 });
    expect([http.sockets, http.requests]).toEqual([{}, {}]);
  });
  http.destroy();
}

async function against(
  agent: Agent,
  run: (place: Place) => unknown,
  listen: (server: Server) => void,
): Promise<unknown> {
  const server = createServer();
  server.keepAliveTimeout = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  listen(server);
  server.listen(0, '127.0.0.1');
  const other = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(other, 'listening')]);
  const { port } = server.address() as AddressInfo;
  const { port: gonePort } = other.address() as AddressInfo;
  await new Promise((resolve) => other.close(resolve));
  const [url, gone] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${gonePort}`];
  try {
    const outcome = await Promise.resolve(run({ url, agent, gone })).catch(failure);
    return JSON.parse(
      JSON.stringify(outcome ?? null)
        .replaceAll(`:${port}`, ':PORT')
        .replaceAll(`:${gonePort}`, ':GONE'),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function failure(error: unknown): unknown {
  const { name, code, message } = error as Error & { code?: unknown };
  // What has a code is told by that: messages of Finch are its own.
  return code === undefined ? { name, message } : { code };
}

function echo(server: Server): void {
  const answerTo = async (request: IncomingMessage): Promise<string> => {
    const body = await text(request);
    const { method, url, headers } = request;
    return JSON.stringify({ method, url, headers, body });
  };
  server.on('request', (request, answer) => {
    answer.setHeader('date', 'now');
    void answerTo(request).then(
      (body) => answer.end(body),
      () => {},
    );
  });
}

/** The events of a request, of its response and of its socket, in order. */
function events(asked: ClientRequest): { readonly seen: string[]; readonly closed: Promise<void> } {
  const seen: string[] = [];
  for (const name of [
    'socket',
    'continue',
    'information',
    'upgrade',
    'connect',
    'abort',
    'timeout',
    'finish',
    'close',
  ] as const) {
    asked.on(name, () => seen.push(name));
  }
  asked.on('error', (error) => seen.push(`error ${JSON.stringify(failure(error))}`));
  asked.on('response', (response: IncomingMessage) => {
    seen.push(`response ${response.statusCode}`);
    for (const name of ['end', 'aborted', 'close'] as const)
      response.on(name, () => seen.push(`response ${name}`));
    response.on('error', (error) => seen.push(`response error ${JSON.stringify(failure(error))}`));
    response.resume();
  });
  const closed = new Promise<void>((resolve) => asked.on('close', () => setImmediate(resolve)));
  return { seen, closed };
}

/** The events of a request that was made so. */
async function eventsOf(
  { url, agent }: Pick<Place, 'url' | 'agent'>,
  options: RequestOptions = {},
  act: (asked: ClientRequest) => unknown = (asked) => asked.end(),
): Promise<readonly string[]> {
  const asked = ask(url, { agent, ...options });
  const { seen, closed } = events(asked);
  await act(asked);
  await closed;
  return seen;
}

const silent = (server: Server): void => void server.on('request', () => {});
const half = (server: Server): void =>
  void server.on('request', (_request, answer) =>
    answer.writeHead(200, { 'content-length': 10 }).write('half'),
  );

describe('the events of a request', () => {
  test('of a new connection, and of one that is used again', () =>
    expectSame(async (place) => [await eventsOf(place), await eventsOf(place)]));

  test('with a body', () =>
    expectSame((place) => eventsOf(place, { method: 'POST' }, (asked) => asked.end('text'))));

  test('with a body in pieces, each written when the one before is out', () =>
    expectSame((place) =>
      eventsOf(place, { method: 'POST' }, async (asked) => {
        for (const piece of ['a', 'b', 'c'])
          await new Promise((resolve) => asked.write(piece, resolve));
        asked.end();
      }),
    ));

  test('HEAD, 204 and 304', () =>
    expectSame(
      async (place) => [
        await eventsOf(place, { method: 'HEAD' }),
        await eventsOf({ ...place, url: `${place.url}/204` }),
        await eventsOf({ ...place, url: `${place.url}/304` }),
      ],
      (server) => {
        server.on('request', (request, answer) =>
          answer.writeHead(Number(request.url?.slice(1)) || 200).end(),
        );
      },
    ));

  test('informational responses', () =>
    expectSame(
      (place) => eventsOf(place),
      (server) => {
        server.on('request', (_request, answer) => {
          answer.writeProcessing();
          answer.writeEarlyHints({ link: '</a>' });
          answer.end('x');
        });
      },
    ));

  test('Expect: 100-continue', () =>
    expectSame((place) =>
      eventsOf(
        place,
        { method: 'POST', headers: { expect: '100-continue', 'content-length': 4 } },
        (asked) => {
          asked.on('continue', () => asked.end('text'));
          asked.flushHeaders();
        },
      ),
    ));

  test('an upgrade, and one that is refused', () =>
    expectSame(
      async (place) => {
        const headers = { connection: 'upgrade', upgrade: 'x' };
        const refused = await eventsOf({ ...place, url: `${place.url}/no` }, { headers });
        const upgraded = await eventsOf(place, { headers }, (asked) => {
          asked.on('upgrade', (_response, socket) => socket.end());
          asked.end();
        });
        return { refused, upgraded };
      },
      (server) => {
        server.on('upgrade', (request, socket) => {
          if (request.url === '/no')
            socket.end(
              'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
            );
          else
            socket.write(
              'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
            );
          socket.on('data', () => {}).on('end', () => socket.end());
        });
      },
    ));

  test('CONNECT', () =>
    expectSame(
      (place) =>
        eventsOf(place, { method: 'CONNECT', path: 'host:1' }, (asked) => {
          asked.on('connect', (_response, socket) => socket.end());
          asked.end();
        }),
      (server) => {
        server.on('connect', (_request, socket) => {
          socket.write('HTTP/1.1 200 Connected\r\n\r\n');
          socket.on('data', () => {}).on('end', () => socket.end());
        });
      },
    ));

  test('connection: close', () =>
    expectSame(async (place) => [
      await eventsOf(place, { headers: { connection: 'close' } }),
      await eventsOf(place),
    ]));

  test.each<[string, (server: Server) => void]>([
    ['at once', (server) => server.on('request', (request) => request.socket.destroy())],
    ['by a reset', (server) => server.on('request', (request) => request.socket.resetAndDestroy())],
    [
      'in the body',
      (server) =>
        server.on('request', (request, answer) => {
          answer
            .writeHead(200, { 'content-length': 10 })
            .write('half', () => request.socket.destroy());
        }),
    ],
    [
      'after the response',
      (server) =>
        server.on('request', (request, answer) => {
          answer.end('x', () => request.socket.end());
        }),
    ],
  ])('the server closes the connection %s', (_when, listen) =>
    expectSame((place) => eventsOf(place), listen),
  );

  test('a server that is not there', () =>
    expectSame(({ gone, agent }) => eventsOf({ url: gone, agent })));

  test.each<[string, RequestOptions, (asked: ClientRequest) => unknown, (server: Server) => void]>([
    ['before end', {}, (asked) => asked.destroy(), silent],
    [
      'at once',
      {},
      (asked) => {
        asked.end();
        asked.destroy();
      },
      silent,
    ],
    [
      'at once, for a reason',
      {},
      (asked) => {
        asked.end();
        asked.destroy(new RangeError('mine'));
      },
      silent,
    ],
    ['in `socket`', {}, (asked) => asked.on('socket', () => asked.destroy()).end(), silent],
    [
      'in `finish`',
      {},
      (asked) => asked.on('finish', () => setImmediate(() => asked.destroy())).end(),
      silent,
    ],
    ['in `response`', {}, (asked) => asked.on('response', () => asked.destroy()).end(), half],
    [
      'in the body',
      {},
      (asked) =>
        asked
          .on('response', (response) =>
            response.once('data', () => asked.destroy(new RangeError('mine'))),
          )
          .end(),
      half,
    ],
    [
      'after the end',
      {},
      (asked) =>
        asked.on('response', (response) => response.on('end', () => asked.destroy())).end(),
      echo,
    ],
    ['by abort()', {}, (asked) => asked.on('response', () => asked.abort()).end(), half],
    [
      'in the middle of its body',
      { method: 'POST' },
      (asked) => {
        asked.write('a', () => asked.destroy());
      },
      silent,
    ],
  ])('destroyed %s', (_when, options, act, listen) =>
    expectSame((place) => eventsOf(place, options, act), listen),
  );

  test('destroyed by a signal', () =>
    expectSame((place) => {
      const abort = new AbortController();
      return eventsOf(place, { signal: abort.signal }, (asked) =>
        asked.on('finish', () => setImmediate(() => abort.abort())).end(),
      );
    }, silent));

  // A stream without a handle of its own is closed a moment sooner: request and response in another order.
  test('destroyed by its response', () =>
    expectSame(
      async (place) =>
        (
          await eventsOf(place, {}, (asked) =>
            asked
              .on('response', (response) => response.once('data', () => response.destroy()))
              .end(),
          )
        ).toSorted(),
      half,
    ));

  test('timeout: as an option, and by setTimeout, of a silent server', () =>
    expectSame(async (place) => {
      const end = (asked: ClientRequest): void =>
        void asked.on('timeout', () => asked.destroy()).end();
      // The option may be over before the request is out.
      const byOption = await eventsOf(place, { timeout: 30 }, end);
      return [
        byOption.filter((name) => name !== 'finish'),
        await eventsOf(place, {}, (asked) => {
          asked.on('finish', () => asked.setTimeout(30));
          end(asked);
        }),
      ];
    }, silent));

  test('agent.destroy while a response comes', () =>
    expectSame(
      (place) =>
        eventsOf(place, {}, (asked) =>
          asked
            .on('response', (response) => response.once('data', () => place.agent.destroy()))
            .end(),
        ),
      half,
    ));
});

test('what a socket tells while a request has it', () =>
  expectSame(async ({ url, agent }) => {
    const asked = ask(url, { agent });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const { remoteAddress, remoteFamily, localAddress, destroyed, readable, writable, connecting } =
      response.socket;
    await text(response);
    return {
      remoteAddress,
      remoteFamily,
      localAddress,
      destroyed,
      readable,
      writable,
      connecting,
      reused: asked.reusedSocket,
    };
  }));

test('`reusedSocket` of the second request', () =>
  expectSame(async ({ url, agent }) => {
    const reused: boolean[] = [];
    for (let count = 0; count < 3; count += 1) {
      const asked = ask(url, { agent }).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      await text(response);
      await new Promise((resolve) => setImmediate(resolve));
      reused.push(asked.reusedSocket);
    }
    return reused;
  }));

describe('axios', () => {
  const client = ({ url, agent }: Place) =>
    axios.create({ baseURL: url, httpAgent: agent, proxy: false });
  const told = (error: unknown): unknown => {
    const { code, status } = error as { code?: string; status?: number };
    return { code, status };
  };

  test('methods, bodies, params, and statuses', () =>
    expectSame(async (place) => {
      const api = client(place);
      return Promise.all([
        api.get('/', { params: { a: [1, 2], b: 'c d' } }).then(({ data }) => data as unknown),
        api.post('/', { a: 1 }).then(({ data }) => data as unknown),
        api.put('/', new URLSearchParams({ a: '1' })).then(({ data }) => data as unknown),
        api.patch('/', Buffer.from('x')).then(({ data }) => data as unknown),
        api.delete('/', { data: 'x' }).then(({ data }) => data as unknown),
        api.head('/').then(({ status, data }) => [status, data as unknown]),
      ]);
    }));

  test('progress up and down', () =>
    expectSame(async (place) => {
      let [up, down] = [0, 0];
      await client(place).post('/', 'x'.repeat(100_000), {
        onUploadProgress: ({ loaded }) => void (up = loaded),
        onDownloadProgress: ({ loaded }) => void (down = Math.min(loaded, 100_000)),
      });
      return { up, down };
    }));

  test('limits of length and time, cancelling, and servers that are gone', () =>
    expectSame(
      async (place) => {
        const api = client(place);
        const abort = new AbortController();
        const cancelled = api.get('/never', { signal: abort.signal }).catch(told);
        setImmediate(() => abort.abort());
        return [
          await api.get('/long', { maxContentLength: 10 }).catch(told),
          await api.post('/long', 'x'.repeat(100), { maxBodyLength: 10 }).catch(told),
          await api.get('/never', { timeout: 30 }).catch(told),
          await cancelled,
          await api.get(place.gone).catch(told),
          await api.get('/500').catch(told),
          await api.get('/loop').catch(told),
          await api.get('/cut').catch(told),
        ];
      },
      (server) => {
        server.on('request', (request, answer) => {
          if (request.url === '/long') answer.end('x'.repeat(1000));
          else if (request.url === '/500') answer.writeHead(500).end();
          else if (request.url === '/loop') answer.writeHead(302, { location: '/loop' }).end();
          else if (request.url === '/cut')
            answer
              .writeHead(200, { 'content-length': 10 })
              .write('half', () => request.socket.destroy());
        });
      },
    ));

  test('streams, one of them left early', () =>
    expectSame(async (place) => {
      const api = client(place);
      const up = await api.post('/', Readable.from(['a', 'b']), { responseType: 'stream' });
      const body = await text(up.data as Readable);
      const left = await api.post('/', 'x'.repeat(500_000), { responseType: 'stream' });
      (left.data as Readable).destroy();
      return body.includes('"body":"ab"');
    }));
});

describe('got', () => {
  const client = ({ url, agent }: Place) =>
    got.extend({ prefixUrl: url, agent: { http: agent }, retry: { limit: 0 } });

  test('methods, JSON, forms, redirects, pagination and streams', () =>
    expectSame(async (place) => {
      const api = client(place);
      const stream = api.stream.post('stream', { body: 'text' });
      return [
        await api('get', { searchParams: { a: '1' } }).json(),
        await api.post('post', { json: { a: 1 } }).json(),
        await api.put('put', { form: { a: '1' } }).json(),
        JSON.parse(await text(stream)),
      ]
        .map((value) => value as { url: string; body: string })
        .map(({ url, body }) => ({ url, body }));
    }));

  test('timeouts by phase', () =>
    expectSame(
      async (place) => {
        const api = client(place);
        const phase = (error: unknown): unknown => {
          const { code, event } = error as { code?: string; event?: string };
          return { code, event };
        };
        return [
          await api('never', { timeout: { request: 40 } }).catch(phase),
          await api('never', { timeout: { response: 40 } }).catch(phase),
          await api('never', { timeout: { socket: 40 } }).catch(phase),
          await api('half', { timeout: { read: 40 } }).catch(phase),
          await api
            .post('never', { body: new Readable({ read() {} }), timeout: { send: 40 } })
            .catch(phase),
          await api('ok', {
            timeout: {
              lookup: 20_000,
              connect: 20_000,
              secureConnect: 20_000,
              socket: 20_000,
              send: 20_000,
              response: 20_000,
            },
          }).text(),
        ];
      },
      (server) => {
        server.on('request', (request, answer) => {
          if (request.url === '/half')
            answer.writeHead(200, { 'content-length': 10 }).write('half');
          else if (request.url === '/ok') answer.end('ok');
        });
      },
    ));

  test('retries after a status, and after a connection that ended', () =>
    expectSame(
      async (place) => {
        const counts: number[] = [];
        const api = client(place).extend({
          retry: { limit: 3, backoffLimit: 5 },
          hooks: { beforeRetry: [(_error, count) => void counts.push(count)] },
        });
        return [await api('x').text(), counts];
      },
      (server) => {
        let count = 0;
        server.on('request', (request, answer) => {
          count += 1;
          if (count === 1) answer.writeHead(503).end();
          else if (count === 2) request.socket.destroy();
          else answer.end('ok');
        });
      },
    ));

  test('the timings of a request are in order', () =>
    expectSame(async (place) => {
      const { timings } = await client(place)('x');
      const { start, socket, upload, response, end } = timings ?? {};
      const order = [start, socket, upload, response, end].filter((time) => time !== undefined);
      return [
        order.length,
        order.every((time, at) => at === 0 || time >= (order[at - 1] as number)),
      ];
    }));
});

test('the NodeHttpHandler of the AWS SDK: answers, timeouts and aborts', () =>
  expectSame(
    async ({ url, agent }) => {
      const { hostname, port } = new URL(url);
      const handler = new NodeHttpHandler({
        httpAgent: agent,
        throwOnRequestTimeout: true,
      });
      const send = (path: string, options = {}) =>
        handler.handle(
          {
            protocol: 'http:',
            hostname,
            port: Number(port),
            path,
            method: 'GET',
            headers: {},
            query: {},
          } as Parameters<typeof handler.handle>[0],
          options,
        );
      const { response } = await send('/ok');
      const abort = new AbortController();
      const aborted = send('/never', { abortSignal: abort.signal }).catch(
        (error: Error) => error.name,
      );
      setImmediate(() => abort.abort());
      return [
        response.statusCode,
        await text(response.body as Readable),
        await aborted,
        await send('/never', { requestTimeout: 40 }).catch((error: Error) => error.name),
      ];
    },
    (server) => {
      server.on('request', (request, answer) => {
        if (request.url === '/ok') answer.end('ok');
      });
    },
  ));
