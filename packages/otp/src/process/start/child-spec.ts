/** Child specifications: what a supervisor must know to start, stop and restart a process. */
import type { Pid } from '../pid.ts';

/**
 * Identifies a child within its supervisor; any value but undefined and a promise. Arrays are compared
 * by their elements, everything else as the keys of a Map.
 */
export type ChildId = string | number | symbol | object;

/** Returned instead of a process: not started, by its own choice. OTP's `ignore`. */
export const ignore: unique symbol = Symbol.for('@linnet/otp/ignore');
/** The type of {@link ignore}. */
export type Ignore = typeof ignore;

/** What a start function gives: a process, one with extra information, or {@link ignore}. */
export type Startable =
  | Pid
  | { readonly pid: Pid }
  | { readonly pid: Pid; readonly info: unknown }
  | Ignore;

/** When a child that has ended is started again. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** How a child is stopped: ms between `'shutdown'` and `'kill'`, at once, or without limit. */
export type ShutdownTime = number | 'brutal_kill' | 'infinity';

/**
 * How long a supervisor waits before it starts a child again: `initial` ms, `factor` times as long each
 * time, `max` ms at most. Not in OTP, where a restart comes at once; see {@link ChildSpec.backoff}.
 */
export interface RestartBackoff {
  /** Milliseconds before the first restart. */
  readonly initial: number;
  /** The most milliseconds before one. */
  readonly max: number;
  /** Default 2; 1 waits the same time each time. */
  readonly factor?: number;
  /** Milliseconds that it has to run for the wait to be `initial` again. Default `max`. */
  readonly resetAfter?: number;
}

/**
 * A child of a supervisor.
 *
 * `S` is what its start function gives: `ChildSpec` alone is one that always gives a process,
 * `ChildSpec<Pid | Ignore>` one that may choose not to start.
 *
 * Source: `supervisor:child_spec()`.
 */
export interface ChildSpec<S extends Startable = Pid | { readonly pid: Pid }> {
  readonly id: ChildId;
  /** Starts the process, linked to the supervisor in which it runs. */
  readonly start: () => S | Promise<S>;
  /** Default `'permanent'`: always restarted. `'transient'`: after a failure only. */
  readonly restart?: Restart;
  /** Default 5000 ms for workers, `'infinity'` for supervisors. */
  readonly shutdown?: ShutdownTime;
  /** Default `'worker'`. */
  readonly type?: 'worker' | 'supervisor';
  /**
   * Waits before each restart, also before one whose start has failed. Meanwhile the child is
   * `'restarting'`, the supervisor serves others, and with `'one_for_all'` and `'rest_for_one'` the group
   * is stopped at once and started after the wait. Each restart counts against `maxRestarts` when its time
   * has come. Without it (the default) a restart comes at once, as in OTP.
   */
  readonly backoff?: RestartBackoff;
  /** Whether its end can end the supervisor, see `autoShutdown`. Default false. */
  readonly significant?: boolean;
}

/** What may be overridden when a module makes a child specification. */
export type ChildSpecOverrides = Partial<Omit<ChildSpec, 'start'>>;
