import { Finch, Pool } from '@linnet/finch';
import { DynamicSupervisor, GenServer, isAlive, whereis } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startProgram, uniqueName } from '../support/program.ts';
import { worker } from '../support/workers.ts';

test('are off by default', async () => {
  const id = uniqueName('worker');
  const { act, url } = await startProgram({}, [worker(id)]);
  expect(await act('kill', { pid: String(whereis(id)) })).toMatchObject({ status: 403 });
  expect(await (await fetch(`${url}api/session`)).json()).toEqual({
    actions: false,
    reveal: false,
  });
  expect(whereis(id)).toBeDefined();
});

test('kill and stop a process', async () => {
  using _ = captureCrashReports();
  const id = uniqueName('worker');
  const { act } = await startProgram({ actions: true }, [worker(id)]);
  for (const action of ['kill', 'stop']) {
    const pid = whereis(id);
    expect((await act(action, { pid: String(pid) })).status).toBe(200);
    await eventually(() => expect(whereis(id)).not.toBe(pid));
  }
  const answer = await act('kill', { pid: '#PID<0.99999.0>' });
  expect(answer).toEqual({ status: 400, text: '{"error":"#PID<0.99999.0> is not alive"}' });
});

test('the pid of another node is no process of this one', async () => {
  const id = uniqueName('worker');
  const { act } = await startProgram({ actions: true }, [worker(id)]);
  const before = whereis(id);
  const pid = String(before).replace('<0.', '<other@10.0.0.1.');
  expect((await act('kill', { pid })).text).toContain('is not alive');
  expect(whereis(id)).toBe(before);
});

test('stop and restart a child through its supervisor', async () => {
  const id = uniqueName('worker');
  const program = await startProgram({ actions: true }, [worker(id)]);
  const supervisor = String(program.supervisor.pid);
  const before = String(whereis(id));
  expect((await program.act('restart-child', { supervisor, pid: before })).status).toBe(200);
  expect(String(whereis(id))).not.toBe(before);
  expect((await program.act('stop-child', { supervisor, id })).status).toBe(200);
  expect(whereis(id)).toBeUndefined();
  expect((await program.act('restart-child', { supervisor, id })).status).toBe(200);
  expect(whereis(id)).toBeDefined();
  expect((await program.act('stop-child', { supervisor, id: 'none' })).status).toBe(400);
  const noSupervisor = await program.act('stop-child', { supervisor: String(whereis(id)), id });
  expect(noSupervisor.text).toContain('is no supervisor');
});

test('stop a child of a DynamicSupervisor', async () => {
  const [name, id] = [uniqueName('Dynamic'), uniqueName('worker')];
  const { act } = await startProgram({ actions: true }, [DynamicSupervisor.childSpec({ name })]);
  await DynamicSupervisor.startChild(name, worker(id));
  const input = { supervisor: String(whereis(name)), pid: String(whereis(id)) };
  expect((await act('restart-child', input)).status).toBe(400);
  expect((await act('stop-child', input)).status).toBe(200);
  expect(whereis(id)).toBeUndefined();
});

test('prewarm, resize and drain a pool, and close a connection', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const { act } = await startProgram({ actions: true }, [Finch.childSpec({ name })]);
  const finch = Finch.get(name);
  await finch.get(server.url);
  const pool = { instance: name, pool: Pool.key(server.url) };
  expect(await act('prewarm-pool', { ...pool, count: 3 })).toMatchObject({
    text: '{"done":"3 idle"}',
  });
  expect((await act('shard-pool', { ...pool, count: 2 })).status).toBe(200);
  expect(finch.getPoolCount(server.url)).toBe(2);
  expect(await act('resize-pool', { ...pool, size: 7 })).toMatchObject({
    text: '{"done":"7 connections at most, a shard"}',
  });
  expect(finch.getPoolStatus(server.url).map(({ size }) => size)).toEqual([7, 7]);
  const [connection] = finch.listConnections(server.url);
  const close = { instance: name, pid: String(connection?.pid) };
  expect((await act('close-connection', close)).status).toBe(200);
  await eventually(() => expect(finch.count(server.url)).toBe(2));
  const other = await act('close-connection', { instance: name, pid: String(finch.pid) });
  expect(other.text).toContain('is no connection');
  expect(isAlive(finch.pid)).toBe(true);
  expect((await act('drain-pool', pool)).status).toBe(200);
  expect(finch.findPool(server.url)).toBeUndefined();
  expect((await act('drain-pool', pool)).text).toContain('there is no pool');
  for (const count of [0, 1.5, '2', 1e9]) {
    expect((await act('shard-pool', { ...pool, count })).status).toBe(400);
  }
  for (const size of [0, 1.5, '2', 1e9, null]) {
    expect((await act('resize-pool', { ...pool, size })).status).toBe(400);
  }
});

test('change the level of the logger', async () => {
  const logger = { level: 'info' };
  const { act, url } = await startProgram({ actions: true, logger });
  expect((await act('log-level', { level: 'debug' })).status).toBe(200);
  expect(logger.level).toBe('debug');
  expect(await (await fetch(`${url}api/session`)).json()).toMatchObject({ logLevel: 'debug' });
});

test('trace a server, without what its messages carry', async () => {
  const id = uniqueName('worker');
  const { act, page } = await startProgram({ actions: true }, [worker(id)]);
  const pid = String(whereis(id));
  expect((await page('process', { pid })).trace).toBeUndefined();
  expect((await act('trace', { pid })).status).toBe(200);
  await GenServer.call(id, ['echo', 'a secret']);
  const { trace } = await page('process', { pid });
  expect(trace?.map(({ type }) => type)).toContain('in');
  expect(JSON.stringify(trace)).not.toContain('a secret');
  expect((await act('end-trace', { pid })).status).toBe(200);
  expect((await page('process', { pid })).trace).toBeUndefined();
});

test('a trace shows messages where the observer reveals them', async () => {
  const id = uniqueName('worker');
  const { act, page } = await startProgram({ actions: true, reveal: true }, [worker(id)]);
  const pid = String(whereis(id));
  await act('trace', { pid });
  await GenServer.call(id, ['echo', 'a secret']);
  expect(JSON.stringify((await page('process', { pid })).trace)).toContain('a secret');
  await act('end-trace', { pid });
});

test('are refused without the token, from another site, and in another type', async () => {
  const id = uniqueName('worker');
  const { url } = await startProgram({ actions: true }, [worker(id)]);
  const { token } = (await (await fetch(`${url}api/session`)).json()) as { token: string };
  const body = JSON.stringify({ pid: String(whereis(id)) });
  const kill = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${url}api/actions/kill`, { method: 'POST', headers, body })).status;
  const type = { 'content-type': 'application/json' };
  expect(await kill(type)).toBe(403);
  expect(await kill({ ...type, 'x-observer-token': `${token}x` })).toBe(403);
  expect(await kill({ 'content-type': 'text/plain', 'x-observer-token': token })).toBe(415);
  const crossSite = { ...type, 'x-observer-token': token, 'sec-fetch-site': 'cross-site' };
  expect(await kill(crossSite)).toBe(403);
  expect(whereis(id)).toBeDefined();
});

test.each([
  ['no JSON', 'nonsense', 400],
  ['no object', '[]', 400],
  ['another name', '{"constructor": 1}', 400],
  ['too much', `{"pid": "${'x'.repeat(5000)}"}`, 413],
])('a body that is %s is refused', async (_what, body, status) => {
  const { url } = await startProgram({ actions: true });
  const { token } = (await (await fetch(`${url}api/session`)).json()) as { token: string };
  const headers = { 'content-type': 'application/json', 'x-observer-token': token };
  const response = await fetch(`${url}api/actions/kill`, { method: 'POST', headers, body });
  expect(response.status).toBe(status);
});

test('an action that does not exist is refused', async () => {
  const { act } = await startProgram({ actions: true });
  expect(await act('constructor', {})).toMatchObject({ status: 400 });
});
