import { DynamicSupervisor, exit, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Req, type ReqOptions } from '../../src/index.ts';
import { Upstreams } from '../../src/upstreams.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { startServer } from '../support/server.ts';
import { processes, startTree } from '../support/tree.ts';

/** Servers that answer with their name, or with 500 while they are broken. */
async function startUpstreams(count: number) {
  const servers = [];
  for (let index = 0; index < count; index++) {
    const state = { broken: false };
    const { url } = await startServer((_, response) => {
      response
        .writeHead(state.broken ? 500 : 200, { 'content-type': 'text/plain' })
        .end(`server ${index}`);
    });
    servers.push({ url, state, name: `server ${index}` });
  }
  return servers;
}

const states = () =>
  processes()
    .filter(({ name, label }) => `${String(name)} ${String(label)}`.includes('upstream'))
    .map(({ state }) => state);

/** Who answered so many calls, without those that failed. */
async function answers(req: Req, calls: number, options?: ReqOptions): Promise<Set<unknown>> {
  const names = new Set<unknown>();
  for (let call = 0; call < calls; call++) {
    const { status, body } = await req.get('/', options);
    if (status === 200) names.add(body);
  }
  return names;
}

test('the servers of a list are asked in turn, wherever it begins', async () => {
  const [a, b, c] = await startUpstreams(3);
  const { req } = await startTree({ baseUrl: [a!.url, `${b!.url}/path`, new URL(c!.url)] });
  const names = [];
  for (let call = 0; call < 6; call++) names.push((await req.get('/')).body);
  expect(new Set(names.slice(0, 3))).toEqual(new Set(['server 0', 'server 1', 'server 2']));
  expect(names.slice(3)).toEqual(names.slice(0, 3));
});

test('a retry goes to another server than the one that failed', async () => {
  const [a, b] = await startUpstreams(2);
  const { req } = await startTree({
    baseUrl: [a!.url, b!.url],
    retry: 'safe_transient',
    retryDelay: 0,
    maxRetries: 1,
  });
  a!.state.broken = true;
  expect(await answers(req, 10)).toEqual(new Set(['server 1']));
  for (let call = 0; call < 10; call++) expect((await req.get('/')).status).toBe(200);
});

test('one that fails is ejected, and comes back; the second time it stays out for twice as long', async () => {
  const [a, b, c] = await startUpstreams(3);
  const { req } = await startTree({
    baseUrl: [a!.url, b!.url, c!.url],
    outlier: { failures: 2, ejectionTime: 1000, maxEjectionTime: 1500 },
  });
  const clock = new TestClock().install(onTestFinished);
  const untilEjected = async (): Promise<void> => {
    for (let call = 0; call < 6; call++) await req.get('/');
    expect(states().filter((state) => state === 'ejected')).toHaveLength(1);
  };
  a!.state.broken = true;
  await untilEjected();
  const failed = async (): Promise<number> => {
    let count = 0;
    for (let call = 0; call < 6; call++) if ((await req.get('/')).status === 500) count += 1;
    return count;
  };
  expect(await failed()).toBe(0);
  await clock.advance(1000);
  expect(states()).toEqual(['in_rotation', 'in_rotation', 'in_rotation']);
  await untilEjected();
  // Twice 1000, but no more than 1500.
  await clock.advance(1499);
  expect(await failed()).toBe(0);
  a!.state.broken = false;
  await clock.advance(1);
  expect(await answers(req, 3)).toEqual(new Set(['server 0', 'server 1', 'server 2']));
  // What it was ejected for is made up by the time in the rotation.
  await clock.advance(2000);
  a!.state.broken = true;
  await untilEjected();
  await clock.advance(1000);
  expect(states()).toEqual(['in_rotation', 'in_rotation', 'in_rotation']);
});

test('no more than maxEjected of them: the rest go on, whatever they answer', async () => {
  const servers = await startUpstreams(4);
  const { req } = await startTree({
    baseUrl: servers.map(({ url }) => url),
    outlier: { failures: 1 },
  });
  for (const { state } of servers) state.broken = true;
  for (let call = 0; call < 12; call++) expect((await req.get('/')).status).toBe(500);
  expect(states().filter((state) => state === 'ejected')).toHaveLength(2);
});

test('when all are ejected they are asked nevertheless', async () => {
  const servers = await startUpstreams(2);
  const { req } = await startTree({
    baseUrl: servers.map(({ url }) => url),
    outlier: { failures: 1, maxEjected: 1 },
  });
  for (const { state } of servers) state.broken = true;
  for (let call = 0; call < 4; call++) expect((await req.get('/')).status).toBe(500);
  expect(states()).toEqual(['ejected', 'ejected']);
  for (const { state } of servers) state.broken = false;
  expect(await answers(req, 2)).toEqual(new Set(['server 0', 'server 1']));
});

test('a server that cannot be reached is ejected, one whose calls are cancelled is not', async () => {
  const [good] = await startUpstreams(1);
  const silent = await startServer(() => {});
  const { req } = await startTree({ outlier: { failures: 1 } });
  const cancelling = req.merge({ baseUrl: [silent.url, good!.url] });
  for (let call = 0; call < 4; call++) {
    const controller = new AbortController();
    const outcome = cancelling.get('/', { signal: controller.signal }).then(
      ({ status }) => status,
      () => 'cancelled',
    );
    setImmediate(() => controller.abort());
    await outcome;
  }
  expect(states()).not.toContain('ejected');
  const dead = req.merge({ baseUrl: ['http://127.0.0.1:1', good!.url] });
  for (let call = 0; call < 2; call++) await dead.get('/').catch(() => {});
  expect(states()).toContain('ejected');
  expect(await answers(dead, 4)).toEqual(new Set(['server 0']));
});

test('a URL of another server is none of the list, and says nothing of it', async () => {
  const servers = await startUpstreams(2);
  const other = await startServer((_, response) => response.writeHead(500).end());
  const { req } = await startTree({
    baseUrl: servers.map(({ url }) => url),
    outlier: { failures: 1 },
  });
  for (let call = 0; call < 3; call++) expect((await req.get(other.url)).status).toBe(500);
  expect(states()).toEqual([]);
});

test('one that is killed is started again, in the rotation', async () => {
  const servers = await startUpstreams(2);
  const { req, name } = await startTree({
    baseUrl: servers.map(({ url }) => url),
    outlier: { failures: 1 },
  });
  servers[0]!.state.broken = true;
  await req.get('/');
  await req.get('/');
  expect(states()).toContain('ejected');
  const children = await DynamicSupervisor.whichChildren(`${name}.Guards`);
  await captureCrashReports(() => {
    for (const { pid } of children) exit(pid as Pid, 'kill');
  });
  await eventually(() => expect(states()).toEqual(['in_rotation', 'in_rotation']));
});

test('without the tree it says what is missing', async () => {
  const [a, b] = await startUpstreams(2);
  const req = Req.new({
    supervisor: 'NoTree',
    baseUrl: [a!.url, b!.url],
    outlier: true,
    retry: false,
  });
  expect(await rejection(req.get('/'))).toMatchObject({ code: 'ERR_REQ_NOT_RUNNING' });
});

test('an empty list, and one with what is no URL, are refused', () => {
  expect(() => Req.new({ baseUrl: [] })).toThrow(/baseUrl/);
  expect(() => Req.new({ baseUrl: ['http://a.example', 'b.example'] })).toThrow(/baseUrl/);
  expect(() => Req.new({ outlier: { ejectionTime: 0 } })).toThrow(/outlier\.ejectionTime/);
});

test('the turn passes over those that are ejected, and takes the last asked when there is no other', () => {
  const upstreams = new Upstreams(['http://a', 'http://b', 'http://c'], () => 0);
  const next = (...ejected: string[]) => upstreams.pick(new Set(ejected), undefined);
  expect([next(), next(), next(), next()]).toEqual([
    'http://a',
    'http://b',
    'http://c',
    'http://a',
  ]);
  expect([next('http://b'), next('http://b')]).toEqual(['http://c', 'http://a']);
  expect(upstreams.pick(new Set(['http://a', 'http://c']), 'http://b')).toBe('http://b');
});
