/** Processes that live as long as a test. */
import {
  ignore,
  type ChildSpec,
  type Ignore,
  type ShutdownTime,
  type Startable,
} from '../process/child-spec.ts';
import { systemClock } from '../process/clock.ts';
import { BadArgumentError } from '../process/errors.ts';
import { exit, link, outside, trapExit } from '../process/link.ts';
import { monitor } from '../process/monitor.ts';
import { Pid } from '../process/pid.ts';
import { receive } from '../process/receive.ts';
import { spawn } from '../process/spawn.ts';
import type { ExitMessage } from '../process/signals.ts';
import { ProcessEnd } from './process-end.ts';

/** Registers what has to happen after the test, such as `onTestFinished` of vitest. */
export type OnTestFinished = (hook: () => Promise<void>) => void;

/** A process under the supervisor of one test. */
export interface Supervised<T> extends AsyncDisposable {
  readonly pid: Pid;
  /** What the start function gave: a pid, or a typed handle of a server. */
  readonly handle: T;
  /** Stops it as a supervisor does, waits for its end, and kills it after its shutdown time. */
  stop(): Promise<void>;
}

/** What can be started: a child specification, or a function that starts a linked process. */
export type SupervisedChild<T extends Startable> = ChildSpec<T> | (() => T | Promise<T>);

/**
 * Starts a process under a supervisor of its own and stops both after the test.
 *
 * The end of the test is told by a hook (`onTestFinished` of vitest, `after` of node:test) or by
 * `await using`. As under any supervisor, the process ends by `'shutdown'`, and by `'kill'` when
 * it is still alive after its shutdown time (5000 ms).
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
  const spec: Pick<ChildSpec<Startable>, 'start' | 'shutdown' | 'type'> = typeof child ===
  'function'
    ? { start: child }
    : child;
  const shutdown = spec.shutdown ?? (spec.type === 'supervisor' ? 'infinity' : 5000);
  const { supervisor, started } = await startUnderSupervisor(spec.start, shutdown);
  const stop = (): Promise<void> => stopped(supervisor);
  onTestFinished?.(stop);
  return {
    pid: pidOf(started),
    handle: started as Exclude<T, Ignore>,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Started = Exclude<Startable, Ignore>;

const pidOf = (started: Started): Pid => (Pid.isPid(started) ? started : started.pid);

function startUnderSupervisor(
  start: ChildSpec<Startable>['start'],
  shutdown: ShutdownTime,
): Promise<{ supervisor: Pid; started: Started }> {
  return new Promise((resolve, reject) => {
    const supervisor = spawn(async () => {
      trapExit();
      let started: Started;
      try {
        started = checkStarted(await start());
        link(pidOf(started)); // a start function that does not link leaves no process behind
      } catch (error) {
        reject(error);
        return;
      }
      resolve({ supervisor, started });
      await receive((message) => isStopRequest(message));
      await shutDown(pidOf(started), shutdown);
    });
  });
}

function checkStarted(started: Startable): Started {
  const given: unknown = started;
  if (given !== ignore && typeof given === 'object' && given !== null) {
    if (Pid.isPid(given) || ('pid' in given && Pid.isPid(given.pid))) return started as Started;
  }
  throw new BadArgumentError('child', given, 'a start function that gives a process');
}

function isStopRequest(message: unknown): boolean {
  const { type, from, reason } = message as Partial<ExitMessage>;
  return type === 'EXIT' && from === outside && reason === 'shutdown';
}

async function shutDown(child: Pid, shutdown: ShutdownTime): Promise<void> {
  const ref = monitor(child);
  exit(child, shutdown === 'brutal_kill' ? 'kill' : 'shutdown');
  // On the system's clock: the test may leave its own one standing still.
  const wakeup =
    typeof shutdown === 'number'
      ? systemClock.wakeAfter(shutdown, () => exit(child, 'kill'))
      : undefined;
  await receive((message) => ref.isDownMessage(message));
  wakeup?.cancel();
}

/** Asks the supervisor to stop and resolves when it, and so its child, is dead. */
function stopped(supervisor: Pid): Promise<void> {
  return new Promise((resolve) => {
    new ProcessEnd(() => resolve()).watch(supervisor);
    exit(supervisor, 'shutdown');
  });
}
