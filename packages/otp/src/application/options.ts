/** What makes an application. */
import { constants } from 'node:os';
import type { Restart } from '../process/start/child-spec.ts';
import { BadArgumentError, checkTimeout } from '../process/errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Child, RestartLimits, Strategy } from '../supervisor/types.ts';

/** Options of `Application.start`. */
export interface ApplicationOptions extends RestartLimits {
  /** Its name among the applications of the program; `'application'` by default. */
  readonly name?: string;
  /** The children of the root supervisor, started in this order and stopped in reverse. */
  readonly children: readonly Child[];
  /** Of the root supervisor; `'one_for_one'` by default. */
  readonly strategy?: Strategy;
  /** Names of applications that must be running when this one starts. */
  readonly applications?: readonly string[];
  /**
   * What it means for the program when the root supervisor ends by itself, because it had to
   * restart its children too often, for instance. `'permanent'` (default): all other applications
   * are stopped and the program exits, with 1, or with 0 if the reason was `'normal'`.
   * `'transient'`: the same, but for the reason `'normal'` nothing happens. `'temporary'`: it is
   * only logged.
   */
  readonly restart?: Restart;
  /**
   * The signals that stop all applications in order and then exit, `['SIGTERM', 'SIGINT']` by
   * default; none for a program that has its own handlers and calls `stop`.
   */
  readonly signals?: readonly NodeJS.Signals[];
  /**
   * What an error does that no code can catch any more: a promise that rejects and has no handler, a
   * throw in a callback of a timer or an emitter. `'stop'` (default): a crash report names the process
   * that had begun it, all applications are stopped in order, and the program exits with 1. `'leave'`:
   * what Node.js does by itself, which is to end at once, or what your own handlers of
   * `uncaughtException` and `unhandledRejection` do.
   */
  readonly strayErrors?: 'stop' | 'leave';
  /**
   * Milliseconds for the whole stop, 25,000 by default (Kubernetes kills 30 s after SIGTERM), or
   * `'infinity'`. What is left of the application is killed then.
   */
  readonly shutdownTimeout?: number | 'infinity';
  /** Runs before the tree is stopped: close the entrances, for instance. Its errors are logged. */
  readonly prepStop?: () => unknown;
  /**
   * Runs after the tree has ended, also by itself: flush logs, for instance. Its errors are
   * logged.
   */
  readonly stop?: (reason: ExitReason) => unknown;
}

/** The options with their defaults. */
export type CheckedOptions = Required<
  Omit<ApplicationOptions, 'maxRestarts' | 'maxSeconds' | 'prepStop' | 'stop'>
> &
  Pick<ApplicationOptions, 'maxRestarts' | 'maxSeconds' | 'prepStop' | 'stop'>;

const defaults = {
  name: 'application',
  strategy: 'one_for_one',
  applications: [],
  restart: 'permanent',
  signals: ['SIGTERM', 'SIGINT'],
  strayErrors: 'stop',
  shutdownTimeout: 25_000,
} as const satisfies Partial<ApplicationOptions>;

const known: ReadonlySet<string> = new Set([
  ...Object.keys(defaults),
  'children',
  'maxRestarts',
  'maxSeconds',
  'prepStop',
  'stop',
]);

/** Throws unless the options are valid, naming the one that is not; children are checked later. */
export function checkOptions(options: ApplicationOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new BadArgumentError('options', options, 'an object with children');
  }
  for (const key of Object.keys(options)) {
    if (!known.has(key)) {
      throw new BadArgumentError('options', key, `made of ${[...known].join(', ')}`);
    }
  }
  const checked: CheckedOptions = { ...defaults, ...options };
  const { name, applications, restart, signals, strayErrors, shutdownTimeout } = checked;
  const { prepStop, stop } = checked;
  if (!isName(name)) throw new BadArgumentError('name', name, 'a non-empty string');
  if (!Array.isArray(applications) || !applications.every(isName)) {
    throw new BadArgumentError('applications', applications, 'a list of names of applications');
  }
  if (!['permanent', 'transient', 'temporary'].includes(restart)) {
    throw new BadArgumentError('restart', restart, "'permanent', 'transient' or 'temporary'");
  }
  if (!Array.isArray(signals) || !signals.every((signal) => signal in constants.signals)) {
    throw new BadArgumentError('signals', signals, "a list of names such as 'SIGTERM'");
  }
  if (strayErrors !== 'stop' && strayErrors !== 'leave') {
    throw new BadArgumentError('strayErrors', strayErrors, "'stop' or 'leave'");
  }
  checkTimeout('shutdownTimeout', shutdownTimeout);
  for (const [key, callback] of Object.entries({ prepStop, stop })) {
    if (callback === undefined || typeof callback === 'function') continue;
    throw new BadArgumentError(key, callback, 'a function');
  }
  return checked;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
