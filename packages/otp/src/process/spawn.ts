/** Starting bare processes. */
import {
  callerContext,
  currentProcess,
  requireProcess,
  type CallerContext,
  type ContextOptions,
} from './context.ts';
import { LocalProcess } from './local-process.ts';
import { newMailboxGuard, type MailboxOptions } from './mailbox-limits.ts';
import { BadArgumentError } from './errors.ts';
import { ExitError } from './exit-reason.ts';
import { linkProcesses } from './links/link.ts';
import { monitorFor, type MonitorRef } from './links/monitor.ts';
import type { Pid } from './pid.ts';
import type { Body, Process } from './process.ts';

/** Options of whatever starts a process. */
export interface ProcessOptions extends ContextOptions, MailboxOptions {}

/** Makes a process; it gets its first turn after the current one. */
export function newProcess(
  body: Body,
  label: string,
  context?: CallerContext,
  options?: MailboxOptions,
): Process {
  const parent = currentProcess();
  // Code that goes on after the death of its process must not leave anything behind.
  if (parent?.dead === true) throw new ExitError(parent.exitReason);
  return new LocalProcess(body, label, parent?.pid, context, newMailboxGuard(options));
}

function checkBody(body: unknown): void {
  if (typeof body !== 'function') throw new BadArgumentError('body', body, 'a function');
}

/**
 * Starts a process that runs `body`, which may be async.
 *
 * When it returns, the process ends with reason `'normal'`; when it throws, what it threw is the
 * exit reason. The body starts after the current turn, never inside this call.
 *
 * Source: `erlang:spawn/1`.
 * @example
 * const echo = spawn(async () => {
 *   for (;;) {
 *     const { from, text } = (await receive()) as { from: Pid; text: string };
 *     send(from, text);
 *   }
 * });
 */
export function spawn(body: Body, options?: ProcessOptions): Pid {
  checkBody(body);
  return newProcess(body, 'process', callerContext(options, 'none'), options).pid;
}

/**
 * Starts a process that is linked to the current one from its first moment.
 *
 * Source: `erlang:spawn_link/1`.
 * @throws {NoProcessError} outside any process: use `spawn` there.
 * @example
 * trapExit();
 * const child = spawnLink(() => exit('bored'));
 * await receive(); // { type: 'EXIT', from: child, reason: 'bored' }
 */
export function spawnLink(body: Body, options?: ProcessOptions): Pid {
  checkBody(body);
  const parent = requireProcess('spawnLink()');
  const process = newProcess(body, 'process', callerContext(options, 'none'), options);
  linkProcesses(parent, process.pid);
  return process.pid;
}

/**
 * Starts a process and monitors it from its first moment.
 *
 * Source: `erlang:spawn_monitor/1`.
 * @throws {NoProcessError} outside any process.
 * @example
 * const { ref } = spawnMonitor(() => migrate());
 * const { reason } = await receive((m) => ref.isDownMessage(m)); // 'normal'
 */
export function spawnMonitor(
  body: Body,
  options?: ProcessOptions,
): { readonly pid: Pid; readonly ref: MonitorRef } {
  checkBody(body);
  const parent = requireProcess('spawnMonitor()');
  const { pid } = newProcess(body, 'process', callerContext(options, 'none'), options);
  return { pid, ref: monitorFor(parent, pid) };
}
