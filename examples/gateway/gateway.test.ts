import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Finch } from '@linnet/finch';
import { Application, exit, formatTree, introspect, whereis } from '@linnet/otp';
import { eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBackend } from './backend.ts';
import { gateway } from './gateway.ts';
import { finch } from './services.ts';
import { Web } from './web.ts';

const command = (url: string) => fetch(url, { method: 'POST' });
const patiently = { timeout: 60_000 };
const statusOf = async (url: string) => (await fetch(url)).status;

async function start(resetTimeout = 60_000) {
  leakCheck(onTestFinished);
  const [users, orders] = await Promise.all([startBackend(), startBackend()]);
  const application = await Application.start({
    name: 'gateway',
    signals: [],
    children: gateway({
      port: 0,
      isReady: () => true,
      services: [
        { name: 'users', url: users },
        { name: 'orders', url: orders, resetTimeout },
      ],
    }),
  });
  onTestFinished(() => application[Symbol.asyncDispose]());
  return { users, orders, url: `http://127.0.0.1:${await Web.at('web').call('port')}` };
}

test('a service that fails opens its breaker, and the other goes on', async () => {
  const { url, orders } = await start();
  expect(await statusOf(`${url}/orders/1`)).toBe(200);
  await command(`${orders}/down`);
  const seen = [];
  for (let call = 0; call < 7; call++) seen.push(await statusOf(`${url}/orders/1`));
  // Each call is tried twice; after the fifth failure the breaker opens, in the midst of the third call.
  expect(seen).toEqual([500, 500, 503, 503, 503, 503, 503]);
  const refused = await fetch(`${url}/orders/1`);
  expect(await refused.json()).toEqual({ error: 'ERR_REQ_CIRCUIT_OPEN' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const large = { method: 'POST', body: 'x'.repeat(1_000_000) };
  expect((await fetch(`${url}/orders`, large)).status).toBe(503);
  expect(await statusOf(`${url}/users/7`)).toBe(200);
  expect(formatTree(introspect())).toMatch(/circuit_breaker.*open/);
});

test('a service that has recovered is served again', async () => {
  const { url, orders } = await start(500);
  await command(`${orders}/down`);
  for (let call = 0; call < 3; call++) await fetch(`${url}/orders/1`);
  await command(`${orders}/up`);
  await expect.poll(() => statusOf(`${url}/orders/1`), patiently).toBe(200);
});

test('a pool, the server and the breakers are back after they are killed', async () => {
  const { url, users } = await start();
  expect(await statusOf(`${url}/users/7`)).toBe(200);
  const [shard] = Finch.get(finch).getPoolStatus(users);
  if (shard !== undefined) exit(shard.pid, 'kill');
  expect(await statusOf(`${url}/users/7`)).toBe(200);
  expect(Finch.get(finch).getPoolStatus(users)[0]?.pid).not.toBe(shard?.pid);
  const web = whereis('web');
  if (web !== undefined) exit(web, 'kill');
  await eventually(() => expect(whereis('web')).not.toBe(web));
  const port = await Web.at('web').call('port');
  expect(await statusOf(`http://127.0.0.1:${port}/users/7`)).toBe(200);
});

test('bodies and statuses go through, what may be kept is asked for once, the rest is refused', async () => {
  const { url } = await start();
  const posted = await fetch(`${url}/users`, { method: 'POST', body: 'a user' });
  expect(await posted.json()).toEqual({ url: '/users', answered: 1 });
  for (let call = 0; call < 3; call++) {
    const response = await fetch(`${url}/users/cached`);
    expect(await response.json()).toEqual({ url: '/users/cached', answered: 2 });
  }
  expect(await statusOf(`${url}/nothing`)).toBe(404);
  expect(await statusOf(`${url}/ready`)).toBe(200);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/finch_pool_connections\{.*state="idle"\} 1/);
  expect(metrics).toContain(
    'gateway_request_duration_seconds_count{service="users",status="200"} 4',
  );
});

test('SIGTERM with requests in flight: all of them are answered, and the program exits with 0', async () => {
  const waiting: ServerResponse[] = [];
  const service = createServer((_request, response) => void waiting.push(response));
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const main = join(import.meta.dirname, 'main.ts');
  const options = [
    '--port',
    '0',
    '--users',
    upstream,
    '--orders',
    upstream.replace('127.0.0.1', 'localhost'),
  ];
  const program = spawn(process.execPath, ['--conditions=@linnet/source', main, ...options], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  let output = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
  const url = await vi.waitUntil(() => /listens at (\S+?)\. /.exec(output)?.[1], patiently);

  const calls = Array.from({ length: 10 }, (_, n) =>
    fetch(`${url}/${n % 2 ? 'users' : 'orders'}/${n}`),
  );
  await vi.waitUntil(() => waiting.length === calls.length, patiently);
  program.kill('SIGTERM');
  // It has begun to stop: it says so, or takes no connection any more.
  const isReady = () =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await vi.waitUntil(async () => !(await isReady()), patiently);
  for (const response of waiting) response.end('done');

  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(calls.map(() => 200));
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(
    calls.map(() => 'done'),
  );
  await vi.waitUntil(() => program.exitCode !== null, patiently);
  expect(program.exitCode).toBe(0);
});
