/** Waiting until the runtime has nothing left to do. */
import { setImmediate } from 'node:timers';
import { processes } from '../process/local-process.ts';
import { schedulerStatus } from '../process/scheduler.ts';

/** Turns of the event loop without an activation after which the runtime counts as settled. */
const quietTurns = 2;

/** Options of {@link settle}. */
export interface SettleOptions {
  /** Real milliseconds after which it gives up, 10,000 by default. */
  readonly timeout?: number;
}

/** The runtime did not come to rest: some process always has something to do. */
export class SettleError extends Error {
  readonly code = 'ERR_NOT_SETTLED';
  override readonly name = 'SettleError';

  constructor(timeout: number, runnable: readonly string[]) {
    super(
      `the runtime was still busy after ${timeout} ms: ` +
        (runnable.length === 0 ? 'no process is runnable at this moment' : runnable.join(', ')),
    );
  }
}

/** One turn of the event loop; all promises that are due have settled by then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * Resolves when no process is runnable: every message that was sent has been handled, with all
 * messages, deaths and restarts that followed from it.
 *
 * It sees processes and promises, not the world: a process that waits for a socket, a file, a
 * worker or a timer counts as idle. Wait for those with {@link eventually}, and fire the
 * runtime's timers with a {@link TestClock}.
 *
 * @throws {SettleError} when processes keep each other busy for longer than `timeout`.
 * @example
 * send(worker, 'go');
 * await settle();
 * expect(isAlive(worker)).toBe(false);
 */
export async function settle(options?: SettleOptions): Promise<void> {
  const timeout = options?.timeout ?? 10_000;
  const deadline = performance.now() + timeout;
  let seen = schedulerStatus().activations;
  let quiet = 0;
  while (quiet < quietTurns) {
    await turn();
    const { idle, activations } = schedulerStatus();
    quiet = idle && activations === seen ? quiet + 1 : 0;
    seen = activations;
    if (quiet === 0 && performance.now() > deadline) throw new SettleError(timeout, busy());
  }
}

function busy(): string[] {
  const runnable = [...processes()].filter((process) => !process.idle);
  return runnable.slice(0, 10).map((process) => `${process.label} ${String(process.pid)}`);
}
