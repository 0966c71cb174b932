/** The crash report of a process that is about to end. */
import type { CrashReport } from './crash-report.ts';
import type { ExitReason } from '../exit-reason.ts';
import type { Process } from '../process.ts';

export function crashOf(
  process: Process,
  reason: ExitReason,
  cause: CrashReport['cause'],
): CrashReport {
  const { behaviour } = process;
  let details: CrashReport['details'] = {};
  let shown = reason;
  try {
    details = behaviour?.details?.() ?? {};
    if (behaviour?.shownReason !== undefined) shown = behaviour.shownReason(reason);
  } catch {
    // A report without details is better than none.
  }
  return {
    pid: process.pid,
    name: process.registeredName,
    label: process.label,
    reason: shown,
    cause,
    parent: process.startedBy,
    messageQueueLength: process.messages.size,
    details,
  };
}
