import { DynamicSupervisor, exit, Supervisor, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { CircuitOpenError, Req } from '../../src/index.ts';
import { noLeaks, rejection } from '../support/client.ts';
import { startServer } from '../support/server.ts';
import { processes, startTree } from '../support/tree.ts';

/** Answers with 500 while it is broken. */
async function startBreakable() {
  const state = { broken: true };
  const server = await startServer((request, response) => {
    response.writeHead(state.broken && request.url !== '/ok' ? 500 : 200).end();
  });
  return { ...server, state };
}

const states = () =>
  processes().filter(({ name, label }) =>
    `${String(name)} ${String(label)}`.includes('circuit_breaker'),
  );

test('failures open it, it refuses, lets one try, and closes; all of it seen in introspection', async () => {
  const { req } = await startTree({ breaker: { failures: 3, resetTimeout: 1000 } });
  const server = await startBreakable();
  const clock = new TestClock().install(onTestFinished);
  for (let call = 0; call < 3; call++) expect((await req.get(server.url)).status).toBe(500);
  const error = await rejection(req.get(server.url));
  expect(error).toBeInstanceOf(CircuitOpenError);
  expect(error).toMatchObject({
    code: 'ERR_REQ_CIRCUIT_OPEN',
    origin: server.url,
    retryAfter: 1000,
  });
  expect(server.seen).toHaveLength(3);
  expect(states().map(({ state }) => state)).toEqual(['open']);
  await clock.advance(1000);
  expect(states().map(({ state }) => state)).toEqual(['half_open']);
  expect((await req.get(server.url)).status).toBe(500);
  expect(await rejection(req.get(server.url))).toBeInstanceOf(CircuitOpenError);
  await clock.advance(1000);
  server.state.broken = false;
  const [first, second] = await Promise.allSettled([req.get(server.url), req.get(server.url)]);
  expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
  expect(second).toMatchObject({ reason: { retryAfter: 0 } });
  expect(states().map(({ state }) => state)).toEqual(['closed']);
  expect((await req.get(server.url)).status).toBe(200);
});

test('connections that cannot be opened are failures, calls that are cancelled are not', async () => {
  const { req } = await startTree({ breaker: { failures: 2 } });
  const silent = await startServer(() => {});
  for (let call = 0; call < 3; call++) {
    const controller = new AbortController();
    const cancelled = rejection(req.get(silent.url, { signal: controller.signal }));
    setImmediate(() => controller.abort());
    expect(await cancelled).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
  }
  const dead = 'http://127.0.0.1:1';
  for (let call = 0; call < 2; call++) {
    expect(await rejection(req.get(dead))).toMatchObject({ code: 'ERR_FINCH_CONNECT' });
  }
  expect(await rejection(req.get(dead))).toBeInstanceOf(CircuitOpenError);
});

test('each origin has its own, clients with the same settings share it, others do not', async () => {
  const { req, name } = await startTree({ breaker: { failures: 1 } });
  const bad = await startBreakable();
  const good = await startServer((_, response) => response.end());
  await req.get(bad.url);
  expect(await rejection(req.get(`${bad.url}/ok`))).toBeInstanceOf(CircuitOpenError);
  expect((await req.get(good.url)).status).toBe(200);
  const twin = Req.new({ supervisor: name, breaker: { failures: 1 } });
  expect(await rejection(twin.get(`${bad.url}/ok`))).toBeInstanceOf(CircuitOpenError);
  const other = Req.new({ supervisor: name, breaker: { failures: 1, name: 'other' } });
  expect((await other.get(`${bad.url}/ok`)).status).toBe(200);
  expect((await req.get(`${bad.url}/ok`, { breaker: false })).status).toBe(200);
});

test('retries stop when it opens', async () => {
  const { req } = await startTree({
    breaker: { failures: 2 },
    retry: 'safe_transient',
    retryDelay: 0,
  });
  const server = await startBreakable();
  expect(await rejection(req.get(server.url))).toBeInstanceOf(CircuitOpenError);
  expect(server.seen).toHaveLength(2);
});

test('one that crashes is started again, closed', async () => {
  const { req, name } = await startTree({ breaker: { failures: 1 } });
  const server = await startBreakable();
  await req.get(server.url);
  expect(states().map(({ state }) => state)).toEqual(['open']);
  const [breaker] = await DynamicSupervisor.whichChildren(`${name}.Guards`);
  await captureCrashReports(() => exit(breaker?.pid as Pid, 'kill'));
  await eventually(() => expect(states().map(({ state }) => state)).toEqual(['closed']));
  expect((await req.get(`${server.url}/ok`)).status).toBe(200);
});

test('many first calls start one', async () => {
  const { req } = await startTree({ breaker: true });
  const server = await startServer((_, response) => response.end());
  await Promise.all(Array.from({ length: 20 }, () => req.get(server.url)));
  expect(states()).toHaveLength(1);
});

test('without its tree the error says what to do', async () => {
  noLeaks();
  const error = await rejection(Req.new({ supervisor: 'Absent', breaker: true }).get('http://h'));
  expect(error).toMatchObject({ code: 'ERR_REQ_NOT_RUNNING', missing: 'Absent' });
  expect(error.message).toContain('Req.childSpec()');
});

test('a tree has an instance of its own, or none', async () => {
  const { req, name } = await startTree();
  const server = await startServer((_, response) => response.end('x'));
  expect((await req.get(server.url)).status).toBe(200);
  expect((await Req.get(server.url, { supervisor: name })).status).toBe(200);
  expect(whereis(`${name}.Finch`)).toBeDefined();
  const without = await Supervisor.startLink([Req.childSpec({ name: `${name}2`, finch: false })], {
    strategy: 'one_for_one',
  });
  expect(whereis(`${name}2.Finch`)).toBeUndefined();
  await without.stop();
  expect(() => Req.childSpec({ nme: 'x' } as object)).toThrow(/nme/);
});
