/**
 * Every part of the tree is killed in every state of a request. Whatever
 * happens, each request ends once, with a response or a typed error; the
 * instance serves again; and nothing is left behind.
 */
import { startHttp1Server } from '@linnet/mint/testing';
import {
  DynamicSupervisor,
  exit,
  processInfo,
  receive,
  send,
  spawn,
  whereis,
  type Pid,
} from '@linnet/otp';
import { captureCrashReports, eventually, settle, type CrashCapture } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, isFinchError, Pool, Lease, type Response } from '../../src/index.ts';
import { findInstance } from '../../src/instance/instance.ts';
import { openSlots, startApp, type App } from '../support/app.ts';
import { startGateServer, type GateServer } from '../support/gate-server.ts';

type Outcome = Response | Lease | Error;

interface Scene extends App {
  readonly server: GateServer;
  /** The pool in question. */
  readonly pool: ReturnType<typeof Pool.new>;
  readonly caller: Pid;
  /** Makes a request as the calling process; the outcomes are collected. */
  ask(path: string): void;
  lease(): void;
  readonly outcomes: Promise<Outcome>[];
}

/** The process to kill. */
const victims: Record<string, (scene: Scene) => Promise<Pid | undefined> | Pid | undefined> = {
  'a connection': async (scene) => {
    const { connections } = poolOf(scene) ?? {};
    if (connections === undefined) return undefined;
    const [child] = await DynamicSupervisor.whichChildren(connections);
    return child?.pid as Pid | undefined;
  },
  'the pool process': ({ finch, pool }) =>
    finch.listPools().find((listing) => listing.pool.key === pool.key)?.shards[0]?.pid,
  'the pool supervisor': ({ finch, pool }) => finch.findPool(pool),
  'the connections supervisor': (scene) => poolOf(scene)?.connections,
  'the supervisor of all pools': ({ name }) => whereis(`${name}.Pools`),
  'the registry': ({ name }) => whereis(`${name}.Registry`),
  'the partition of the registry': ({ name }) =>
    processInfo(whereis(`${name}.Registry`) as Pid)?.links.find(
      (pid) => processInfo(pid)?.label === 'Registry.Partition',
    ),
  HostLimits: ({ name }) => whereis(`${name}.HostLimits`),
  'the manager': ({ name }) => whereis(`${name}.Manager`),
  'the instance': ({ name }) => whereis(name),
  'the calling process': ({ caller }) => caller,
};

/** Brings the pool into a state. */
const states: Record<string, (scene: Scene) => Promise<void>> = {
  idle: async ({ ask, outcomes }) => {
    ask('/now');
    await outcomes[0];
  },
  'in flight, headers not yet': async ({ ask, server }) => {
    ask('/hold');
    await server.holds(1);
  },
  'in flight, mid-body': async ({ ask, server }) => {
    ask('/head');
    await server.holds(1);
  },
  queued: async ({ ask, server, finch, pool }) => {
    ask('/hold');
    await server.holds(1);
    ask('/hold');
    ask('/hold');
    await eventually(() => expect(figuresOf(finch, pool.key)?.queued).toBe(2));
  },
  leased: async ({ lease, ask, outcomes, finch, pool }) => {
    lease();
    await outcomes[0];
    ask('/hold');
    await eventually(() => expect(figuresOf(finch, pool.key)?.queued).toBe(1));
  },
  'leased, with a request on it': async ({ lease, outcomes, server }) => {
    lease();
    const granted = (await outcomes[0]) as Lease;
    outcomes.push(granted.request('/hold').catch((error: unknown) => error as Error));
    await server.holds(1);
  },
};

describe.each([
  ['of the instance', false],
  ['of the user', true],
])('a pool %s', (_, userManaged) => {
  describe.each(Object.keys(states))('%s', (state) => {
    test.each(Object.keys(victims))('%s is killed', async (victim) => {
      using crashes = captureCrashReports();
      const scene = await setUp(userManaged);
      await states[state]?.(scene);
      const pid = await victims[victim]?.(scene);
      expect(pid).toBeDefined();

      exit(pid as Pid, 'kill');
      await settle();
      scene.server.open();

      await checkOutcomes(scene);
      await checkServing(scene);
      expect(unexpected(crashes)).toEqual([]);
    });
  });

  test.each(Object.keys(victims))('dialling, %s is killed', async (victim) => {
    using crashes = captureCrashReports();
    // It accepts and never says anything: the handshake does not end.
    const server = await startHttp1Server();
    onTestFinished(() => server.close());
    const scene = await setUp(userManaged, `https://127.0.0.1:${server.port}`);
    scene.ask('/never');
    scene.ask('/never');
    await server.peer(0);
    const pid = await victims[victim]?.(scene);

    exit(pid as Pid, 'kill');
    await settle();

    await checkOutcomes(scene);
    await eventually(() => expect(openSlots(Finch.get(scene.name))).toBe(0));
    await eventually(() =>
      expect(server.peers.filter(({ socket }) => !socket.closed)).toHaveLength(0),
    );
    expect(unexpected(crashes)).toEqual([]);
  });
});

async function setUp(userManaged: boolean, url?: string): Promise<Scene> {
  const server = await startGateServer();
  const pool = Pool.new(url ?? server.url, { tag: 'api' });
  const options = {
    size: 1,
    connOpts: { connectTimeout: 200, tls: { rejectUnauthorized: false } },
  } as const;
  const app = await startApp({
    maxRestarts: 10,
    ...(userManaged
      ? { children: (finch) => [Pool.childSpec({ finch, pool, ...options })] }
      : { pools: [[pool, options]] }),
  });
  const outcomes: Promise<Outcome>[] = [];
  const caller = spawn(async () => {
    for (;;) ((await receive()) as () => void)();
  });
  onTestFinished(() => exit(caller, 'kill'));
  const inCaller = (run: () => Promise<Outcome>): void => {
    outcomes.push(
      new Promise((resolve) => {
        send(caller, () => {
          run().then(resolve, (error: unknown) => resolve(error as Error));
        });
      }),
    );
  };
  return {
    ...app,
    server,
    pool,
    caller,
    outcomes,
    ask: (path) =>
      inCaller(() =>
        app.finch.request(
          Finch.build('GET', `${pool.origin}${path}`, undefined, undefined, { poolTag: 'api' }),
          { requestTimeout: 5000 },
        ),
      ),
    lease: () => inCaller(() => app.finch.checkout(pool)),
  };
}

function poolOf({ name, pool }: Scene) {
  return findInstance(name)?.pool(pool.key);
}

function figuresOf(finch: Finch, key: string) {
  return finch.listPools().find(({ pool }) => pool.key === key)?.shards[0];
}

/** Every request ends, by itself, in one of the two ways. */
async function checkOutcomes({ outcomes }: Scene): Promise<void> {
  // A lease comes first where there is one; the others wait for it.
  const first = await outcomes[0];
  if (first instanceof Lease) first.release();
  const ends = (await Promise.all(outcomes)).map((outcome) => endOf(outcome));
  expect(ends).not.toContain('ERR_FINCH_REQUEST_TIMEOUT');
  for (const end of ends) expect(end).toMatch(/^(?:OK|first last|released|ERR_FINCH_[A-Z_]+)$/);
}

function endOf(outcome: Outcome): string {
  if (outcome instanceof Lease) return outcome.released ? 'released' : 'leased';
  if (outcome instanceof Error) return isFinchError(outcome) ? outcome.code : String(outcome);
  return outcome.text();
}

/** It serves again, and its figures are those of the world. */
async function checkServing({ name, pool, server }: Scene): Promise<void> {
  const request = Finch.build('GET', `${pool.origin}/now`, undefined, undefined, {
    poolTag: pool.tag,
  });
  const status = await eventually(async () => (await Finch.get(name).request(request)).status);
  expect(status).toBe(200);
  const finch = Finch.get(name);
  await eventually(() =>
    expect(figuresOf(finch, pool.key)).toMatchObject({
      inUse: 0,
      idle: 1,
      connecting: 0,
      queued: 0,
    }),
  );
  expect(openSlots(finch)).toBe(1);
  await eventually(async () => expect(await server.sockets()).toBe(1));
  expect(finch.listPools()).toHaveLength(1);
}

/** Whatever crashed beside the victim, and those that end with it. */
function unexpected({ reports }: CrashCapture): unknown[] {
  return reports
    .map(({ label, reason }) => ({ label, reason }))
    .filter(({ reason }) => reason !== 'killed');
}
