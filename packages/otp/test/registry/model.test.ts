import {
  AlreadyRegisteredError,
  exit,
  isAlive,
  receive,
  Registry,
  send,
  spawn,
  type KeysMode,
  type Pid,
  type RegistryHandle,
} from '@linnet/otp';
import { leakCheck, settle } from '@linnet/otp/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

interface Entry {
  readonly key: string;
  readonly owner: number;
  value: number;
}

/** What the registry should hold, in plain arrays. */
class Model {
  entries: Entry[] = [];
  partitionsKilled = 0;
  readonly mode: KeysMode;

  constructor(mode: KeysMode) {
    this.mode = mode;
  }

  of(key: string): Entry[] {
    return this.entries.filter((entry) => entry.key === key);
  }
}

/** A process that does what it is told, one thing at a time. */
class Worker {
  readonly pid: Pid;

  constructor() {
    this.pid = spawn(async () => {
      for (;;) ((await receive()) as () => void)();
    });
  }

  /** Runs a function in the process; gives what it returns or throws. */
  async run(act: () => unknown): Promise<unknown> {
    let outcome: unknown;
    send(this.pid, () => {
      try {
        outcome = act();
      } catch (error) {
        outcome = error;
      }
    });
    await settle();
    return outcome;
  }
}

interface Real {
  readonly registry: RegistryHandle<string, number>;
  readonly workers: Worker[];
}

async function check({ registry, workers }: Real, model: Model): Promise<void> {
  await settle();
  expect(registry.count()).toBe(model.entries.length);
  expect(registry.details().owners).toBe(new Set(model.entries.map(({ owner }) => owner)).size);
  for (const key of keys) {
    const expected = model.of(key).map(({ owner, value }) => [workers[owner]?.pid, value]);
    expect(registry.lookup(key).map(({ pid, value }) => [pid, value])).toEqual(expected);
    for (const { pid } of registry.lookup(key)) expect(isAlive(pid)).toBe(true);
  }
  for (const [owner, { pid }] of workers.entries()) {
    const own = model.entries.filter((entry) => entry.owner === owner).map(({ key }) => key);
    expect(registry.keys(pid).toSorted(compare)).toEqual(own.toSorted(compare));
  }
}

const keys = ['a', 'b', 'c'];
const compare = (a: string, b: string): number => a.localeCompare(b);
type Command = fc.AsyncCommand<Model, Real>;

const command = (
  text: string,
  run: (model: Model, real: Real) => Promise<void>,
  possible: (model: Readonly<Model>) => boolean = () => true,
): Command => ({
  check: possible,
  run: async (model, real) => {
    await run(model, real);
    await check(real, model);
  },
  toString: () => text,
});

const register = (owner: number, key: string, value: number): Command =>
  command(`${owner} registers ${key}`, async (model, { registry, workers }) => {
    const outcome = await workers[owner]?.run(() => registry.register(key, value));
    const taken = model.mode === 'unique' && model.of(key).length > 0;
    expect(outcome instanceof AlreadyRegisteredError).toBe(taken);
    if (!taken) model.entries.push({ key, owner, value });
  });

const unregister = (owner: number, key: string): Command =>
  command(`${owner} unregisters ${key}`, async (model, { registry, workers }) => {
    await workers[owner]?.run(() => registry.unregister(key));
    model.entries = model.entries.filter((entry) => entry.key !== key || entry.owner !== owner);
  });

const unregisterEven = (owner: number, key: string): Command =>
  command(`${owner} unregisters even ${key}`, async (model, { registry, workers }) => {
    await workers[owner]?.run(() => registry.unregisterMatch(key, (value) => value % 2 === 0));
    model.entries = model.entries.filter(
      (entry) => entry.key !== key || entry.owner !== owner || entry.value % 2 !== 0,
    );
  });

const update = (owner: number, key: string): Command =>
  command(`${owner} updates ${key}`, async (model, { registry, workers }) => {
    await workers[owner]?.run(() => registry.updateValue(key, (value) => value + 1));
    const [entry] = model.of(key);
    if (model.mode === 'unique' && entry?.owner === owner) entry.value++;
  });

const kill = (owner: number): Command =>
  command(`${owner} is killed`, async (model, { workers }) => {
    const killed = workers[owner];
    if (killed === undefined) return;
    exit(killed.pid, 'kill');
    workers[owner] = new Worker();
    model.entries = model.entries.filter((entry) => entry.owner !== owner);
    await Promise.resolve();
  });

const killPartition = (index: number): Command =>
  command(
    `partition ${index} is killed`,
    async (model, { registry, workers }) => {
      model.partitionsKilled++;
      const { partitions } = registry.details();
      exit(partitions[index % partitions.length] as Pid, 'kill');
      await settle();
      for (const [owner, { pid }] of workers.entries()) {
        if (isAlive(pid)) continue;
        workers[owner] = new Worker();
        model.entries = model.entries.filter((entry) => entry.owner !== owner);
      }
    },
    // One more would be one restart too many within the period of the registry's supervisor.
    ({ partitionsKilled }) => partitionsKilled < 3,
  );

const owner = fc.nat(2);
const key = fc.constantFrom(...keys);
const commands = fc.commands(
  [
    fc.tuple(owner, key, fc.nat(9)).map((args) => register(...args)),
    fc.tuple(owner, key).map((args) => unregister(...args)),
    fc.tuple(owner, key).map((args) => unregisterEven(...args)),
    fc.tuple(owner, key).map((args) => update(...args)),
    owner.map((n) => kill(n)),
    fc.nat(2).map((n) => killPartition(n)),
  ],
  { maxCommands: 40 },
);

test.each<[KeysMode, number]>([
  ['unique', 1],
  ['unique', 3],
  ['duplicate', 1],
  ['duplicate', 3],
])('a %s registry with %i partitions holds what a list would hold', async (mode, partitions) => {
  await using _check = leakCheck();
  await fc.assert(
    fc.asyncProperty(commands, async (cmds) => {
      const name = `model ${mode} ${partitions}`;
      await using registry = await Registry.startLink<string, number>({
        name,
        keys: mode,
        partitions,
      });
      const workers = [new Worker(), new Worker(), new Worker()];
      try {
        await fc.asyncModelRun(
          () => ({ model: new Model(mode), real: { registry, workers } }),
          cmds,
        );
      } finally {
        for (const { pid } of workers) exit(pid, 'kill');
      }
    }),
    { numRuns: 40 },
  );
});
