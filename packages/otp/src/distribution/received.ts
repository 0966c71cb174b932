/** What signals of other nodes do to the processes of this one. */
import type { ExitReason } from '../process/exit-reason.ts';
import { processById } from '../process/local-process.ts';
import { DeathHook } from '../process/links/on-death.ts';
import { processOf, type Pid } from '../process/pid.ts';
import { linkDown, signalExit } from '../process/links/signals.ts';
import { attachMonitor, type Watch } from '../process/links/watch.ts';

/** The pid of the live process of this node with this number. */
export function localPid(id: number): Pid | undefined {
  return processById(id)?.pid;
}

/** A process of another node links itself with one of this node. False when that is dead. */
export function linkReceived(to: Pid, from: Pid): boolean {
  const process = processOf(to);
  if (process === undefined) return false;
  (process.links ??= new Set()).add(from);
  return true;
}

/** A process of another node removes its link. Returns whether there was one. */
export function unlinkReceived(to: Pid, from: Pid): boolean {
  return processOf(to)?.links?.delete(from) === true;
}

/** Whether a process of this node has a link with one of another node. */
export function hasLink(local: Pid, remote: Pid): boolean {
  return processOf(local)?.links?.has(remote) === true;
}

/** The exit signal of a link: a process of another node has died, or its node is gone. */
export function linkDownReceived(to: Pid, from: Pid, reason: ExitReason): void {
  if (processOf(to) !== undefined) linkDown(to, from, reason);
}

/** An exit signal that a process of another node has sent. */
export function exitReceived(to: Pid, from: Pid, reason: ExitReason): void {
  const process = processOf(to);
  if (process !== undefined) signalExit(process, from, reason);
}

/**
 * Monitors a process of this node for one of another: `act` is called once, after the links of the dead
 * process are told; at once with `'noproc'` when it is dead. It runs inside the runtime, as plain code,
 * and must not throw. `unwatch()` of the result takes it back.
 */
export function monitorReceived(pid: Pid, act: (reason: ExitReason) => void): Watch {
  const monitor = new DeathHook(act);
  const process = processOf(pid);
  if (process === undefined) act('noproc');
  else attachMonitor(monitor, process, undefined);
  return monitor;
}
