/** Crash reports: one structured record for every abnormal exit, so that no crash is silent. */
import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { boundedCopy, type LogBounds } from '../values/bounded-copy.ts';
import { formatReason, isError, type ExitReason } from '../exit-reason.ts';
import type { Name } from '../names/name.ts';
import type { Pid } from '../pid.ts';

/** What is known of an abnormal exit. */
export interface CrashReport {
  readonly pid: Pid;
  readonly name: Name | undefined;
  /** What the process was: `'gen_server Counter'`, `'supervisor'`, `'process'`. */
  readonly label: string;
  readonly reason: ExitReason;
  /**
   * `'fault'`: its own code threw or exited; `'signal'`: a link or an exit signal ended it; `'stray'`:
   * something that it had begun failed where no code could catch it, and the program stops.
   */
  readonly cause: 'fault' | 'signal' | 'stray';
  /** The pid that started it, if a process did. */
  readonly parent: Pid | undefined;
  readonly messageQueueLength: number;
  /** What its behaviour adds, such as the last message and the state of a GenServer. */
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * A logger of pino's shape; `console` has it, too.
 *
 * Fields are ready to be printed, as JSON or by `console.log`: an Error is under `err`, where pino looks
 * for it, and `reason` is a sentence; state, messages and other values of a program are cut to a size
 * that helps a reader, and what is under the key of a secret (`authorization`, `password`, `token`, …) is
 * `[redacted]`. What is published on channels is whole.
 */
export interface Logger {
  /** Faults: crash reports, reports of supervisors, messages that a process does not handle. */
  error(fields: object, message: string): void;
  /** What deserves attention and is no fault. */
  warn(fields: object, message: string): void;
  /** What follows from something that was reported, and orderly ends. */
  debug(fields: object, message: string): void;
  /**
   * Whether a level is written, as pino's method. For a level that is not, no message is formatted,
   * which would cost more than a restart. Without this method every level is written.
   */
  isLevelEnabled?(level: LogLevel): boolean;
}

/** The levels of a {@link Logger} that the runtime uses. */
export type LogLevel = 'error' | 'warn' | 'debug';

/** Crash reports are published here (`diagnostics_channel`), whatever the logger does. */
export const crashChannel = channel('otp.crash');

/** Prints faults to standard error; deaths by a signal follow from a fault that was printed. */
export const standardError: Logger = {
  error: (fields, message) => {
    const { err } = fields as { err?: unknown };
    print(isError(err) ? `${message}\n${inspectSafely(err)}` : message);
  },
  warn: (_fields, message) => print(message),
  debug: () => {},
  isLevelEnabled: (level) => level !== 'debug',
};

function print(line: string): void {
  process.stderr.write(`${line}\n`);
}

function inspectSafely(error: Error): string {
  try {
    return inspect(error);
  } catch {
    return formatReason(error);
  }
}

let logger: Logger = standardError;
let bounds: LogBounds = {};

/** What the runtime logs with: whatever the user's logger does, the runtime goes on. */
const safeLogger: Required<Logger> = {
  error: (fields, message) => log('error', fields, message),
  warn: (fields, message) => log('warn', fields, message),
  debug: (fields, message) => log('debug', fields, message),
  isLevelEnabled: (level) => {
    try {
      return logger.isLevelEnabled === undefined || logger.isLevelEnabled(level);
    } catch {
      return true; // it fails again when it is to log, and is told of then
    }
  },
};

function log(level: LogLevel, fields: object, message: string): void {
  if (!safeLogger.isLevelEnabled(level)) return;
  const shown = loggable(fields, bounds);
  try {
    logger[level](shown, message);
  } catch (error) {
    standardError[level](shown, message);
    if (level !== 'debug') print(`the logger failed: ${formatReason(error)}`);
  }
}

/** The fields as loggers take them. */
function loggable(fields: object, limits: LogBounds): object {
  const shown: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (key !== 'reason' && key !== 'error') {
      shown[key] = boundedCopy(value, limits);
      continue;
    }
    const copy = boundedCopy(value, limits);
    if (key === 'reason') shown['reason'] = formatReason(copy);
    const error = errorIn(copy, 0);
    if (error !== undefined) shown['err'] = error;
    else if (key === 'error') shown['error'] = copy;
  }
  return shown;
}

/** The error that a reason is or has: `['failed_to_start_child', id, error]`. */
function errorIn(reason: unknown, depth: number): Error | undefined {
  if (isError(reason)) return reason;
  if (!Array.isArray(reason) || depth > 4) return undefined;
  for (const part of reason) {
    const error = errorIn(part, depth + 1);
    if (error !== undefined) return error;
  }
  return undefined;
}

/**
 * Replaces the logger of crash and supervisor reports; returns the former one.
 * The default writes to standard error. `limits` says how much of a value is shown, and under which
 * further keys there are secrets; left out, the defaults are valid again.
 * @example
 * setLogger(pino(), { redact: ['iban'], depth: 3 });
 */
export function setLogger(replacement: Logger, limits: LogBounds = {}): Logger {
  const former = logger;
  logger = replacement;
  bounds = limits;
  return former;
}

/** The logger in use; it never throws. */
export function currentLogger(): Required<Logger> {
  return safeLogger;
}

/** What a behaviour says beyond the reason, such as what a callback may give. */
function hintOf({ details }: CrashReport): string {
  const { hint } = details;
  return typeof hint === 'string' ? `. ${hint}` : '';
}

/** Publishes and logs a report. */
export function reportCrash(report: CrashReport): void {
  if (crashChannel.hasSubscribers) crashChannel.publish(report);
  const level = report.cause === 'signal' ? 'debug' : 'error';
  if (!safeLogger.isLevelEnabled(level)) return;
  const who =
    report.name === undefined
      ? String(report.pid)
      : `${String(report.pid)} (${String(report.name)})`;
  const reason = formatReason(boundedCopy(report.reason, bounds));
  const message =
    report.cause === 'stray'
      ? `a stray error of ${report.label} ${who} stops the program: ${reason}`
      : `${report.label} ${who} terminated: ${reason}${hintOf(report)}`;
  log(level, report, message);
}
