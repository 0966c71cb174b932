import { DynamicSupervisor, exit, Supervisor, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { CircuitOpenError, Req, ReqResponse } from '../../src/index.ts';
import { noLeaks } from '../../../finch/test/support/no-leaks.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
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

test('one that is killed is found by the calls that come at that moment: each of them is sent', async () => {
  const { req, name } = await startTree({ breaker: { failures: 2 } });
  const server = await startBreakable();
  await req.get(`${server.url}/ok`);
  for (let round = 0; round < 3; round++) {
    const [breaker] = await DynamicSupervisor.whichChildren(`${name}.Guards`);
    const calls = () => Array.from({ length: 10 }, () => req.get(`${server.url}/ok`));
    const before = calls();
    await captureCrashReports(() => exit(breaker?.pid as Pid, 'kill'));
    const answers = await Promise.all([...before, ...calls()]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  }
  expect(states().map(({ state }) => state)).toEqual(['closed']);
});

test('a call that runs out of its time while the server has it is a failure', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { req } = await startTree({ breaker: { failures: 2 } });
  const silent = await startServer(() => {});
  const first = rejection(req.get(silent.url, { timeout: 30 }));
  await eventually(() => expect(silent.seen).toHaveLength(1));
  await clock.advance(30);
  expect(await first).toMatchObject({ code: 'ERR_REQ_TIMEOUT' });
  // As `AbortSignal.timeout` does, but not before the server has it.
  const controller = new AbortController();
  const second = rejection(req.get(silent.url, { signal: controller.signal }));
  await eventually(() => expect(silent.seen).toHaveLength(2));
  controller.abort(new DOMException('late', 'TimeoutError'));
  expect(await second).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
  expect(await rejection(req.get(silent.url))).toBeInstanceOf(CircuitOpenError);
});

test('one that waits in the queue of the pool for all of its time says nothing of the server', async () => {
  noLeaks();
  const supervisor = await Supervisor.startLink(
    [Req.childSpec({ name: 'BusyPool', finch: { pools: { default: { size: 1 } } } })],
    { strategy: 'one_for_one' },
  );
  onTestFinished(() => supervisor[Symbol.asyncDispose]());
  const req = Req.new({ supervisor: 'BusyPool', retry: false, breaker: { failures: 1 } });
  let answer = () => {};
  const server = await startServer((request, response) => {
    if (request.url === '/ok') response.end();
    else answer = () => response.end();
  });
  const slow = req.get(server.url);
  await eventually(() => expect(server.seen).toHaveLength(1));
  await rejection(req.get(`${server.url}/ok`, { timeout: 20 }));
  answer();
  await slow;
  expect((await req.get(`${server.url}/ok`)).status).toBe(200);
});

test('a trial that is cancelled, or only half of the calls that are to try, leave it half open', async () => {
  const { req } = await startTree({
    breaker: { failures: 1, resetTimeout: 1000, halfOpenCalls: 2 },
  });
  let answers: (() => void)[] = [];
  const server = await startServer((request, response) => {
    if (request.url === '/bad') response.writeHead(500).end();
    else answers.push(() => response.end());
  });
  const clock = new TestClock().install(onTestFinished);
  await req.get(`${server.url}/bad`);
  await clock.advance(1000);
  const controller = new AbortController();
  const trials = [req.get(server.url), req.get(server.url, { signal: controller.signal })];
  const cancelled = rejection(trials[1] as Promise<unknown>);
  await eventually(() => expect(answers).toHaveLength(2));
  expect(await rejection(req.get(server.url))).toMatchObject({ retryAfter: 0 });
  controller.abort();
  await cancelled;
  for (const answer of answers) answer();
  await trials[0];
  expect(states().map(({ state }) => state)).toEqual(['half_open']);
  answers = [];
  const last = req.get(server.url);
  await eventually(() => expect(answers).toHaveLength(1));
  for (const answer of answers) answer();
  await last;
  expect(states().map(({ state }) => state)).toEqual(['closed']);
});

test('servers behind two Unix sockets have one each, whatever the URL says', async () => {
  const { req } = await startTree({ breaker: { failures: 1 } });
  const stub = req.withAdapter(
    ({ options }) => new ReqResponse({ status: options.unixSocket === '/bad' ? 500 : 200 }),
  );
  await stub.get('http://localhost', { unixSocket: '/bad' });
  const refused = stub.get('http://localhost', { unixSocket: '/bad' });
  expect(await rejection(refused)).toBeInstanceOf(CircuitOpenError);
  expect((await stub.get('http://localhost', { unixSocket: '/good' })).status).toBe(200);
});

test('there are a thousand at most, also when all of them are open', async () => {
  const { req, name } = await startTree({ breaker: { failures: 1, resetTimeout: 'infinity' } });
  const stub = req.withAdapter(() => new ReqResponse({ status: 500 }));
  for (let host = 0; host < 1005; host++) await stub.get(`http://host-${host}`);
  expect((await DynamicSupervisor.countChildren(`${name}.Guards`)).active).toBe(1000);
  // The latest are still known, the first are forgotten.
  expect(await rejection(stub.get('http://host-1004'))).toBeInstanceOf(CircuitOpenError);
  expect((await stub.get('http://host-0')).status).toBe(500);
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
