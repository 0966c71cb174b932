/**
 * `finch.dispatcher()` beside an Agent of undici on the same kind of server: what undici's functions
 * and handlers get to see.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { eventually } from '@linnet/otp/testing';
import * as undici from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFinch } from '../support/finch.ts';

const { Agent, interceptors } = undici;
type Dispatcher = undici.Dispatcher;

/** Runs a case by an Agent and by a dispatcher, and expects the same. */
async function expectSame(
  run: (dispatcher: Dispatcher, url: string) => unknown,
  listen: (server: Server) => void = echo,
): Promise<void> {
  const agent = new Agent();
  const expected = await against(agent, run, listen);
  await agent.destroy();
  const finch = await startFinch();
  const actual = await against(finch.dispatcher(), run, listen);
  expect(actual).toEqual(expected);
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
}

async function against(
  dispatcher: Dispatcher,
  run: (dispatcher: Dispatcher, url: string) => unknown,
  listen: (server: Server) => void,
): Promise<unknown> {
  const server = createServer();
  server.keepAliveTimeout = 0;
  listen(server);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const outcome = await Promise.resolve(run(dispatcher, `http://127.0.0.1:${port}`)).catch(
      failure,
    );
    return JSON.parse(JSON.stringify(outcome ?? null).replaceAll(`:${port}`, ':PORT'));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function failure(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: error };
  const { name, message } = error;
  const code = (error as { code?: unknown }).code;
  // Messages of Finch are its own; the codes are what programs go by.
  return code === undefined ? { name, message } : { code };
}

/** Raw fields, which may be bytes or text. */
function texts(fields: undici.Dispatcher.DispatchController['rawHeaders']): unknown {
  return Array.isArray(fields) ? fields.map(String) : fields;
}

/** Answers with what came, apart from what the two sides name differently. */
function echo(server: Server): void {
  const answerTo = async (request: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { 'user-agent': _agent, ...headers } = request.headers;
    // A client may close a connection when it wants; undici does after HEAD, Finch after DELETE with a body.
    if (request.method === 'HEAD' || request.method === 'DELETE') delete headers.connection;
    answer.setHeader('x-method', request.method ?? '');
    answer.setHeader('date', 'now');
    answer.end(JSON.stringify({ url: request.url, headers, body }));
  };
  server.on('request', (request, answer) => void answerTo(request, answer));
}

async function shown({
  statusCode,
  headers,
  trailers,
  body,
  opaque,
}: undici.Dispatcher.ResponseData<unknown>) {
  return { statusCode, headers, trailers, body: await body.text(), opaque };
}

describe('request', () => {
  test.each<[string, Parameters<typeof undici.request>[1]]>([
    ['GET', {}],
    ['a query', { query: { a: 1, b: ['x', 'y'], c: '' } }],
    ['headers as an object', { headers: { 'X-A': '1', 'x-b': ['2', '3'] } }],
    ['headers as a flat list', { headers: ['x-a', '1', 'x-a', '2'] }],
    ['headers as pairs', { headers: new Map([['x-a', '1']]) }],
    ['text', { method: 'POST', body: 'text' }],
    ['empty text', { method: 'POST', body: '' }],
    ['no body', { method: 'PUT' }],
    ['bytes', { method: 'PUT', body: Buffer.from('bytes') }],
    ['a stream', { method: 'POST', body: Readable.from(['a', 'b']) }],
    ['an empty stream', { method: 'POST', body: Readable.from([]) }],
    [
      'a generator',
      {
        method: 'PATCH',
        body: (function* generate() {
          yield Buffer.from('x');
        })() as unknown as Buffer,
      },
    ],
    ['DELETE with a body', { method: 'DELETE', body: 'x' }],
    ['HEAD', { method: 'HEAD' }],
    ['OPTIONS', { method: 'OPTIONS' }],
    ['opaque', { opaque: { mine: 1 } }],
    ['a raw response', { responseHeaders: 'raw' }],
    ['reset', { reset: true }],
  ])('%s', (_kind, options) =>
    expectSame(async (dispatcher, url) => {
      const given =
        options?.body instanceof Readable
          ? { ...options, body: Readable.from(_kind === 'a stream' ? ['a', 'b'] : []) }
          : options;
      const fresh =
        _kind === 'a generator'
          ? {
              ...given,
              body: (async function* generate() {
                yield Buffer.from('x');
              })() as unknown as Buffer,
            }
          : given;
      const answer = await undici.request(`${url}/path`, { ...fresh, dispatcher });
      const { headers, ...rest } = await shown(answer);
      const method = options?.method;
      if (method === 'HEAD' || method === 'DELETE') delete headers.connection;
      return { ...rest, headers };
    }),
  );

  test('a signal: before, while it waits, and while the body comes', () =>
    expectSame(
      async (dispatcher, url) => {
        const late = new AbortController();
        const outcomes = [
          await undici.request(url, { dispatcher, signal: AbortSignal.abort() }).catch(failure),
        ];
        const waiting = undici
          .request(`${url}/never`, { dispatcher, signal: late.signal })
          .catch(failure);
        setImmediate(() => late.abort(new RangeError('mine')));
        outcomes.push(await waiting);
        const reading = new AbortController();
        const { body } = await undici.request(`${url}/half`, {
          dispatcher,
          signal: reading.signal,
        });
        reading.abort(new RangeError('mine'));
        outcomes.push(await body.text().catch(failure));
        return outcomes;
      },
      (server) => {
        server.on('request', (request, answer) => {
          if (request.url === '/half')
            answer.writeHead(200, { 'content-length': 10 }).write('half');
        });
      },
    ));

  test('bodies: dump, destroy, json, and what was consumed', () =>
    expectSame(async (dispatcher, url) => {
      const ask = async () => (await undici.request(url, { dispatcher })).body;
      const dumped = await ask();
      await dumped.dump();
      const destroyed = await ask();
      destroyed.on('error', () => {}).destroy();
      await once(destroyed, 'close');
      const json = await (await ask()).json();
      const twice = await ask();
      await twice.text();
      return { dumped: dumped.destroyed, json, twice: await twice.text().catch(failure) };
    }));

  test('informational responses and trailers', () =>
    expectSame(
      async (dispatcher, url) => {
        const informational: unknown[] = [];
        const answer = await undici.request(url, {
          dispatcher,
          onInfo: (info) => informational.push(info),
        });
        const body = await answer.body.text();
        return { informational, body, trailers: answer.trailers };
      },
      (server) => {
        server.on('request', (_request, answer) => {
          answer.writeEarlyHints({ link: '</a>; rel=preload' });
          answer.writeHead(200, { trailer: 'x-sum', date: 'now' });
          answer.write('body');
          answer.addTrailers({ 'x-sum': '1' });
          answer.end();
        });
      },
    ));

  test.each<[string, (server: Server) => void]>([
    [
      'the server closes at once',
      (server) => server.on('request', (_request, answer) => answer.socket?.destroy()),
    ],
    [
      'the body is cut off',
      (server) =>
        server.on('request', (_request, answer) => {
          answer
            .writeHead(200, { 'content-length': 10, date: 'now' })
            .write('half', () => answer.socket?.end());
        }),
    ],
  ])('fails alike: %s', (_kind, listen) =>
    expectSame(async (dispatcher, url) => {
      const { body } = await undici.request(url, { dispatcher, method: 'POST', body: 'x' });
      return body.text();
    }, listen),
  );

  test('a stream that fails while it is sent', () =>
    expectSame(async (dispatcher, url) => {
      const body = new Readable({
        read() {
          this.destroy(new RangeError('mine'));
        },
      });
      const outcome = await undici
        .request(url, { dispatcher, method: 'POST', body })
        .then(shown, (error: Error) => error);
      const error = outcome as Error & { cause?: Error };
      return [error.message === 'mine' || error.cause?.message === 'mine', body.destroyed];
    }));
});

describe('stream, pipeline, connect and upgrade', () => {
  test('stream writes the body to what its factory makes', () =>
    expectSame(async (dispatcher, url) => {
      const pieces: string[] = [];
      const result = await undici.stream(
        url,
        { dispatcher, method: 'GET' },
        ({ statusCode, headers }) => {
          pieces.push(String(statusCode), String(headers['x-method']));
          return new Writable({
            write(piece, _encoding, done) {
              pieces.push(String(piece));
              setImmediate(done);
            },
          });
        },
      );
      return { pieces, trailers: result.trailers };
    }));

  test('stream fails when its writable does', () =>
    expectSame((dispatcher, url) =>
      undici.stream(
        url,
        { dispatcher, method: 'GET' },
        () =>
          new Writable({
            write(_piece, _encoding, done) {
              done(new RangeError('mine'));
            },
          }),
      ),
    ));

  test('pipeline sends what is written, and gives what its handler returns', () =>
    expectSame(async (dispatcher, url) => {
      const through = undici.pipeline(
        url,
        { dispatcher, method: 'POST' },
        ({ statusCode, body }) => {
          expect(statusCode).toBe(200);
          return body;
        },
      );
      through.write('te');
      setImmediate(() => through.end('xt'));
      return text(through);
    }));

  test('upgrade and connect hand a socket over, or fail', () =>
    expectSame(
      async (dispatcher, url) => {
        const upgraded = await undici.upgrade(`${url}/up`, { dispatcher, protocol: 'x' });
        upgraded.socket.end('ping');
        const pong = await text(upgraded.socket);
        const tunnel = await undici.connect(`${url}/host`, { dispatcher });
        tunnel.socket.end('ping');
        const { 'x-mine': mine } = upgraded.headers;
        return { pong, mine, status: tunnel.statusCode, tunnelled: await text(tunnel.socket) };
      },
      (server) => {
        server.on('upgrade', (_request, socket) => {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\nx-mine: 1\r\n\r\n',
          );
          socket.on('data', () => socket.end('pong'));
        });
        server.on('connect', (_request, socket) => {
          socket.write('HTTP/1.1 200 Connected\r\n\r\n');
          socket.on('data', () => socket.end('pong'));
        });
      },
    ));
});

describe('handlers', () => {
  const order = (dispatcher: Dispatcher, url: string, events: unknown[]) =>
    new Promise<void>((resolve) => {
      dispatcher.dispatch(
        { origin: url, path: '/', method: 'GET' },
        {
          onRequestStart: (_controller, context) => events.push(['start', typeof context]),
          onResponseStart: (controller, status, headers, message) =>
            events.push([
              'head',
              status,
              headers['x-method'],
              message,
              controller.aborted,
              controller.paused,
            ]),
          onResponseData: (_controller, piece) =>
            events.push(['data', piece.length > 0, Buffer.isBuffer(piece)]),
          onResponseEnd: (_controller, trailers) => {
            events.push(['end', trailers]);
            resolve();
          },
          onResponseError: (_controller, error) => {
            events.push(['error', failure(error)]);
            resolve();
          },
        },
      );
    });

  test('the newer shape is called in the same order with the same', () =>
    expectSame(async (dispatcher, url) => {
      const events: unknown[] = [];
      await order(dispatcher, url, events);
      return events;
    }));

  test('what a handler makes of the raw fields stays, and those of the next response are their own', () =>
    expectSame(async (dispatcher, url) => {
      const raw = () =>
        new Promise<unknown>((resolve, reject) => {
          dispatcher.dispatch(
            { origin: url, path: '/', method: 'GET', headers: { 'x-a': 'ü' } },
            {
              onRequestStart: () => undefined,
              onResponseStart: ({ rawHeaders }) => {
                if (Array.isArray(rawHeaders)) rawHeaders.splice(2);
              },
              onResponseData: () => undefined,
              onResponseEnd: ({ rawHeaders, rawTrailers }) =>
                resolve([texts(rawHeaders), texts(rawTrailers)]),
              onResponseError: (_controller, error) => reject(error),
            },
          );
        });
      return [await raw(), await raw()];
    }));

  test('a pause holds the data back until it is resumed', () =>
    expectSame(async (dispatcher, url) => {
      const events: string[] = [];
      await new Promise<void>((resolve, reject) => {
        dispatcher.dispatch(
          { origin: url, path: '/', method: 'GET' },
          {
            onRequestStart: () => {},
            onResponseStart(controller) {
              events.push('head');
              controller.pause();
              setTimeout(() => {
                events.push('resume');
                controller.resume();
              }, 20);
            },
            onResponseData: () => {
              if (events.at(-1) !== 'data') events.push('data');
            },
            onResponseEnd: () => {
              events.push('end');
              resolve();
            },
            onResponseError: (_controller, error) => reject(error),
          },
        );
      });
      return events;
    }));

  test.each(['start', 'head', 'data'])('an abort in %s is told by the error alone', (when) =>
    expectSame(async (dispatcher, url) => {
      const events: unknown[] = [];
      await new Promise<void>((resolve) => {
        const reason = new RangeError('mine');
        dispatcher.dispatch(
          { origin: url, path: '/', method: 'GET' },
          {
            onRequestStart: (controller) => {
              events.push('start');
              if (when === 'start') controller.abort(reason);
            },
            onResponseStart: (controller) => {
              events.push('head');
              if (when === 'head') controller.abort(reason);
            },
            onResponseData: (controller) => {
              events.push('data');
              if (when === 'data') controller.abort(reason);
            },
            onResponseEnd: () => {
              events.push('end');
              resolve();
            },
            onResponseError: (controller, error) => {
              events.push([
                'error',
                error === reason,
                controller.aborted,
                controller.reason === reason,
              ]);
              resolve();
            },
          },
        );
      });
      return events;
    }),
  );

  test.each(['onResponseStart', 'onResponseData', 'onResponseEnd'] as const)(
    'what %s throws is the error of the same handler',
    (where) =>
      expectSame(async (dispatcher, url) => {
        const errors: unknown[] = [];
        await new Promise<void>((resolve) => {
          const throws = () => {
            throw new RangeError('mine');
          };
          dispatcher.dispatch(
            { origin: url, path: '/', method: 'GET' },
            {
              onRequestStart: () => {},
              onResponseStart: () => {},
              onResponseData: () => {},
              onResponseEnd: () => resolve(),
              onResponseError: (_controller, error) => {
                errors.push(failure(error));
                resolve();
              },
              [where]: throws,
            },
          );
        });
        return errors;
      }),
  );
});

describe('interceptors', () => {
  test('retry asks again after 503, and after a connection that ended', () =>
    expectSame(
      async (dispatcher, url) => {
        const composed = dispatcher.compose(
          interceptors.retry({ maxRetries: 3, minTimeout: 1, maxTimeout: 5 }),
        );
        const answer = await undici.request(url, { dispatcher: composed });
        return [answer.statusCode, await answer.body.text()];
      },
      (server) => {
        let count = 0;
        server.on('request', (_request, answer) => {
          count += 1;
          if (count === 1) answer.writeHead(503).end();
          else if (count === 2) answer.socket?.destroy();
          else answer.end(String(count));
        });
      },
    ));

  test('redirect, decompress and dump', () =>
    expectSame(
      async (dispatcher, url) => {
        const composed = dispatcher.compose(
          interceptors.redirect({ maxRedirections: 3 }),
          interceptors.decompress(),
        );
        const answer = await undici.request(`${url}/redirect`, { dispatcher: composed });
        const dumping = dispatcher.compose(interceptors.dump({ maxSize: 10_000 }));
        const dumped = await undici.request(`${url}/zip`, { dispatcher: dumping });
        return [
          answer.statusCode,
          await answer.body.text(),
          answer.headers['content-encoding'],
          dumped.statusCode,
          await dumped.body.text(),
        ];
      },
      (server) => {
        server.on('request', (request, answer) => {
          if (request.url === '/redirect') answer.writeHead(302, { location: '/zip' }).end();
          else answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('text'));
        });
      },
    ));

  test.each(['gzip', 'gzip, br'])('a fetch decompresses nothing twice: %s', (coding) =>
    expectSame(
      async (dispatcher, url) => {
        const composed = dispatcher.compose(interceptors.decompress());
        const answer = await undici.fetch(url, { dispatcher: composed });
        return [await answer.text(), answer.headers.get('content-encoding')];
      },
      (server) => {
        server.on('request', (_request, answer) => {
          const zipped = gzipSync('text');
          const body = coding === 'gzip' ? zipped : brotliCompressSync(zipped);
          answer.writeHead(200, { 'content-encoding': coding }).end(body);
        });
      },
    ),
  );

  test('responseError', () =>
    expectSame(
      async (dispatcher, url) => {
        const composed = dispatcher.compose(interceptors.responseError());
        const error = (await undici
          .request(url, { dispatcher: composed })
          .catch((thrown: unknown) => thrown)) as {
          statusCode: number;
          body: unknown;
          name: string;
        };
        return [error.name, error.statusCode, error.body];
      },
      (server) => {
        server.on('request', (_request, answer) =>
          answer.writeHead(404, { 'content-type': 'application/json' }).end('{"no":1}'),
        );
      },
    ));

  test('cache: one request of two', () =>
    expectSame(
      async (dispatcher, url) => {
        const composed = dispatcher.compose(interceptors.cache());
        const ask = async () => (await undici.request(url, { dispatcher: composed })).body.text();
        return [await ask(), await ask()];
      },
      (server) => {
        let count = 0;
        server.on('request', (_request, answer) => {
          count += 1;
          answer.setHeader('cache-control', 'max-age=60');
          answer.end(String(count));
        });
      },
    ));

  test('dns', () =>
    expectSame(async (dispatcher, url) => {
      const composed = dispatcher.compose(interceptors.dns());
      const { body } = await undici.request(url.replace('127.0.0.1', 'localhost'), {
        dispatcher: composed,
      });
      return (JSON.parse(await body.text()) as { headers: object }).headers;
    }));
});

test('MockAgent answers beside, and lets through what it does not know', async () => {
  const server = createServer((_request, answer) => answer.end('real')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const finch = await startFinch();
  const mock = new undici.MockAgent();
  mock.disableNetConnect();
  mock.get('http://mocked.example').intercept({ path: '/' }).reply(200, 'mocked');
  const mocked = await undici.request('http://mocked.example/', { dispatcher: mock });
  const real = await undici.request(url, {
    dispatcher: finch.dispatcher(),
  });
  expect([await mocked.body.text(), await real.body.text()]).toEqual(['mocked', 'real']);
  await mock.close();
});
