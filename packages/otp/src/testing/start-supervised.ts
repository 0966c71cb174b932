/** Processes that live as long as a test. */
import {
  ignore,
  type ChildSpec,
  type Ignore,
  type ShutdownTime,
  type Startable,
} from '../process/start/child-spec.ts';
import { systemClock } from '../process/time/clock.ts';
import { detached } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { exit, link } from '../process/links/link.ts';
import { Pid } from '../process/pid.ts';
import { expandChild } from '../supervisor/check-spec.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { Child } from '../supervisor/types.ts';

/** Registers what has to happen after the test, such as `onTestFinished` of vitest. */
export type OnTestFinished = (hook: () => Promise<void>) => void;

/** A process under the supervisor of one test. */
export interface Supervised<T> extends AsyncDisposable {
  /** The process, or the one that was started in its place. */
  readonly pid: Pid;
  /** What the start function gave at first: a pid, or a typed handle of a server. */
  readonly handle: T;
  /** Stops it as a supervisor does, waits for its end, and kills it after its shutdown time. */
  stop(): Promise<void>;
}

/** What can be started: a child of a supervisor, or a function that starts a linked process. */
export type SupervisedChild<T extends Startable> = Child<T> | (() => T | Promise<T>);

type Started = Exclude<Startable, Ignore>;

/**
 * Starts a process under a supervisor of its own and stops both after the test.
 *
 * The end of the test is told by a hook (`onTestFinished` of vitest, `after` of node:test) or by
 * `await using`. A child specification or a module is restarted as it says; what a function
 * starts is not. As under any supervisor, the process ends by `'shutdown'`, and by `'kill'` when
 * it is still alive after its shutdown time: 5000 ms by default, of real time even while a
 * {@link TestClock} is installed.
 *
 * Source: `ExUnit.Callbacks.start_supervised/2`.
 * @throws what the start function throws, and {@link BadArgumentError} when it gives no process.
 * @example
 * import { onTestFinished } from 'vitest';
 * const { handle: counter } = await startSupervised(() => Counter.startLink(1), onTestFinished);
 * expect(await counter.call('add', 2)).toBe(3);
 */
export async function startSupervised<T extends Startable>(
  child: SupervisedChild<T>,
  onTestFinished?: OnTestFinished,
): Promise<Supervised<Exclude<T, Ignore>>> {
  const spec = specOf(child);
  const starts = new Starts(spec.start);
  // Without a parent: the process in which the test runs may end before its hooks.
  const supervisor = await detached(() =>
    Supervisor.startLink([], { strategy: 'one_for_one', maxRestarts: 1_000_000, maxSeconds: 1 }),
  );
  const stop = async (): Promise<void> => {
    const wakeup = killAfter(shutdownOf(spec), starts);
    await supervisor[Symbol.asyncDispose]();
    wakeup?.cancel();
  };
  try {
    await supervisor.startChild({ ...spec, start: () => starts.next() });
    starts.check();
  } catch (error) {
    await stop();
    throw starts.failure ?? error;
  }
  onTestFinished?.(stop);
  return {
    get pid() {
      return starts.pid;
    },
    handle: starts.first as Exclude<T, Ignore>,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function specOf<T extends Startable>(child: SupervisedChild<T>): ChildSpec<Startable> {
  return typeof child === 'function' && !('childSpec' in child)
    ? { id: 'supervised', start: child, restart: 'temporary' }
    : (expandChild(child) as ChildSpec<Startable>);
}

function shutdownOf({ shutdown, type }: ChildSpec<Startable>): ShutdownTime {
  return shutdown ?? (type === 'supervisor' ? 'infinity' : 5000);
}

/** The supervisor counts on the runtime's clock, which the test may leave standing still. */
function killAfter(shutdown: ShutdownTime, starts: Starts): { cancel(): void } | undefined {
  if (typeof shutdown !== 'number') return undefined;
  return systemClock.wakeAfter(shutdown, () => {
    if (starts.first !== undefined) exit(starts.pid, 'kill');
  });
}

/** What a start function has given so far. */
class Starts {
  first: Started | undefined;
  failure: unknown;
  readonly #start: ChildSpec<Startable>['start'];
  #last: Started | undefined;

  constructor(start: ChildSpec<Startable>['start']) {
    this.#start = start;
  }

  get pid(): Pid {
    return pidOf(this.#last as Started);
  }

  async next(): Promise<Startable> {
    let started: Startable;
    try {
      started = await this.#start();
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
    if (isStarted(started)) {
      link(pidOf(started)); // a start function that does not link leaves no process behind
      this.#last = started;
      this.first ??= started;
    } else {
      this.failure ??= new BadArgumentError('child', started, 'one that starts a process');
    }
    return started;
  }

  check(): void {
    if (this.first === undefined) throw this.failure;
  }
}

const pidOf = (started: Started): Pid => (Pid.isPid(started) ? started : started.pid);

function isStarted(value: Startable): value is Started {
  if (value === ignore || typeof value !== 'object' || value === null) return false;
  return Pid.isPid(value) || ('pid' in value && Pid.isPid(value.pid));
}
