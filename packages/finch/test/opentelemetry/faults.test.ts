/** Telemetry under faults: of requests, of servers, and its own. */
import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { eventually } from '@linnet/otp/testing';
import { exit, spawn } from '@linnet/otp';
import { expect, onTestFinished, test } from 'vitest';
import { instrument } from '../../src/opentelemetry/index.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';
import { startMetering, startTracing } from './support.ts';

/** Counts how often each span begins and ends. */
function counting(): { readonly processor: SpanProcessor; readonly counts: Map<string, number[]> } {
  const counts = new Map<string, number[]>();
  const count = (id: string, at: 0 | 1): void => {
    const known = counts.get(id) ?? [0, 0];
    known[at] = (known[at] ?? 0) + 1;
    counts.set(id, known);
  };
  const processor: SpanProcessor = {
    onStart: (span) => count(span.spanContext().spanId, 0),
    onEnd: (span) => count(span.spanContext().spanId, 1),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  return { processor, counts };
}

/** What the logger of OpenTelemetry is told of errors. */
function errorsTold(): unknown[][] {
  const told: unknown[][] = [];
  const ignored = (): void => {};
  const logger: DiagLogger = {
    error: (...args: unknown[]) => void told.push(args),
    warn: ignored,
    info: ignored,
    debug: ignored,
    verbose: ignored,
  };
  diag.setLogger(logger, DiagLogLevel.ERROR);
  onTestFinished(() => diag.disable());
  return told;
}

test('each span ends once, whatever becomes of its request', async () => {
  const { processor, counts } = counting();
  const { meterProvider, points } = startMetering();
  await using server = await startHttpServer((request, answer) => {
    const kind = Number(request.url?.slice(1)) % 5;
    if (kind === 0) request.socket.destroy();
    else if (kind === 1) answer.writeHead(200, { 'content-length': 9 }).write('half');
    else if (kind === 2) answer.writeHead(503).end();
    else if (kind === 3) answer.end('ok');
  });
  const finch = await startFinch({ pools: { default: { size: 4, maxQueue: 20 } } });
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [processor] });
  onTestFinished(instrument({ tracerProvider, meterProvider, finch }));
  const callers = Array.from({ length: 10 }, (_, at) =>
    spawn(() => finch.get(`${server.url}/${at}`).catch(() => {})),
  );
  await eventually(() => expect(counts.size).toBe(10));
  const asked = Array.from({ length: 100 }, (_, at) => {
    const abort = new AbortController();
    if (at % 7 === 0) setImmediate(() => abort.abort());
    const url = `${server.url}/${at}`;
    const limits = { requestTimeout: 200 + at, receiveTimeout: 100 };
    if (at % 3 === 0) return finch.fetch(url, { signal: AbortSignal.timeout(150) }).catch(() => {});
    if (at % 3 === 1) return finch.get(url, { ...limits, signal: abort.signal }).catch(() => {});
    return finch
      .open(url, limits)
      .then((answer) => answer.cancel())
      .catch(() => {});
  });
  for (const caller of callers) exit(caller, 'kill');
  await Promise.all(asked);
  await eventually(() => {
    expect(counts.size).toBe(110);
    expect([...counts.values()].filter(([begun, ended]) => begun !== 1 || ended !== 1)).toEqual([]);
  });
  const active = await points('http.client.active_requests');
  expect(active.map(({ value }) => value).filter((value) => value !== 0)).toEqual([]);
});

test('each hop of a redirect is a span of its own under the callers span, and tells the server of itself', async () => {
  const { tracerProvider, inSpan, spans, span } = startTracing();
  const told: (string | undefined)[] = [];
  await using server = await startHttpServer((request, answer) => {
    told.push(String(request.headers['traceparent']).split('-')[2]);
    if (request.url === '/end') answer.end();
    else answer.writeHead(302, { location: request.url === '/' ? '/next' : '/end' }).end();
  });
  const finch = await startFinch();
  onTestFinished(instrument({ tracerProvider, finch, metrics: 'none' }));
  await inSpan('caller', () => finch.fetch(server.url).then((answer) => answer.text()));
  const hops = spans().filter(({ name }) => name === 'GET');
  expect(hops.map((hop) => hop.spanContext().spanId)).toEqual(told);
  expect(hops).toHaveLength(3);
  const caller = span('caller').spanContext().spanId;
  expect(hops.map((hop) => hop.parentSpanContext?.spanId)).toEqual([caller, caller, caller]);
});

test('processors, meters and functions of the program that throw harm no request', async () => {
  const told = errorsTold();
  const fail = (): never => {
    throw new Error('broken');
  };
  const processor: SpanProcessor = {
    onStart: fail,
    onEnd: fail,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  await using server = await startHttpServer((_request, answer) => answer.end('ok'));
  const finch = await startFinch();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [processor] });
  const { meterProvider, points } = startMetering();
  const hooks = { ignore: fail, template: fail, attributes: fail };
  onTestFinished(instrument({ tracerProvider, meterProvider, finch, ...hooks }));
  expect((await finch.get(server.url)).text()).toBe('ok');
  expect(await points('http.client.request.duration')).toHaveLength(1);
  const messages = told.map(([message]) => message);
  expect(messages).toContain('@linnet/finch: the option template of instrument threw');
  expect(messages).toContain('@linnet/finch: telemetry failed');
});
