/** Looking at processes. */
import { requireProcess } from './context.ts';
import type { Name } from './names/name.ts';
import { processHere } from './node.ts';
import { checkPid, type Pid } from './pid.ts';
import type { Process } from './process.ts';
import { watchesOf, watchesOn } from './links/watch.ts';
import { MonitorRef } from './links/monitor.ts';

/** A snapshot of one process. */
export interface ProcessInfo {
  readonly pid: Pid;
  readonly name: Name | undefined;
  /** What it is: `'process'`, `'gen_server Counter'`, `'supervisor'`, … */
  readonly label: string;
  /** `'runnable'`: has its turn soon; `'waiting'`: for a message; `'busy'`: in an async callback. */
  readonly status: 'runnable' | 'waiting' | 'busy';
  readonly messageQueueLength: number;
  readonly trapExit: boolean;
  readonly links: readonly Pid[];
  /** How many monitors it has on others, pending calls included. */
  readonly monitors: number;
  /** How many monitor it. */
  readonly monitoredBy: number;
  readonly parent: Pid | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What its behaviour shows, such as the state of a machine. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A snapshot of a live process. */
function describeProcess(process: Process): ProcessInfo {
  return {
    pid: process.pid,
    name: process.registeredName,
    label: process.label,
    status: statusOf(process),
    messageQueueLength: process.messages.size,
    trapExit: process.trapExit,
    links: [...(process.links ?? [])],
    monitors: watchesOf(process).length,
    monitoredBy: watchesOn(process).filter((watch) => watch instanceof MonitorRef).length,
    parent: process.startedBy,
    startedAt: process.startedAt,
    details: detailsOf(process),
  };
}

/** What a live process is doing. */
export function statusOf(process: Process): ProcessInfo['status'] {
  if (!process.idle) return 'runnable';
  return process.busy && !process.waiting ? 'busy' : 'waiting';
}

/** What its behaviour shows; empty when it fails to. */
export function detailsOf(process: Process): Readonly<Record<string, unknown>> {
  try {
    return process.behaviour?.details?.() ?? {};
  } catch {
    return {};
  }
}

/**
 * What is known of a live process; undefined when it is dead.
 *
 * Source: `erlang:process_info/1`.
 * @throws {BadArgumentError} for a process of another node.
 * @example
 * processInfo(pid)?.messageQueueLength;
 */
export function processInfo(pid: Pid): ProcessInfo | undefined {
  checkPid(pid);
  const process = processHere(pid);
  return process === undefined ? undefined : describeProcess(process);
}

/**
 * Aborts when the current process dies: hand it to I/O, so that it stops with the process.
 * @example
 * await fetch(url, { signal: signal() });
 */
export function signal(): AbortSignal {
  return requireProcess('signal()').signal;
}
