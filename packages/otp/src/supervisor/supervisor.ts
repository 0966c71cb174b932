/** Supervisors: processes that start, watch, restart and stop other processes. */
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import {
  ignore,
  type ChildSpec,
  type ChildSpecOverrides,
  type Ignore,
  type Startable,
} from '../process/start/child-spec.ts';
import { BadArgumentError } from '../process/errors.ts';
import { checkNameOption, type NameOption, type ServerRef } from '../process/names/server-ref.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import {
  checkChildSpecs as checkSpecs,
  checkFlags,
  expandChild,
  expandChildren,
  Invalid,
} from './check-spec.ts';
import {
  ask,
  countChildren,
  deleteChild,
  getChildSpec,
  restartChild,
  startChild,
  StaticHandle,
  terminateChild,
  whichChild,
  whichChildren,
  type SimpleSupervisorHandle,
  type SupervisorHandle,
} from './client.ts';
import { SupervisorError } from './errors.ts';
import { supervisorModule } from './module.ts';
import { startSupervisor } from './start-supervisor.ts';
import type {
  AutoShutdown,
  CheckedChildren,
  Child,
  ChildTemplate,
  ModuleArgs,
  SimpleSupervisorOptions,
  SupervisorInit,
  SupervisorOptions,
  SupervisorTree,
} from './types.ts';

/**
 * Starts a supervisor linked to the current process (from plain code: a root), and its children
 * in order. Resolves when all of them are up.
 *
 * `strategy` must be given. `maxRestarts` is 3 within `maxSeconds` 5, `autoShutdown` `'never'`.
 * With strategy `'simple_one_for_one'`, the only element of `children` is a template, and
 * `startChild(args)` starts a child by calling its start function with these arguments.
 *
 * Source: `supervisor:start_link/2,3`, Elixir's `Supervisor.start_link/2`.
 * @throws {SupervisorError} with `reason` `['already_started', pid]`,
 *   `{ shutdown: ['failed_to_start_child', id, reason] }` (the children started before are
 *   stopped again), `['start_spec', …]`, or `['supervisor_data', …]`.
 * @throws {BadArgumentError} when `strategy` is missing, or for a module without `childSpec`.
 * @example
 * const supervisor = await Supervisor.startLink(
 *   [{ id: 'db', start: () => Database.startLink() }, [Counter, 1]],
 *   { strategy: 'one_for_one' },
 * );
 */
async function startLink<Args extends readonly unknown[], S extends Startable>(
  children: readonly [ChildTemplate<Args, S>],
  options: SimpleSupervisorOptions,
): Promise<SimpleSupervisorHandle<Args, S>>;
async function startLink<const T extends readonly unknown[]>(
  children: T & CheckedChildren<T>,
  options: SupervisorOptions,
): Promise<SupervisorHandle>;
async function startLink(
  children: readonly unknown[],
  options: SupervisorOptions | SimpleSupervisorOptions,
): Promise<unknown> {
  const init = staticInit(children, options);
  const pid = await startSupervisor({ module: 'Supervisor', init: () => init }, options.name);
  return new StaticHandle(pid);
}

/** Flags and children as one value, modules replaced by their specifications. */
function staticInit(children: unknown, options: unknown): object {
  if (typeof options !== 'object' || options === null || !('strategy' in options)) {
    throw new BadArgumentError(
      'options',
      options,
      "an object with a strategy: 'one_for_one', 'one_for_all' or 'rest_for_one'",
    );
  }
  checkNameOption((options as { name?: NameOption }).name);
  return { ...options, children: expandChildren(children) };
}

/** A supervisor definition: starts supervisors and makes child specifications of them. */
export interface SupervisorModule<Arg, Ignored extends Ignore = never> {
  readonly name: string;
  /**
   * Starts a supervisor linked to the current process (from plain code: a root), and its children.
   * @throws {SupervisorError} as `Supervisor.startLink` does.
   */
  startLink(
    ...args: ModuleArgs<Arg, { readonly name?: NameOption }>
  ): Promise<SupervisorHandle | Ignored>;
  /** A child specification; its id is the name of the process or the module. */
  childSpec(
    ...args: ModuleArgs<Arg, { readonly name?: NameOption } & ChildSpecOverrides>
  ): ChildSpec<SupervisorHandle | Ignored>;
}

/**
 * Defines a supervisor whose flags and children come from a function that runs in the supervisor
 * at each start, from the argument it is started with.
 *
 * Source: the `init/1` callback of `supervisor`, `use Supervisor`.
 * @example
 * const Shard = Supervisor.define({
 *   name: 'Shard',
 *   init: (n: number) => ({ strategy: 'one_for_all', children: [[Store, n], [Cache, n]] }),
 * });
 * await Supervisor.startLink([[Shard, 1]], { strategy: 'one_for_one' });
 */
function define<
  Arg,
  R extends SupervisorInit | Ignore | Promise<SupervisorInit | Ignore>,
>(callbacks: {
  readonly name?: string;
  readonly init: (arg: Arg) => R;
}): SupervisorModule<Arg, Extract<Awaited<R>, Ignore>> {
  const { name: moduleName = 'Supervisor', init } = callbacks;
  if (typeof init !== 'function') throw new BadArgumentError('init', init, 'a function');
  type Ignored = Extract<Awaited<R>, Ignore>;
  const run = async (
    arg: Arg,
    name: NameOption | undefined,
  ): Promise<SupervisorHandle | Ignored> => {
    const pid = await startSupervisor({ module: moduleName, init: () => init(arg) }, name);
    return pid === ignore ? (ignore as Ignored) : new StaticHandle(pid);
  };
  return supervisorModule(callbacks.name, moduleName, run);
}

/**
 * The child specification of a supervisor with its children, for nested trees; its id is `id`,
 * else its name. With `overrides`: the specification of any child, changed.
 *
 * Source: `Supervisor.child_spec/1,2`.
 * @example
 * Supervisor.childSpec({ id: 'workers', strategy: 'one_for_all', children: [A, B] });
 * Supervisor.childSpec([Counter, 1], { id: 'second', restart: 'transient' });
 */
function childSpec<const T extends readonly Child[]>(
  tree: Omit<SupervisorTree<T>, 'children'> & { readonly children: T & CheckedChildren<T> },
): ChildSpec<SupervisorHandle>;
function childSpec<S extends Startable>(
  child: Child<S>,
  overrides?: ChildSpecOverrides,
): ChildSpec<S>;
function childSpec(tree: unknown, overrides?: ChildSpecOverrides): ChildSpec<Startable> {
  if (typeof tree !== 'object' || tree === null || !('children' in tree)) {
    return { ...(expandChild(tree) as ChildSpec<Startable>), ...overrides };
  }
  const [own, { children, ...options }] = splitOverrides(tree as SupervisorTree);
  const init = staticInit(children, options);
  return {
    id: idOf(options.name) ?? 'Supervisor',
    start: async () => {
      const pid = await startSupervisor({ module: 'Supervisor', init: () => init }, options.name);
      return new StaticHandle(pid);
    },
    type: 'supervisor',
    ...own,
    ...overrides,
  };
}

/**
 * Replaces flags and child specifications of a running supervisor.
 *
 * A running child keeps running under its new specification; new children are added but not
 * started (see `restartChild`); children that are no longer listed are kept.
 *
 * Source: `code_change` of `supervisor`.
 * @throws {SupervisorError} with `reason` `['error', why]`; nothing has changed then.
 * @example
 * await Supervisor.changeSpecs('shop', {
 *   strategy: 'one_for_one',
 *   maxRestarts: 10,
 *   children: [Database, Counter.childSpec(1)],
 * });
 */
async function changeSpecs(
  supervisor: ServerRef,
  init:
    | SupervisorInit
    | Ignore
    | (() => SupervisorInit | Ignore | Promise<SupervisorInit | Ignore>),
): Promise<void> {
  const given: unknown = typeof init === 'function' ? await init() : init;
  if (given === ignore) return;
  const refuse = (why: unknown): never => {
    throw new SupervisorError('Supervisor.changeSpecs', ['error', why]);
  };
  if (typeof given !== 'object' || given === null || !('children' in given)) return refuse(given);
  const flags = checkFlags(given);
  if (flags instanceof Invalid) return refuse(flags.reason);
  const specs = expandChildren(given.children);
  return ask('Supervisor', supervisor, 'changeSpecs', { flags, specs });
}

/**
 * Checks child specifications without starting anything.
 *
 * Source: `supervisor:check_childspecs/1,2`.
 * @throws {SupervisorError} with what is wrong as its `reason`.
 * @example
 * Supervisor.checkChildSpecs([Database, Counter.childSpec(1)]);
 */
function checkChildSpecs(children: readonly Child[], autoShutdown?: AutoShutdown): void {
  const refuse = (why: unknown): never => {
    throw new SupervisorError('Supervisor.checkChildSpecs', why);
  };
  if (!Array.isArray(children)) return refuse(['badarg', children]);
  // Without autoShutdown, significant children are as valid as under any that allows them.
  const checked = checkSpecs(expandChildren(children), autoShutdown ?? 'any_significant');
  return checked instanceof Invalid ? refuse(checked.reason) : undefined;
}

/**
 * A handle of a supervisor that was started elsewhere, by pid or name. By name it follows the
 * name: after a restart it reaches the new process.
 * @example
 * const handle = Supervisor.at('tree');
 * await handle.countChildren();
 */
function at(supervisor: ServerRef): SupervisorHandle {
  return new StaticHandle(supervisor);
}

/**
 * Supervisors, and what can be done to any of them by pid or name.
 *
 * Source: `supervisor`, Elixir's `Supervisor`.
 */
export const Supervisor: {
  readonly startLink: typeof startLink;
  readonly define: typeof define;
  readonly childSpec: typeof childSpec;
  readonly changeSpecs: typeof changeSpecs;
  readonly checkChildSpecs: typeof checkChildSpecs;
  readonly at: typeof at;
  readonly startChild: typeof startChild;
  readonly terminateChild: typeof terminateChild;
  readonly restartChild: typeof restartChild;
  readonly deleteChild: typeof deleteChild;
  readonly whichChildren: typeof whichChildren;
  readonly whichChild: typeof whichChild;
  readonly countChildren: typeof countChildren;
  readonly getChildSpec: typeof getChildSpec;
  readonly stop: typeof stopServer;
} = Object.freeze({
  startLink,
  define,
  childSpec,
  changeSpecs,
  checkChildSpecs,
  at,
  startChild,
  terminateChild,
  restartChild,
  deleteChild,
  whichChildren,
  whichChild,
  countChildren,
  getChildSpec,
  stop: stopServer,
});
