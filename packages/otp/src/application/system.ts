/** The program as a whole. */
import { BadArgumentError } from '../process/errors.ts';
import { leave } from './program.ts';

/**
 * Stops the program in order: all applications, the youngest first, each with its `prepStop`, its tree and
 * its `stop`; then it exits with `code`, 0 by default, or 1 if something had to be killed.
 *
 * May be called from anywhere, also by a process of a tree that is stopped by it, and returns at once.
 * Asked again while the program stops, the higher code counts. Without applications, the program exits
 * when the present code has run.
 *
 * Source: Elixir's `System.stop/1`, `init:stop/1`.
 * @throws {BadArgumentError} when `code` is not an integer from 0 to 255.
 * @example
 * await migrate().catch(() => System.stop(2));
 */
function stop(code = 0): void {
  if (!Number.isInteger(code) || code < 0 || code > 255) {
    throw new BadArgumentError('code', code, 'an integer from 0 to 255');
  }
  // Not at once: the caller goes on to the end of what it does.
  queueMicrotask(() => void leave(code));
}

/** The program as a whole. */
export const System: { readonly stop: typeof stop } = Object.freeze({ stop });
