/** Links and exit signals. */
import { currentProcess, requireProcess } from '../context.ts';
import { BadArgumentError } from '../errors.ts';
import { ExitError, type ExitReason } from '../exit-reason.ts';
import { processes } from '../local-process.ts';
import { distribution, isLocal, processHere, thisNode } from '../node.ts';
import { checkPid, Pid, processOf } from '../pid.ts';
import type { Process } from '../process.ts';
import { signalExit, type ExitMessage } from './signals.ts';

/** Stands for plain code as the sender of a signal; no process has this pid. */
export const outside: Pid = new Pid(thisNode().name, thisNode().creation, 0);

/** Links two processes; the current process need not be one of them. */
export function linkProcesses(process: Process, pid: Pid): void {
  if (pid === process.pid || process.links?.has(pid) === true) return;
  const other = processOf(pid);
  if (other === undefined) {
    linkElsewhere(process, pid);
    return;
  }
  (process.links ??= new Set()).add(pid);
  (other.links ??= new Set()).add(process.pid);
}

function linkElsewhere(process: Process, pid: Pid): void {
  const remote = isLocal(pid) ? undefined : distribution();
  if (remote !== undefined) {
    (process.links ??= new Set()).add(pid);
    remote.link(pid, process.pid);
    return;
  }
  const reason = isLocal(pid) ? 'noproc' : 'noconnection';
  if (!process.trapExit) throw new ExitError(reason);
  process.deliver({ type: 'EXIT', from: pid, reason } satisfies ExitMessage);
}

/** Removes a link from both sides. */
export function unlinkProcesses(process: Process, pid: Pid): void {
  if (process.links?.delete(pid) !== true) return;
  const other = processOf(pid);
  if (other !== undefined) other.links?.delete(process.pid);
  else if (!isLocal(pid)) distribution()?.unlink(pid, process.pid);
}

/**
 * Links the current process with another: when one of them ends, the other gets an exit signal.
 *
 * A pair has at most one link; linking twice or with oneself changes nothing.
 *
 * Source: `erlang:link/1`.
 * @throws {ExitError} with reason `'noproc'` when the process is dead, unless the current one
 *   traps exits: then the message `{ type: 'EXIT', from, reason: 'noproc' }` comes instead.
 * @example
 * link(worker); // its failure is ours, and ours is its
 */
export function link(pid: Pid): void {
  checkPid(pid);
  linkProcesses(requireProcess('link()'), pid);
}

/**
 * Removes a link. An `EXIT` message that has arrived already stays in the mailbox.
 *
 * Source: `erlang:unlink/1`.
 * @example
 * unlink(worker);
 */
export function unlink(pid: Pid): void {
  checkPid(pid);
  unlinkProcesses(requireProcess('unlink()'), pid);
}

/**
 * Whether exit signals to the current process arrive as messages
 * `{ type: 'EXIT', from, reason }` instead of ending it. Returns the former setting.
 *
 * Without an argument the setting is turned on. `exit(pid, 'kill')` cannot be trapped.
 *
 * Source: `process_flag(trap_exit, Boolean)`.
 * @throws {NoProcessError} outside any process.
 * @example
 * trapExit();
 * link(worker);
 * exit(worker, 'shutdown');
 * await receive(); // { type: 'EXIT', from: worker, reason: 'shutdown' }
 */
export function trapExit(on = true): boolean {
  if (typeof on !== 'boolean') throw new BadArgumentError('on', on, 'a boolean');
  const process = requireProcess('trapExit()');
  const former = process.trapExit;
  process.trapExit = on;
  return former;
}

/**
 * `exit(reason)` ends the current process: it throws an {@link ExitError} that, left uncaught,
 * becomes the exit reason. `exit(pid, reason)` sends an exit signal to a process.
 *
 * A signal with `'normal'` is ignored by a process that does not trap exits; `'kill'` ends any
 * process, with reason `'killed'`. To a dead process nothing happens. May be called from plain
 * code.
 *
 * Source: `erlang:exit/1`, `erlang:exit/2`.
 * @example
 * exit(worker, 'shutdown');
 */
export function exit(reason: ExitReason): never;
export function exit(pid: Pid, reason: ExitReason): void;
export function exit(...args: [reason: ExitReason] | [pid: Pid, reason: ExitReason]): void {
  if (args.length === 1) throw exitError(args[0]);
  const [pid, reason] = args;
  checkPid(pid);
  const sender = currentProcess();
  if (sender?.dead === true) return;
  const target = processOf(pid);
  if (target === undefined) {
    if (!isLocal(pid)) distribution()?.exit(pid, sender?.pid ?? outside, reason);
    return;
  }
  signalExit(target, sender?.pid ?? outside, reason);
  // As in Erlang, a process that ends itself this way does not return from the call.
  if (target === sender && target.dead) throw exitError(target.exitReason);
}

/**
 * Whether a process of this node is alive.
 *
 * Source: `erlang:is_process_alive/1`.
 * @throws {BadArgumentError} for a process of another node: `monitor` tells whether that is there.
 * @example
 * if (!isAlive(worker)) console.log('gone');
 */
export function isAlive(pid: Pid): boolean {
  checkPid(pid);
  return processHere(pid) !== undefined;
}

/**
 * The pids of all live processes, oldest first.
 *
 * Source: `erlang:processes/0`.
 * @example
 * for (const each of listProcesses()) console.log(String(each), processInfo(each)?.label);
 */
export function listProcesses(): Pid[] {
  return [...processes()].map((process) => process.pid);
}

/** An ExitError without the stack trace, whose capture costs more than the exit itself. */
function exitError(reason: ExitReason): ExitError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new ExitError(reason);
  } finally {
    Error.stackTraceLimit = limit;
  }
}
