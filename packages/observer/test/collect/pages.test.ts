import { Finch } from '@linnet/finch';
import { DynamicSupervisor, exit, GenServer, Registry, Supervisor, whereis } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { Worker, worker } from '../support/workers.ts';
import { startProgram, uniqueName } from '../support/program.ts';
import { openStream } from '../support/event-stream.ts';

test('the overview has figures of the program and of each instance', async () => {
  const finch = uniqueName('Finch');
  const program = await startProgram({}, [Finch.childSpec({ name: finch })]);
  const { system, versions, instances } = await program.page('overview');
  expect(system.processes).toBeGreaterThan(5);
  expect(system.memory.rss).toBeGreaterThan(1e6);
  expect(versions['node']).toBe(process.versions.node);
  expect(instances[finch]).toMatchObject({ pools: 0, inUse: 0, queued: 0 });
});

test('the tree has strategy, restarts and state of what stands in it', async () => {
  const id = uniqueName('worker');
  using _ = captureCrashReports();
  const program = await startProgram({}, [worker(id)]);
  const before = whereis(id);
  if (before !== undefined) exit(before, 'kill');
  await eventually(() => expect(whereis(id)).not.toBe(before));
  const { nodes, roots } = await program.page('tree');
  const root = roots.map((key) => nodes[key]).find((node) => node?.name?.endsWith('.App'));
  expect(root?.supervisor).toEqual({
    strategy: 'one_for_one',
    intensity: 3,
    period: 5,
    restarts: 1,
  });
  const child = nodes[String(whereis(id))];
  expect(child).toMatchObject({ id, name: id, label: 'Worker', restart: 'permanent', restarts: 1 });
  expect(root?.children).toContain(String(whereis(id)));
});

test('a child that is not running is in the tree, without a pid', async () => {
  const id = uniqueName('worker');
  const program = await startProgram({}, [worker(id)]);
  await program.supervisor.terminateChild(id);
  const { nodes } = await program.page('tree', { search: id });
  const [child] = Object.values(nodes).filter((node) => node.id === id);
  expect(child).toMatchObject({ status: 'stopped', matched: true });
  expect(child?.pid).toBeUndefined();
});

test('a search of the tree gives what matches and what is above it, by name and by pid', async () => {
  const [one, other] = [uniqueName('needle'), uniqueName('straw')];
  const program = await startProgram({}, [worker(one), worker(other)]);
  const byName = await program.page('tree', { search: one });
  const byPid = await program.page('tree', { search: String(whereis(one)) });
  for (const { nodes, roots, shown } of [byName, byPid]) {
    expect(nodes[String(whereis(one))]).toMatchObject({ matched: true });
    expect(nodes[String(whereis(other))]).toBeUndefined();
    expect(roots).toHaveLength(1);
    expect(shown).toBe(2);
  }
});

test('10,000 processes are paged, sorted and searched', async () => {
  const name = uniqueName('Many');
  const program = await startProgram({}, [DynamicSupervisor.childSpec({ name })]);
  for (let i = 0; i < 10_000; i++) {
    await DynamicSupervisor.startChild(name, Worker.childSpec('', { name: `${name}-${i}` }));
  }
  const tree = await program.page('tree');
  expect(tree.total).toBeGreaterThan(10_000);
  expect(tree.shown).toBeLessThan(200);
  expect(tree.nodes[String(whereis(name))]).toMatchObject({ more: 9950 });
  const found = await program.page('tree', { search: `${name}-9876` });
  expect(Object.values(found.nodes).map((node) => node.name)).toContain(`${name}-9876`);
  const query = { sort: 'name', order: 'desc', search: `${name}-`, limit: '3', offset: '1' };
  const { matched, order, rows } = await program.page('processes', query);
  expect(matched).toBe(10_000);
  expect(order.map((pid) => rows[pid]?.name)).toEqual([
    `${name}-9998`,
    `${name}-9997`,
    `${name}-9996`,
  ]);
  const all = await program.page('processes', { limit: '100000' });
  expect(all.order).toHaveLength(200);
});

test('the page of a process has what it is linked to, and hides its state', async () => {
  const id = uniqueName('worker');
  const program = await startProgram({}, [worker(id)]);
  const { process } = await program.page('process', { pid: String(whereis(id)) });
  expect(process).toMatchObject({
    name: id,
    label: 'Worker',
    supervisor: { title: `${program.observer.name}.App` },
    linked: [{ title: `${program.observer.name}.App` }],
  });
  expect(process?.details).toBe('hidden: state, lastMessage');
  expect((await program.page('process', { pid: '#PID<0.999999.0>' })).process).toBeUndefined();
  expect((await program.page('process', { pid: '<script>' })).process).toBeUndefined();
});

test('states are shown where the observer reveals them', async () => {
  const id = uniqueName('worker');
  const program = await startProgram({ reveal: true }, [worker(id)]);
  const { process } = await program.page('process', { pid: String(whereis(id)) });
  expect(process?.details).toContain("secret: 'top secret'");
});

test('pools and the connections of the one that was asked for', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const program = await startProgram({}, [Finch.childSpec({ name })]);
  await program.page('pools'); // from here on requests are recorded
  await Finch.get(name).get(server.url);
  await Finch.get(name)
    .get('http://127.0.0.1:1')
    .catch(() => {});
  const { pools } = await program.page('pools');
  const [id = ''] = Object.keys(pools).filter((each) => each.includes(String(server.port)));
  expect(pools[id]).toMatchObject({
    instance: name,
    status: 'up',
    userManaged: false,
    requests: 1,
    failed: 0,
    shards: { 'shard 1': { idle: 1, inUse: 0, queued: 0, protocol: 'http1' } },
  });
  const [failing = ''] = Object.keys(pools).filter((each) => each !== id);
  expect(pools[failing]).toMatchObject({ requests: 1, failed: 1, connectErrors: 1 });
  const page = await program.page('pools', { pool: id });
  expect(page.connectionCount).toBe(1);
  expect(Object.values(page.connections)).toMatchObject([
    { state: 'idle', protocol: 'http1', served: 1, peer: `127.0.0.1 ${server.port}` },
  ]);
});

test('requests with their phases, and without what is secret in them', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const program = await startProgram({}, [Finch.childSpec({ name })]);
  await program.page('requests');
  const headers = { authorization: 'Bearer secret' };
  await Finch.get(name).get(`${server.url}/a?token=secret`, { headers });
  const { rows, recent, slowest } = await program.page('requests');
  const row = rows[recent[0] ?? ''];
  expect(row).toMatchObject({ method: 'GET', path: '/a?…', status: 200, attempts: 1, bytes: 2 });
  expect(Object.keys(row?.phases ?? {})).toEqual(['queue', 'connect', 'send', 'wait', 'receive']);
  expect(slowest).toEqual(recent);
  expect(JSON.stringify(rows)).not.toContain('secret');
});

test('headers and queries are shown where the observer reveals them, redacted', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const program = await startProgram({ reveal: true }, [Finch.childSpec({ name })]);
  await program.page('requests');
  const headers = { authorization: 'Bearer secret', cookie: 'a=secret', 'x-kind': 'plain' };
  await Finch.get(name).get(`${server.url}/a?page=2&api_key=secret`, { headers });
  const { rows, recent } = await program.page('requests');
  const row = rows[recent[0] ?? ''];
  expect(row?.path).toBe('/a?page=2&api_key=[redacted]');
  expect(row?.headers).toContainEqual(['x-kind', 'plain']);
  expect(row?.headers).toContainEqual(['authorization', '[redacted]']);
  expect(JSON.stringify(rows)).not.toContain('secret');
});

test('a redaction of the user decides instead', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const redact = (header: string) => (header === 'x-kind' ? 'gone' : undefined);
  const program = await startProgram({ reveal: true, redact }, [Finch.childSpec({ name })]);
  await program.page('requests');
  await Finch.get(name).get(server.url, { headers: { 'x-kind': 'plain' } });
  const { rows, recent } = await program.page('requests');
  expect(rows[recent[0] ?? '']?.headers).toContainEqual(['x-kind', 'gone']);
});

test('a redaction that fails shows nothing', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const redact = (): string => {
    throw new Error('no');
  };
  const program = await startProgram({ reveal: true, redact }, [Finch.childSpec({ name })]);
  await program.page('requests');
  await Finch.get(name).get(`${server.url}/a?page=secret`, { headers: { 'x-kind': 'secret' } });
  const { rows, recent } = await program.page('requests');
  expect(rows[recent[0] ?? '']?.headers).toContainEqual(['x-kind', '[redacted]']);
  expect(JSON.stringify(rows)).not.toContain('secret');
});

test('what a reason carries beside its tags is hidden unless the observer reveals it', async () => {
  using _ = captureCrashReports();
  const reasonOf = async (reveal: boolean): Promise<string> => {
    const id = uniqueName('worker');
    const program = await startProgram({ reveal }, [worker(id)]);
    const pid = whereis(id);
    if (pid !== undefined) exit(pid, { refused: { order: 'a private one' }, by: 'me' });
    await eventually(() => expect(whereis(id)).not.toBe(pid));
    const { crashes, order } = await program.page('crashes');
    return crashes[order[0] ?? '']?.reason ?? '';
  };
  expect(await reasonOf(false)).toBe('{ refused: { order: … }, by: … }');
  expect(await reasonOf(true)).toContain('a private one');
});

test('crashes have reason, stack and what became of the process', async () => {
  using _ = captureCrashReports();
  const id = uniqueName('worker');
  const program = await startProgram({}, [worker(id)]);
  const before = whereis(id);
  GenServer.cast(id, ['crash', 'it <b>broke</b>']);
  await eventually(() => expect(whereis(id)).not.toBe(before));
  const { crashes, order, system } = await program.page('crashes');
  const crash = crashes[order[0] ?? ''];
  expect(crash).toMatchObject({
    pid: String(before),
    name: id,
    label: 'Worker',
    cause: 'fault',
    outcome: 'restarted',
    successor: String(whereis(id)),
  });
  expect(crash?.reason).toContain('it <b>broke</b>');
  expect(crash?.stack).toContain('workers.ts');
  expect(crash?.state).toBeUndefined();
  expect(system).toMatchObject({ crashes: 1, restarts: 1 });
});

test('a supervisor that gives up is told of', async () => {
  using _ = captureCrashReports();
  const id = uniqueName('worker');
  const program = await startProgram({}, [worker(id)]);
  // The observer itself is under the supervisor: its own log would end with it.
  const inner = await program.supervisor.startChild({
    id: 'inner',
    start: () =>
      Supervisor.startLink([worker(`${id}-inner`)], { strategy: 'one_for_one', maxRestarts: 0 }),
    type: 'supervisor',
    restart: 'temporary',
  });
  expect(inner).toBeDefined();
  GenServer.cast(`${id}-inner`, ['crash', 'once']);
  await eventually(async () => {
    const { crashes } = await program.page('crashes');
    const outcomes = Object.values(crashes).map(({ outcome }) => outcome);
    expect(outcomes).toContain('its supervisor gave up: more than 0 restarts in 5 s');
  });
});

test('registered names, and the entries of a registry', async () => {
  const name = uniqueName('Registry');
  const program = await startProgram({}, [
    Registry.childSpec({ name, keys: 'unique' }),
    Worker.childSpec('', { name: { via: [name, 'room:1'] }, id: 'room' }),
  ]);
  const { registries, names, entries } = await program.page('registry', { registry: name });
  expect(registries[name]).toEqual({ keys: 'unique', entries: 1, owners: 1 });
  expect(names.map(([each]) => each)).toContain(program.observer.name);
  expect(entries).toMatchObject([['room:1', expect.stringContaining('#PID')]]);
});

test('a stream has the document once, then what changed', async () => {
  const id = uniqueName('worker');
  using _ = captureCrashReports();
  const program = await startProgram({}, [worker(id)]);
  const stream = await openStream(program.url, 'tree', { interval: '1' });
  expect((await stream.next())?.event).toBe('document');
  const before = whereis(id);
  expect(stream.document.nodes[String(before)]).toMatchObject({ name: id });
  GenServer.cast(id, ['crash', 'now']);
  const after = await stream.until(({ nodes }) => nodes[String(before)] === undefined);
  expect(after.nodes[String(whereis(id))]).toMatchObject({ name: id, restarts: 1 });
});

test('a patch of a program that rests is small, however many processes it has', async () => {
  const program = await startProgram(
    {},
    Array.from({ length: 40 }, (_, i) => worker(`${uniqueName('worker')}-${i}`)),
  );
  const stream = await openStream(program.url, 'tree');
  const first = await stream.next();
  const second = await stream.next();
  expect(first?.size).toBeGreaterThan(8000);
  expect(second).toMatchObject({ event: 'patch' });
  expect(second?.size).toBeLessThan(800);
});
