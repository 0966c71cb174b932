import { AsyncLocalStorage } from 'node:async_hooks';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { response, startHttp1Server } from '@linnet/mint/testing';
import { GenServer, reply, Task } from '@linnet/otp';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, type PoolOptions } from '../../src/index.ts';
import { instrument, type InstrumentOptions } from '../../src/opentelemetry/index.ts';
import { startHttpServer, type Listener } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';
import { startTracing, traceparent } from './support.ts';

/** Answers with the traceparent that came. */
const echo: Listener = (request, answer) => answer.end(String(request.headers['traceparent']));

interface Setup {
  readonly pool?: PoolOptions;
  readonly listener?: Listener;
  readonly http2?: boolean;
  readonly options?: InstrumentOptions;
}

async function startTraced({ pool = {}, listener = echo, http2 = false, options }: Setup = {}) {
  const tracing = startTracing();
  const server = await startHttpServer(listener, http2 ? { http2: { only: true } } : {});
  onTestFinished(() => server.close());
  const finch = await startFinch({ pools: { default: pool } });
  const { tracerProvider } = tracing;
  const stop = instrument({ tracerProvider, metrics: 'none', finch, ...options });
  onTestFinished(stop);
  return { ...tracing, server, finch, stop };
}

test('a request is a client span with the attributes of the conventions', async () => {
  const { finch, server, spans } = await startTraced({
    listener: (_request, answer) => answer.writeHead(201).end('created'),
  });
  await finch.post(`${server.url}/users?page=2&sig=secret`, 'body');
  const [span] = spans();
  expect(span).toMatchObject({
    name: 'POST',
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
  });
  expect(span?.attributes).toEqual({
    'http.request.method': 'POST',
    'server.address': '127.0.0.1',
    'server.port': server.port,
    'url.full': `${server.url}/users?page=2&sig=REDACTED`,
    'network.peer.address': '127.0.0.1',
    'network.peer.port': server.port,
    'network.protocol.version': '1.1',
    'http.response.status_code': 201,
  });
});

test('a status of 400 and more is an error of the span', async () => {
  const { finch, server, spans } = await startTraced({
    listener: (_request, answer) => answer.writeHead(503).end(),
  });
  await finch.get(server.url);
  expect(spans()[0]?.attributes).toMatchObject({
    'http.response.status_code': 503,
    'error.type': '503',
  });
  expect(spans()[0]?.status).toEqual({ code: SpanStatusCode.ERROR });
});

test('a request that fails says by which error', async () => {
  const { finch, server, spans } = await startTraced();
  await server.close();
  await expect(finch.get(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_CONNECT' });
  const [span] = spans();
  expect(span?.attributes['error.type']).toBe('ERR_FINCH_CONNECT');
  expect(span?.status.code).toBe(SpanStatusCode.ERROR);
  expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
});

test('a request is the child of its callers span on a new and an idle connection and out of the queue, and tells the server [N1]', async () => {
  const { finch, server, inSpan, span } = await startTraced({ pool: { size: 1 } });
  const names = ['a', 'b', 'c', 'd'];
  const ask = (name: string) => inSpan(name, () => finch.get(server.url));
  const answers = await Promise.all(names.map(ask));
  names.push('idle');
  answers.push(await ask('idle'));
  for (const [index, name] of names.entries()) {
    const sent = answers[index]?.text();
    const parent = span(name).spanContext();
    expect(sent).toMatch(new RegExp(`^00-${parent.traceId}-`));
    expect(sent).not.toBe(traceparent(parent));
  }
});

test('HTTP/2 requests have spans and carry the context, too [N1]', async () => {
  const { finch, server, inSpan, spans } = await startTraced({
    pool: { protocols: ['http2'] },
    http2: true,
  });
  const answers = await inSpan('caller', () =>
    Promise.all([finch.get(server.url), finch.get(server.url)]),
  );
  const clients = spans().filter(({ name }) => name === 'GET');
  expect(answers.map((answer) => answer.text()).toSorted()).toEqual(
    clients.map((client) => traceparent(client.spanContext())).toSorted(),
  );
  expect(clients[0]?.attributes['network.protocol.version']).toBe('2');
});

test('tasks carry the span of their caller [C11]', async () => {
  const { finch, server, inSpan, span } = await startTraced();
  await inSpan('caller', () => Task.async(() => finch.get(server.url)).await());
  expect(span('GET').parentSpanContext).toMatchObject({
    spanId: span('caller').spanContext().spanId,
  });
});

test('a server whose context is the caller of a call requests within its span [N2]', async () => {
  const { finch, server, inSpan, span, spans } = await startTraced();
  const Gateway = GenServer.define({
    context: 'caller',
    init: () => 0,
    handleCall: {
      fetch: async (count, url: string) => reply((await finch.get(url)).text(), count + 1),
    },
  });
  await using gateway = await Gateway.startLink();
  const traces = await Promise.all(
    ['first', 'second'].map((name) => inSpan(name, () => gateway.call('fetch', server.url))),
  );
  const clients = spans().filter(({ name }) => name === 'GET');
  for (const [index, name] of ['first', 'second'].entries()) {
    expect(clients[index]?.parentSpanContext?.spanId).toBe(span(name).spanContext().spanId);
    expect(traces[index]).toBe(clients[index] && traceparent(clients[index].spanContext()));
  }
});

test('streams, opened responses and leases have spans, which end with the response', async () => {
  const rest = Promise.withResolvers<void>();
  const { finch, server, spans } = await startTraced({
    listener: async (request, answer) => {
      answer.write('begins');
      if (request.url === '/open') await rest.promise;
      answer.end();
    },
  });
  await finch.stream(server.url, 0, (_part, count) => count + 1);
  const opened = await finch.open(`${server.url}/open`);
  expect(spans()).toHaveLength(1);
  rest.resolve();
  await opened.text();
  expect(spans()).toHaveLength(2);
  {
    await using lease = await finch.checkout(server.url);
    await lease.request('/leased');
  }
  expect(spans().map(({ attributes }) => attributes['url.full'])).toEqual([
    `${server.url}/`,
    `${server.url}/open`,
    `${server.url}/leased`,
  ]);
});

test('another attempt is an event of the span, which counts them', async () => {
  const { tracerProvider, spans } = startTracing();
  await using server = await startHttp1Server(async (peer, index) => {
    if (index === 0) {
      await peer.readRequest();
      await peer.write(response('first'));
      await peer.readRequest();
      peer.end();
      return;
    }
    await peer.readRequest();
    await peer.write(response('second'));
  });
  const finch = await startFinch();
  const stop = instrument({ tracerProvider, metrics: 'none', finch });
  onTestFinished(stop);
  await finch.get(server.url);
  expect((await finch.get(server.url)).text()).toBe('second');
  const [, span] = spans();
  expect(span?.events).toMatchObject([
    {
      name: 'http.request.retry',
      attributes: { 'error.type': 'ERR_FINCH_CONNECTION_CLOSED' },
    },
  ]);
});

test('a template names the span, hooks add attributes, and headers are captured by name', async () => {
  const { finch, server, spans } = await startTraced({
    listener: (_request, answer) => {
      answer.setHeader('x-served-by', ['a', 'b']);
      answer.end();
    },
    options: {
      template: ({ path }) => path.replaceAll(/\d+/g, '{id}'),
      attributes: (request) => ({ 'app.tag': request.poolTag }),
      captureHeaders: { request: ['X-Ask'], response: ['X-Served-By', 'x-absent'] },
    },
  });
  await finch.get(`${server.url}/users/17`, { headers: { 'x-ask': '1' }, poolTag: 'users' });
  const [span] = spans();
  expect(span?.name).toBe('GET /users/{id}');
  expect(span?.attributes).toMatchObject({
    'url.template': '/users/{id}',
    'app.tag': 'users',
    'http.request.header.x-ask': ['1'],
    'http.response.header.x-served-by': ['a', 'b'],
  });
  expect(span?.attributes).not.toHaveProperty('http.response.header.x-absent');
});

test('what is ignored has no span, and sends no context', async () => {
  const { finch, server, spans } = await startTraced({
    options: { ignore: ({ path }) => path === '/health' },
  });
  expect((await finch.get(`${server.url}/health`)).text()).toBe('undefined');
  expect(spans()).toEqual([]);
});

test('other instances than the ones given are left alone', async () => {
  const { server, spans } = await startTraced();
  const other = await startFinch();
  expect((await other.get(server.url)).text()).toBe('undefined');
  expect(spans()).toEqual([]);
});

test('stopping it ends the spans that are open, and begins no more', async () => {
  const entered = Promise.withResolvers<() => void>();
  const { finch, server, spans, stop } = await startTraced({
    listener: (_request, answer) => entered.resolve(() => answer.end()),
  });
  const asked = finch.get(server.url);
  const answer = await entered.promise;
  stop();
  expect(spans()).toHaveLength(1);
  answer();
  await asked;
  expect(spans()).toHaveLength(1);
});

test('a method that is not known is _OTHER', async () => {
  const { finch, server, spans } = await startTraced();
  const method = 'PROPFIND';
  await finch.request(Finch.build(method, server.url));
  expect(spans()[0]).toMatchObject({
    name: 'HTTP',
    attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': method },
  });
});

test('the context of the caller is there in what it streams, whatever the span', async () => {
  const store = new AsyncLocalStorage<string>();
  const { finch, server } = await startTraced();
  const seen = await store.run('mine', () =>
    finch.stream(server.url, '', () => store.getStore() ?? 'none'),
  );
  expect(seen).toBe('mine');
});
