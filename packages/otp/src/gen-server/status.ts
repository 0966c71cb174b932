/** What others see of a server. */
import type { ExitReason } from '../process/exit-reason.ts';

/** What `formatStatus` is given, and gives back as others are to see it. */
export interface ServerStatus<S = unknown> {
  readonly state: S;
  /** The message that is handled, or was the last one to be; absent where none is shown. */
  readonly message?: unknown;
  /** Why the server ends; only for its crash report. */
  readonly reason?: ExitReason;
}

/** Makes of a status what others are to see. */
export type FormatStatus<S> = (status: ServerStatus<S>) => Partial<ServerStatus>;

const failed = 'formatStatus failed';

/** Applies a `formatStatus`; where it throws, nothing is shown: what it would have left out may be secret. */
export function formatted(
  format: FormatStatus<never> | undefined,
  status: ServerStatus,
): Partial<ServerStatus> {
  if (format === undefined) return status;
  try {
    return { ...status, ...format(status as ServerStatus<never>) };
  } catch {
    return { state: failed, message: failed, reason: failed };
  }
}
