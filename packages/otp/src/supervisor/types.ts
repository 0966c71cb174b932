/** The types of a supervision tree: what can be a child, how it is supervised, what is told of it. */
import type {
  ChildId,
  ChildSpec,
  Ignore,
  Startable,
  ChildSpecOverrides,
} from '../process/start/child-spec.ts';
import type { Pid } from '../process/pid.ts';
import type { NameOption } from '../process/names/server-ref.ts';

/** Which children are restarted when one ends: it, all, or it and those started after it. */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

/** Whether the supervisor ends with its significant children: not, with the first, with the last. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

/** How many restarts are too many. */
export interface RestartLimits {
  /** Restarts allowed within `maxSeconds`, 3 by default; one more ends the supervisor. */
  readonly maxRestarts?: number;
  /** Seconds, 5 by default. */
  readonly maxSeconds?: number;
}

/** How a supervisor treats its children. */
export interface SupervisorFlags extends RestartLimits {
  readonly strategy: Strategy;
  /** Default `'never'`. The others need children that are `significant`. */
  readonly autoShutdown?: AutoShutdown;
}

/** Options of `Supervisor.startLink`. */
export interface SupervisorOptions extends SupervisorFlags {
  /** Registers the supervisor before its children start. */
  readonly name?: NameOption;
}

/** Options of a supervisor whose children are all started from one template. */
export interface SimpleSupervisorOptions extends RestartLimits {
  readonly strategy: 'simple_one_for_one';
  readonly name?: NameOption;
}

/** Something that makes the specification of a child: a GenServer, a supervisor, a pool, … */
export interface ChildModule<S extends Startable = Startable> {
  /** The specification of the child. */
  readonly childSpec: (arg?: undefined) => ChildSpec<S>;
}

/** The same with an argument, for `[Module, arg]`. */
export interface ChildModuleWithArg<S extends Startable = Startable> {
  /** The specification of the child with this argument. */
  readonly childSpec: (arg: never) => ChildSpec<S>;
}

/** A child: its specification, a module that makes it, or a module and its argument. */
export type Child<S extends Startable = Startable> =
  | ChildSpec<S>
  | ChildModule<S>
  | readonly [module: ChildModuleWithArg<S>, arg: unknown];

/** `C` if it can be a child, with the argument that its module takes; else what to write instead. */
export type CheckedChild<C> = C extends readonly [infer M, unknown]
  ? M extends { readonly childSpec: (arg: infer Arg, ...rest: never[]) => unknown }
    ? readonly [M, Arg]
    : Child
  : C extends PromiseLike<unknown>
    ? 'a promise is no child: use C.childSpec(…) in place of C.startLink(…)'
    : C extends Child
      ? C
      : C extends ChildModuleWithArg
        ? 'this child needs an argument: [C, arg] or C.childSpec(arg)'
        : Child;

/** What the start function of a child gives. */
export type StartableOf<C> = C extends { readonly start: (...args: never[]) => infer S }
  ? Extract<Awaited<S>, Startable>
  : C extends { readonly childSpec: (...args: never[]) => ChildSpec<infer S> }
    ? S
    : C extends readonly [infer M, unknown]
      ? StartableOf<M>
      : never;

/** The same where start functions may take arguments. */
export type CheckedDynamicChild<C> = C extends {
  readonly start: (...args: never[]) => unknown;
}
  ? C
  : CheckedChild<C>;

/** A list of children, each checked. */
export type CheckedChildren<T extends readonly unknown[]> = {
  readonly [K in keyof T]: CheckedChild<T[K]>;
};

/** A child specification whose start function takes the arguments of `startChild`. */
export interface ChildTemplate<
  Args extends readonly unknown[],
  S extends Startable = Startable,
> extends Omit<ChildSpec, 'start' | 'significant'> {
  /** Starts the process, from the arguments that `startChild` was called with. */
  readonly start: (...args: Args) => S | Promise<S>;
  readonly significant?: false;
}

/** What the `init` of a module-based supervisor gives. */
export type SupervisorInit =
  | (SupervisorFlags & { readonly children: readonly Child[] })
  | (Omit<SimpleSupervisorOptions, 'name'> & {
      readonly children: readonly [ChildTemplate<never[]>];
    });

/** A tree as one value: `Supervisor.childSpec(tree)`. */
export interface SupervisorTree<T extends readonly Child[] = readonly Child[]>
  extends SupervisorOptions, Omit<ChildSpecOverrides, 'type'> {
  readonly children: T;
}

/** The arguments of a definition's functions; an argument that may be undefined may be left out. */
export type ModuleArgs<Arg, Options> = undefined extends Arg
  ? [arg?: Arg, options?: Options]
  : [arg: Arg, options?: Options];

/** A child that was started with extra information. */
export interface ChildWithInfo<Info = unknown> {
  readonly pid: Pid;
  readonly info: Info;
}

/** What starting a child resolves with: its pid, or undefined when it chose not to start. */
export type StartedChild<S extends Startable> = S extends Ignore
  ? undefined
  : S extends { readonly pid: Pid; readonly info: infer Info }
    ? ChildWithInfo<Info>
    : Pid;

/** The pid of a child, undefined while it is stopped. */
export type ChildState = Pid | undefined | 'restarting';

/** One child, as `whichChildren` tells it. */
export interface ChildInfo {
  /** Undefined under `simple_one_for_one` and DynamicSupervisor. */
  readonly id: ChildId | undefined;
  readonly pid: ChildState;
  readonly type: 'worker' | 'supervisor';
}

/** The children of a supervisor, counted. */
export interface ChildCounts {
  /** All of them, running or not. */
  readonly specs: number;
  /** Those that are alive. */
  readonly active: number;
  /** Those of type supervisor, alive or not. */
  readonly supervisors: number;
  /** Those of type worker, alive or not. */
  readonly workers: number;
}

/** What a supervisor shows of itself to `processInfo` and `introspect`. */
export interface SupervisorDetails {
  readonly strategy: Strategy | 'simple_one_for_one';
  /** Restarts allowed within `period` seconds. */
  readonly intensity: number;
  readonly period: number;
  /** Restarts within the current window. */
  readonly restarts: number;
  readonly children: readonly ChildDetails[];
}

/** A child, as `processInfo` shows it in the details of its supervisor. */
export interface ChildDetails extends ChildInfo {
  readonly restart: 'permanent' | 'transient' | 'temporary';
  /** How often this child was restarted. */
  readonly restarts: number;
}
