/** A supervisor that runs the same child many times, and routes by key. */
import { availableParallelism } from 'node:os';
import { CallError } from '../process/messages/call-error.ts';
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import type { ChildSpec, ChildSpecOverrides, Startable } from '../process/start/child-spec.ts';
import { self } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { isProcess } from '../process/local-process.ts';
import { isName } from '../process/names/name.ts';
import { onDeath } from '../process/links/on-death.ts';
import { Pid } from '../process/pid.ts';
import { isThenable } from '../process/values/thenable.ts';
import {
  checkNameOption,
  provideVia,
  resolveRef,
  withdrawVia,
  type NameOption,
  type ServerRef,
  type ViaRegistry,
} from '../process/names/server-ref.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import { expandChild } from './check-spec.ts';
import {
  countChildren,
  SupervisorHandleBase,
  restartChild,
  terminateChild,
  whichChildren,
  type AnySupervisorHandle,
} from './client.ts';
import { PartitionTable } from './partition-table.ts';
import { startSupervisor } from './start-supervisor.ts';
import { StaticLoop } from './static-loop.ts';
import type { ChildModule, ChildModuleWithArg, RestartLimits, Strategy } from './types.ts';

/** The child of every partition; a specification's start function gets the partition's number. */
export type PartitionChild =
  | (Omit<ChildSpec, 'start' | 'significant'> & {
      readonly start: (partition: number) => Startable | Promise<Startable>;
    })
  | ChildModule
  | readonly [module: ChildModuleWithArg, arg: unknown];

/** Options of `PartitionSupervisor.startLink`. */
export interface PartitionSupervisorOptions extends RestartLimits {
  readonly child: PartitionChild;
  /** How many; by default as many as the machine has processors to run on. */
  readonly partitions?: number;
  /** For a child `[Module, arg]`: the argument of each partition, from `arg` and its number. */
  readonly withArguments?: (arg: never, partition: number) => unknown;
  /** Default `'one_for_one'`. */
  readonly strategy?: Strategy;
  /** Makes it reachable as `{ via: [name, key] }`; its handle can stand for the name. */
  readonly name?: NameOption;
}

/** A running PartitionSupervisor. It can be used in via names: `{ via: [handle, key] }`. */
export interface PartitionSupervisorHandle extends AnySupervisorHandle, ViaRegistry {
  /** How many partitions are in use. */
  partitions(): number;
  /** The process of the partition that a key belongs to. */
  lookup(key: unknown): Pid | undefined;
  /** Changes how many are in use, at most as many as it was started with; gives the former number. */
  resize(partitions: number): Promise<number>;
}

/**
 * Starts a supervisor with one child per partition, their ids being 0, 1, ….
 *
 * Use it when one process is a bottleneck and the work can be split by a key: `{ via: [name, key] }`
 * reaches the child of the key, an integer key by its remainder, any other by its hash.
 *
 * Source: Elixir's `PartitionSupervisor.start_link/1`.
 * @throws {BadArgumentError} for a wrong child, number of partitions or `withArguments`.
 * @throws {SupervisorError} when a child does not start.
 * @example
 * await PartitionSupervisor.startLink({ child: DynamicSupervisor, name: 'sessions' });
 * await DynamicSupervisor.startChild({ via: ['sessions', userId] }, Session.childSpec(userId));
 */
async function startLink(options: PartitionSupervisorOptions): Promise<PartitionSupervisorHandle> {
  checkOptions(options);
  const { child, partitions = availableParallelism(), withArguments, name, ...limits } = options;
  const { strategy = 'one_for_one', maxRestarts, maxSeconds } = limits;
  const table = new PartitionTable(partitions);
  const children = Array.from({ length: partitions }, (_, partition) =>
    partitionSpec(child, partition, withArguments, table),
  );
  const init = () => {
    if (name !== undefined && isName(name)) {
      provideVia(name, table);
      onDeath(self(), () => withdrawVia(name, table));
    }
    return { strategy, maxRestarts, maxSeconds, children };
  };
  const pid = await startSupervisor(
    { module: 'PartitionSupervisor', init, attachment: table },
    name,
  );
  return new PartitionHandle(pid);
}

function checkOptions(options: PartitionSupervisorOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new BadArgumentError('options', options, 'an object with a child');
  }
  const { child, partitions, withArguments, name } = options;
  checkNameOption(name);
  if (child === undefined) throw new BadArgumentError('child', child, 'a child specification');
  if (partitions !== undefined && !(Number.isSafeInteger(partitions) && partitions > 0)) {
    throw new BadArgumentError('partitions', partitions, 'a positive integer');
  }
  if (withArguments === undefined) return;
  if (typeof withArguments !== 'function') {
    throw new BadArgumentError(
      'withArguments',
      withArguments,
      'a function (arg, partition) => arg',
    );
  }
  if (!Array.isArray(child)) {
    throw new BadArgumentError('child', child, '[Module, arg] when withArguments is given');
  }
}

function partitionSpec(
  child: PartitionChild,
  partition: number,
  withArguments: PartitionSupervisorOptions['withArguments'],
  table: PartitionTable,
): ChildSpec<Startable> {
  const own =
    withArguments === undefined || !Array.isArray(child)
      ? child
      : [child[0], withArguments(child[1] as never, partition)];
  const spec = expandChild(own);
  if (typeof spec !== 'object' || spec === null) return spec as never;
  const { start } = spec as { start?: unknown };
  // A wrong specification goes on as it is: the supervisor refuses it.
  if (typeof start !== 'function') return { ...spec, id: partition } as never;
  const record = (started: unknown): Startable => {
    table.set(partition, pidOf(started));
    return started as Startable;
  };
  const run = (): Startable | Promise<Startable> => {
    const started = (start as (n: number) => unknown)(partition);
    return isThenable(started) ? Promise.resolve(started).then(record) : record(started);
  };
  return { ...spec, id: partition, start: run };
}

function pidOf(started: unknown): Pid | undefined {
  if (Pid.isPid(started)) return started;
  const pid = typeof started === 'object' && started !== null && 'pid' in started && started.pid;
  return Pid.isPid(pid) ? pid : undefined;
}

/** The table of a running PartitionSupervisor. */
function tableOf(supervisor: ServerRef, operation: string): PartitionTable {
  const process = resolveRef(supervisor);
  if (isProcess(process) && process.behaviour instanceof StaticLoop) {
    const { attachment } = process.behaviour;
    if (attachment instanceof PartitionTable) return attachment;
  }
  throw new CallError('noproc', { module: 'PartitionSupervisor', function: operation }, [
    supervisor,
  ]);
}

/**
 * How many partitions are in use. Source: `PartitionSupervisor.partitions/1`.
 * @throws {CallError} when no PartitionSupervisor of that name is running.
 * @example
 * PartitionSupervisor.partitions('sessions'); // 8
 */
function partitions(supervisor: ServerRef): number {
  return tableOf(supervisor, 'partitions').size;
}

/**
 * The process of the partition that a key belongs to; undefined while it is down.
 * @throws {CallError} when no PartitionSupervisor of that name is running.
 * @example
 * PartitionSupervisor.lookup('sessions', userId);
 */
function lookup(supervisor: ServerRef, key: unknown): Pid | undefined {
  return tableOf(supervisor, 'lookup').whereisName(key);
}

/**
 * Changes how many partitions are in use: the last ones are stopped, or started again. Resolves
 * with the former number.
 *
 * Source: `PartitionSupervisor.resize!/2`.
 * @throws {BadArgumentError} for more than it was started with.
 * @example
 * await PartitionSupervisor.resize('sessions', 4); // 8
 */
async function resize(supervisor: ServerRef, size: number): Promise<number> {
  const table = tableOf(supervisor, 'resize');
  const { size: former, capacity } = table;
  if (!Number.isSafeInteger(size) || size < 0 || size > capacity) {
    throw new BadArgumentError('partitions', size, `an integer from 0 to ${capacity}`);
  }
  if (size < former) table.size = size;
  for (let i = former - 1; i >= size; i--) await terminateChild(supervisor, i);
  for (let i = former; i < size; i++) await restartChild(supervisor, i);
  table.size = size;
  return former;
}

class PartitionHandle extends SupervisorHandleBase implements PartitionSupervisorHandle {
  partitions(): number {
    return partitions(this.pid);
  }

  lookup(key: unknown): Pid | undefined {
    return lookup(this.pid, key);
  }

  resize(size: number): Promise<number> {
    return resize(this.pid, size);
  }

  whereisName(key: unknown): Pid | undefined {
    const process = resolveRef(this.pid);
    return process === undefined ? undefined : this.lookup(key);
  }

  registerName(key: unknown): boolean {
    return tableOf(this.pid, 'registerName').registerName(key);
  }

  unregisterName(): void {}
}

/**
 * The child specification of a PartitionSupervisor; its id is `id`, else its name.
 *
 * Source: `PartitionSupervisor.child_spec/1`.
 * @example
 * await Supervisor.startLink(
 *   [PartitionSupervisor.childSpec({ child: DynamicSupervisor, name: 'sessions' })],
 *   { strategy: 'one_for_one' },
 * );
 */
function childSpec(
  options: PartitionSupervisorOptions & Omit<ChildSpecOverrides, 'type'>,
): ChildSpec<PartitionSupervisorHandle> {
  const [overrides, own] = splitOverrides(options);
  return {
    id: idOf(own.name) ?? 'PartitionSupervisor',
    start: () => startLink(own),
    type: 'supervisor',
    ...overrides,
  };
}

/**
 * The same child many times under one supervisor, reached by key.
 *
 * Source: Elixir's `PartitionSupervisor`.
 */
export const PartitionSupervisor: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly partitions: typeof partitions;
  readonly lookup: typeof lookup;
  readonly resize: typeof resize;
  readonly whichChildren: typeof whichChildren;
  readonly countChildren: typeof countChildren;
  readonly stop: typeof stopServer;
} = Object.freeze({
  startLink,
  childSpec,
  partitions,
  lookup,
  resize,
  whichChildren,
  countChildren,
  stop: stopServer,
});
