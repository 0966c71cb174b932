/** Test code as a process. */
import { ExitError } from '../process/exit-reason.ts';
import { onDeath } from '../process/links/on-death.ts';
import { spawn } from '../process/spawn.ts';

/**
 * Runs `body` in a process of its own and resolves with its result when that has ended: for tests that need
 * `self()`, `receive()`, `link()` or `trapExit()`, as every ExUnit test is a process.
 *
 * Rejects with what `body` throws, or with an ExitError when the process is ended by a signal.
 *
 * @example
 * const down = await inProcess(async () => {
 *   monitor(server);
 *   return await receive();
 * });
 */
export function inProcess<T>(body: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let settle: (() => void) | undefined;
    const pid = spawn(async () => {
      try {
        const result = await body();
        settle = () => resolve(result);
      } catch (error) {
        settle = () => reject(error);
      }
    });
    onDeath(pid, (reason) => {
      if (settle === undefined) reject(new ExitError(reason));
      else settle();
    });
  });
}
