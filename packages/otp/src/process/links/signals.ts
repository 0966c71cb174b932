/** How an exit signal acts on a process. */
import type { ExitReason } from '../exit-reason.ts';
import { distribution, isLocal } from '../node.ts';
import { processOf, type Pid } from '../pid.ts';

/** The message into which a trapping process gets an exit signal turned. */
export interface ExitMessage {
  readonly type: 'EXIT';
  readonly from: Pid;
  readonly reason: ExitReason;
}

/** Whether a message is an EXIT; never throws, whatever was sent. */
export function isExitMessage(message: unknown): message is ExitMessage {
  if (typeof message !== 'object' || message === null) return false;
  try {
    return (message as Partial<ExitMessage>).type === 'EXIT';
  } catch {
    return false; // a revoked proxy or a getter that throws
  }
}

/** What an exit signal needs of the process that gets it. */
interface SignalTarget {
  readonly pid: Pid;
  readonly trapExit: boolean;
  deliver(message: ExitMessage): void;
  terminate(reason: ExitReason, cause: 'signal'): void;
}

/**
 * An exit signal sent with `exit(pid, reason)`.
 *
 * `'kill'` cannot be trapped and arrives as `'killed'`; `'normal'` is ignored by a process that
 * does not trap, except when it sends it to itself.
 *
 * Source: Erlang reference manual, Processes, Receiving Exit Signals.
 */
export function signalExit(target: SignalTarget, from: Pid, reason: ExitReason): void {
  if (reason === 'kill') {
    target.terminate('killed', 'signal');
  } else if (target.trapExit) {
    target.deliver({ type: 'EXIT', from, reason } satisfies ExitMessage);
  } else if (reason !== 'normal' || from === target.pid) {
    target.terminate(reason, 'signal');
  }
}

/**
 * The exit signal of a link: here `'kill'` is a reason like any other. It is dropped when the
 * link has been removed meanwhile.
 */
export function linkDown(pid: Pid, from: Pid, reason: ExitReason): void {
  const target = processOf(pid);
  if (target === undefined) {
    if (!isLocal(pid)) distribution()?.linkDown(pid, from, reason);
    return;
  }
  if (target.links?.delete(from) !== true) return;
  if (target.trapExit) {
    target.behaviour?.exitArrived?.(from, reason);
    target.deliver({ type: 'EXIT', from, reason } satisfies ExitMessage);
  } else if (reason !== 'normal') {
    target.terminate(reason, 'signal');
  }
}
