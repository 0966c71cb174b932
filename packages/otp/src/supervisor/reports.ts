/** What supervisors tell the log and `diagnostics_channel` subscribers. */
import { channel } from 'node:diagnostics_channel';
import type { ChildId } from '../process/start/child-spec.ts';
import { currentLogger } from '../process/reports/crash-report.ts';
import { formatReason, isSoftReason, type ExitReason } from '../process/exit-reason.ts';
import type { Name } from '../process/names/name.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { FullChildSpec } from './child-record.ts';
import type { ChildState } from './types.ts';

/** Published on the channel `otp.supervisor`. */
export type SupervisorEvent = {
  readonly supervisor: Pid;
  readonly name: Name | undefined;
  /** Undefined under `simple_one_for_one` and DynamicSupervisor. */
  readonly id: ChildId | undefined;
} & (
  | { readonly type: 'child_started' | 'restarted'; readonly pid: Pid }
  | { readonly type: 'child_terminated'; readonly pid: ChildState; readonly reason: ExitReason }
  | { readonly type: 'intensity_exceeded'; readonly intensity: number; readonly period: number }
);

/** The channel of {@link SupervisorEvent}s. */
export const supervisorChannel = channel('otp.supervisor');

/** The error contexts of OTP's supervisor reports. */
export type ReportContext = 'child_terminated' | 'start_error' | 'shutdown_error' | 'shutdown';

/** Logged for a child that crashed, failed to start or to stop, or took the supervisor down. */
export interface SupervisorReport {
  readonly supervisor: Pid;
  readonly name: Name | undefined;
  readonly errorContext: ReportContext;
  /** A logger gets it in words, and the Error that it is or has as `err`. */
  readonly reason: ExitReason;
  readonly offender: FullChildSpec & { readonly pid: ChildState };
}

const sentences: Record<ReportContext, (child: string, reason: ExitReason) => string> = {
  child_terminated: (child, reason) => `child ${child} terminated: ${formatReason(reason)}`,
  start_error: (child, reason) => `child ${child} failed to start: ${formatReason(reason)}`,
  shutdown_error: (child, reason) => `child ${child} did not stop cleanly: ${formatReason(reason)}`,
  shutdown: (child) => `too many restarts, the last of child ${child}: the supervisor stops`,
};

/** Logs a supervisor report. */
export function report(
  supervisor: Process,
  errorContext: ReportContext,
  reason: ExitReason,
  spec: FullChildSpec,
  pid: ChildState,
): void {
  const logger = currentLogger();
  // The orderly end of a permanent child is no failure, though it is restarted.
  const orderly = errorContext === 'child_terminated' && isSoftReason(reason);
  const level = orderly ? 'debug' : 'error';
  if (!logger.isLevelEnabled(level)) return;
  const { registeredName: name } = supervisor;
  const fields: SupervisorReport = {
    supervisor: supervisor.pid,
    name,
    errorContext,
    reason,
    offender: { ...spec, pid },
  };
  const who = name === undefined ? String(supervisor.pid) : String(name);
  const message = `${supervisor.label} ${who}: ${sentences[errorContext](show(spec.id), reason)}`;
  logger[level](fields, message);
}

/** Logs a message that no supervisor expects. */
export function reportUnexpected(supervisor: Process, message: unknown): void {
  currentLogger().error(
    { supervisor: supervisor.pid, received: message },
    `${supervisor.label} ${String(supervisor.pid)} received an unexpected message`,
  );
}

/** An id as text. A module by its name: to inspect it would cost as much as a restart. */
function show(id: ChildId): string {
  if (typeof id === 'string') return JSON.stringify(id);
  if (typeof id === 'object' && Object.hasOwn(id, 'name')) {
    const { name } = id as { name?: unknown };
    if (typeof name === 'string') return name;
  }
  return formatReason(id);
}
