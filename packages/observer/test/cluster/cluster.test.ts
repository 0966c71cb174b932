import { Cluster, Global, Node, Pg, Workers } from '@linnet/cluster';
import { GenServer, whereis } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { openStream } from '../support/event-stream.ts';
import { startProgram, startSharedProgram, type Program } from '../support/program.ts';
import { worker } from '../support/workers.ts';

const here = 'test@127.0.0.1';
const there = 'test/w1@127.0.0.1';

test(
  'a program that is no node says so, and has loaded nothing of the cluster',
  { timeout: 120_000 },
  async () => {
    const program = await startProgram();
    expect(await program.page('cluster')).toMatchObject({ isRunning: false, nodes: {}, order: [] });
    const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { Observer } = await import('@linnet/observer');
    const observer = await Observer.startLink({ port: false, authorize: () => true });
    for (const page of ['overview', 'cluster']) {
      await (await observer.handler(new Request('http://localhost/api/' + page))).text();
    }
    await observer.stop();
    console.log(JSON.stringify(loaded.filter((url) => url.includes('packages/cluster'))));
  `;
    const args = [
      '--conditions=@linnet/source',
      '--no-warnings',
      '--input-type=module',
      '-e',
      script,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: import.meta.dirname,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(JSON.parse(stdout)).toEqual([]);
  },
);

test('the process that answers other nodes refuses what it does not know, and lives on', async () => {
  await startProgram();
  const ask = (page: string): Promise<unknown> =>
    GenServer.call('Linnet.Observer', ['document', page, 'limit=__proto__']);
  expect(await ask('constructor')).toEqual({ refusal: 'no such page' });
  expect(await ask('overview')).toHaveProperty('document.system.processes');
});

describe('a node with another one in a worker thread', () => {
  let program: Program;

  beforeAll(async () => {
    program = await startSharedProgram({}, [
      Cluster.childSpec({ name: here, cookie: 'secret' }),
      Pg.childSpec(),
      Global.childSpec(),
      Workers.childSpec({
        count: 1,
        module: new URL('../support/cluster-worker.ts', import.meta.url),
        worker: { execArgv: ['--conditions=@linnet/source', '--no-warnings'] },
        // It compiles all packages from their sources.
        startTimeout: 60_000,
      }),
      worker('leader'),
    ]);
    await eventually(async () => {
      const { nodes } = await program.page('cluster');
      if (nodes[there]?.figures === undefined) throw new Error(`${there} has not answered yet`);
    });
  }, 120_000);

  afterAll(async () => {
    await program.supervisor.stop();
  });

  test('nodes have their state, the time of a round trip, what waits for them, and figures', async () => {
    expect(await Global.register('leader', whereis('leader'))).toBe(true);
    const pid = whereis('leader');
    if (pid !== undefined) Pg.join(['room', 1], pid);
    const page = await program.page('cluster');
    expect(page).toMatchObject({
      isRunning: true,
      order: [here, there],
      nameCount: 1,
      groupCount: 1,
    });
    expect(page.nodes[here]).toMatchObject({ state: 'this node' });
    const other = page.nodes[there];
    expect(other).toMatchObject({ state: 'connected', suspected: false, busy: false, gaps: 0 });
    expect(other?.roundTrip).toBeGreaterThan(0);
    expect(other?.signalsSent).toBeGreaterThan(0);
    expect(other?.waitingBytes).toBeGreaterThanOrEqual(0);
    expect(other?.figures?.processes).toBeGreaterThan(3);
    expect(page.names).toEqual([['leader', String(pid), here]]);
    expect(page.groups).toEqual([["[ 'room', 1 ]", 1]]);
  });

  test('the trees and processes of other nodes are shown where an observer runs, by its rules', async () => {
    const { nodes, system } = await program.page('tree', { node: there });
    expect(system.node).toBe(there);
    const far = Object.values(nodes).find(({ name }) => name === 'far-away');
    expect(far).toMatchObject({ label: 'Worker', restart: 'permanent' });
    const { process } = await program.page('process', { node: there, pid: far?.pid ?? '' });
    expect(process).toMatchObject({ name: 'far-away', details: 'hidden: state, lastMessage' });
    const stream = await openStream(program.url, 'processes', { node: there, search: 'far-away' });
    await stream.next();
    expect(stream.document).toMatchObject({ matched: 1, system: { node: there } });
    expect((await program.page('tree', { node: here })).system.node).toBe(here);
  });

  test('observer cluster prints the nodes, and --node asks one of them', async () => {
    const { url } = program;
    const print = async (...args: readonly string[]): Promise<string> => {
      let out = '';
      await run(args, {
        write: (text) => void (out += text),
        writeError: (text) => void (out += text),
        interactive: false,
        onKey: () => () => {},
        signal: new AbortController().signal,
      });
      return out;
    };
    const text = await print('cluster', url);
    expect(text).toMatch(/^node +state +round trip/);
    expect(text).toMatch(/^test\/w1@127\.0\.0\.1 +connected.* ms /m);
    expect(text).toContain('1 global names, 1 groups');
    expect(JSON.parse(await print('cluster', url, '--json'))).toMatchObject({ isRunning: true });
    expect(await print('tree', url, '--node', there)).toContain('far-away');
    expect(await print('tree', url, '--node', 'nowhere@x')).toContain('answers 502');
  });

  test('a node that is lost stays in the list with the reason; its pages are not to be had', async () => {
    await program.supervisor.terminateChild('Workers');
    await eventually(() => expect(Node.list()).toEqual([]));
    const { nodes, order } = await program.page('cluster');
    expect(order).toEqual([here, there]);
    expect(nodes[there]).toMatchObject({ state: 'lost' });
    expect(nodes[there]?.reason).toEqual(expect.any(String));
    const response = await fetch(`${program.url}api/tree?node=${encodeURIComponent(there)}`);
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ error: `no observer answers on ${there}` });
    expect((await openStream(program.url, 'tree', { node: there })).status).toBe(502);
  });
});
