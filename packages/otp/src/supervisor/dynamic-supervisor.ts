/** Supervisors whose children are started one by one at run time. */
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import {
  ignore,
  type ChildSpec,
  type ChildSpecOverrides,
  type Ignore,
  type Startable,
} from '../process/start/child-spec.ts';
import { BadArgumentError } from '../process/errors.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { checkNameOption, type NameOption, type ServerRef } from '../process/names/server-ref.ts';
import type { InitOutcome } from '../process/start/start.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import { checkDynamicChild, checkDynamicFlags } from './check-dynamic.ts';
import { expandChild, Invalid } from './check-spec.ts';
import {
  ask,
  countChildren,
  SupervisorHandleBase,
  terminateChild,
  whichChildren,
  type AnySupervisorHandle,
} from './client.ts';
import { OwnSpecsKind } from './own-specs-kind.ts';
import { DynamicLoop } from './dynamic-loop.ts';
import { SupervisorError } from './errors.ts';
import { supervisorModule } from './module.ts';
import { startProcess } from './start-supervisor.ts';
import type {
  CheckedDynamicChild,
  ChildModule,
  ChildModuleWithArg,
  ModuleArgs,
  RestartLimits,
  StartableOf,
  StartedChild,
} from './types.ts';

const label = 'dynamic_supervisor';

/** How a DynamicSupervisor treats its children. */
export interface DynamicSupervisorFlags<
  Extra extends readonly unknown[] = readonly unknown[],
> extends RestartLimits {
  /** Most children at a time, those that are being restarted included. Default `'infinity'`. */
  readonly maxChildren?: number | 'infinity';
  /** Given to every start function. Default none. */
  readonly extraArguments?: Extra;
}

/** Options of `DynamicSupervisor.startLink`. */
export interface DynamicSupervisorOptions<
  Extra extends readonly unknown[] = readonly unknown[],
> extends DynamicSupervisorFlags<Extra> {
  readonly name?: NameOption;
}

/** A child whose start function takes the supervisor's extra arguments. */
export type DynamicChild<Extra extends readonly unknown[]> =
  | (Omit<ChildSpec<Startable>, 'start'> & {
      readonly start: (...extra: Extra) => Startable | Promise<Startable>;
    })
  | ChildModule
  | readonly [module: ChildModuleWithArg, arg: unknown];

/** A running DynamicSupervisor. Each function is also `DynamicSupervisor.…(ref, …)`. */
export interface DynamicSupervisorHandle<
  Extra extends readonly unknown[] = readonly [],
> extends AnySupervisorHandle {
  /** Starts a child; see `DynamicSupervisor.startChild`. */
  startChild<const C extends DynamicChild<Extra>>(
    child: C & CheckedDynamicChild<C>,
  ): Promise<StartedChild<StartableOf<C>>>;
  /** Stops a child; it is forgotten. */
  terminateChild(pid: Pid): Promise<void>;
}

/**
 * Starts a DynamicSupervisor linked to the current process (from plain code: a root).
 *
 * Use it for many children of the same kind that come and go, such as one per connection; its
 * costs do not grow with their number. Strategy one_for_one; on stop, all children are stopped
 * at the same time, each with its own shutdown time.
 *
 * Source: Elixir's `DynamicSupervisor.start_link/1`.
 * @throws {SupervisorError} with `reason` `['already_started', pid]` or `['supervisor_data', why]`.
 * @example
 * const connections = await DynamicSupervisor.startLink({ maxChildren: 100 });
 * await connections.startChild({ id: 'c', start: () => Connection.startLink(), restart: 'temporary' });
 */
async function startLink<const Extra extends readonly unknown[] = readonly []>(
  options: DynamicSupervisorOptions<Extra> = {},
): Promise<DynamicSupervisorHandle<Extra>> {
  if (typeof options !== 'object' || options === null) {
    throw new BadArgumentError('options', options, 'an object');
  }
  checkNameOption(options.name);
  return (await run('DynamicSupervisor', () => options, options.name)) as DynamicHandle;
}

async function run(
  module: unknown,
  init: () => unknown,
  name: NameOption | undefined,
): Promise<DynamicHandle | Ignore> {
  const pid = await startProcess(
    label,
    'DynamicSupervisor.startLink',
    (process, parent) => initialise(process, parent, module, init),
    name,
  );
  return pid === ignore ? ignore : new DynamicHandle(pid);
}

async function initialise(
  process: Process,
  parent: Pid | undefined,
  module: unknown,
  init: () => unknown,
): Promise<InitOutcome> {
  process.trapExit = true;
  const given = await init();
  if (given === ignore) return { type: 'ignore' };
  if (typeof given !== 'object' || given === null) {
    return { type: 'stop', reason: ['bad_return', [module, 'init', given]] };
  }
  const flags = checkDynamicFlags(given);
  if (flags instanceof Invalid) {
    return { type: 'stop', reason: ['supervisor_data', flags.reason] };
  }
  return { type: 'ok', behaviour: new DynamicLoop(process, parent, new OwnSpecsKind(flags)) };
}

/** A DynamicSupervisor definition. */
export interface DynamicSupervisorModule<Arg, Ignored extends Ignore = never> {
  readonly name: string;
  /**
   * Starts one, linked to the current process (from plain code: a root).
   * @throws {SupervisorError} as `DynamicSupervisor.startLink` does.
   */
  startLink(
    ...args: ModuleArgs<Arg, { readonly name?: NameOption }>
  ): Promise<DynamicSupervisorHandle | Ignored>;
  /** A child specification; its id is the name of the process or the module. */
  childSpec(
    ...args: ModuleArgs<Arg, { readonly name?: NameOption } & ChildSpecOverrides>
  ): ChildSpec<DynamicSupervisorHandle | Ignored>;
}

/**
 * Defines a DynamicSupervisor whose options come from a function that runs in it at each start.
 *
 * Source: `use DynamicSupervisor` and its `init/1`.
 * @example
 * const Jobs = DynamicSupervisor.define({ init: (max: number) => ({ maxChildren: max }) });
 * await Jobs.startLink(10, { name: 'jobs' });
 */
function define<Arg, R extends DynamicSupervisorFlags | Ignore>(callbacks: {
  readonly name?: string;
  readonly init: (arg: Arg) => R | Promise<R>;
}): DynamicSupervisorModule<Arg, Extract<R, Ignore>> {
  const { name: moduleName = 'DynamicSupervisor', init } = callbacks;
  if (typeof init !== 'function') throw new BadArgumentError('init', init, 'a function');
  type Ignored = Extract<R, Ignore>;
  const runWith = (arg: Arg, name: NameOption | undefined) =>
    run(moduleName, () => init(arg), name) as Promise<DynamicHandle | Ignored>;
  return supervisorModule(callbacks.name, moduleName, runWith);
}

/**
 * The child specification of a DynamicSupervisor; its id is `id`, else its name.
 *
 * Source: `DynamicSupervisor.child_spec/1`.
 * @example
 * await Supervisor.startLink([DynamicSupervisor.childSpec({ name: 'jobs', maxChildren: 10 })], {
 *   strategy: 'one_for_one',
 * });
 */
function childSpec<const Extra extends readonly unknown[] = readonly []>(
  options: DynamicSupervisorOptions<Extra> & Omit<ChildSpecOverrides, 'type'> = {},
): ChildSpec<DynamicSupervisorHandle<Extra>> {
  const [overrides, flags] = splitOverrides(options);
  return {
    id: idOf(flags.name) ?? 'DynamicSupervisor',
    start: () => startLink(flags),
    type: 'supervisor',
    ...overrides,
  };
}

/**
 * Starts a child. Its id has no meaning here: many children may have the same.
 *
 * Resolves with its pid, `{ pid, info }` if it was started with extra information, undefined if
 * it chose not to start (then nothing is kept of it).
 *
 * Source: `DynamicSupervisor.start_child/2`.
 * @throws {SupervisorError} with `reason` `'max_children'`, a fault of the specification, or what
 *   the start function gave, raised or exited with.
 * @example
 * const pid = await DynamicSupervisor.startChild('jobs', Counter.childSpec(1));
 */
async function startChild<const C extends DynamicChild<readonly never[]>>(
  supervisor: ServerRef,
  child: C & CheckedDynamicChild<C>,
): Promise<StartedChild<StartableOf<C>>> {
  const spec = checkDynamicChild(expandChild(child));
  if (spec instanceof Invalid) {
    throw new SupervisorError('DynamicSupervisor.startChild', spec.reason);
  }
  return ask('DynamicSupervisor', supervisor, 'startDynamicChild', spec);
}

/**
 * Replaces the options of a running DynamicSupervisor; children that run stay, even if they are
 * more than `maxChildren` now.
 *
 * Source: `code_change` of `DynamicSupervisor`.
 * @throws {SupervisorError} with `reason` `['error', why]`; nothing has changed then.
 * @example
 * await DynamicSupervisor.changeOptions('jobs', { maxChildren: 20 });
 */
async function changeOptions(
  supervisor: ServerRef,
  init: DynamicSupervisorFlags | Ignore | (() => DynamicSupervisorFlags | Ignore),
): Promise<void> {
  const given: unknown = typeof init === 'function' ? init() : init;
  if (given === ignore) return;
  const refuse = (why: unknown): never => {
    throw new SupervisorError('DynamicSupervisor.changeOptions', ['error', why]);
  };
  if (typeof given !== 'object' || given === null) return refuse(given);
  const flags = checkDynamicFlags(given);
  if (flags instanceof Invalid) return refuse(['supervisor_data', flags.reason]);
  return ask('DynamicSupervisor', supervisor, 'changeOptions', flags);
}

class DynamicHandle
  extends SupervisorHandleBase
  implements DynamicSupervisorHandle<readonly never[]>
{
  startChild(child: unknown): Promise<never> {
    return startChild<never>(this.ref, child as never);
  }

  terminateChild(pid: Pid): Promise<void> {
    return terminateChild(this.ref, pid);
  }
}

/**
 * A handle of a DynamicSupervisor that was started elsewhere, by pid or name.
 * @example
 * const jobs = DynamicSupervisor.at('jobs');
 * await jobs.startChild(Counter.childSpec(1));
 */
function at(supervisor: ServerRef): DynamicSupervisorHandle {
  return new DynamicHandle(supervisor);
}

/**
 * Supervisors for children that are started one by one.
 *
 * Source: Elixir's `DynamicSupervisor`.
 */
export const DynamicSupervisor: {
  readonly startLink: typeof startLink;
  readonly define: typeof define;
  readonly childSpec: typeof childSpec;
  readonly changeOptions: typeof changeOptions;
  readonly at: typeof at;
  readonly startChild: typeof startChild;
  /**
   * Stops a child; it is forgotten.
   *
   * Source: `DynamicSupervisor.terminate_child/2`.
   * @throws {SupervisorError} `'not_found'`.
   * @example
   * await DynamicSupervisor.terminateChild('jobs', worker);
   */
  readonly terminateChild: (supervisor: ServerRef, pid: Pid) => Promise<void>;
  readonly whichChildren: typeof whichChildren;
  readonly countChildren: typeof countChildren;
  readonly stop: typeof stopServer;
} = Object.freeze({
  startLink,
  define,
  childSpec,
  changeOptions,
  at,
  startChild,
  terminateChild,
  whichChildren,
  countChildren,
  stop: stopServer,
});
