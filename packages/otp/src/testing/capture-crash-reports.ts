/** Crash reports as values, instead of lines on standard error. */
import {
  crashChannel,
  setLogger,
  type CrashReport,
  type Logger,
} from '../process/reports/crash-report.ts';
import { settle } from './settle.ts';

/** A line that the runtime logged while crash reports were captured. */
export interface CapturedLog {
  readonly level: 'error' | 'warn' | 'debug';
  readonly fields: object;
  readonly message: string;
}

/** What has been captured so far; disposing of it puts the former logger back. */
export class CrashCapture implements Disposable {
  /** One report for each abnormal exit, in order. */
  readonly reports: CrashReport[] = [];
  /** Every line for the logger, those of crash reports included. */
  readonly logs: CapturedLog[] = [];
  readonly #formerLogger: Logger;
  #disposed = false;
  readonly #collect = (report: unknown): void => void this.reports.push(report as CrashReport);

  constructor() {
    const log = (level: CapturedLog['level']) => (fields: object, message: string) =>
      void this.logs.push({ level, fields, message });
    this.#formerLogger = setLogger({
      error: log('error'),
      warn: log('warn'),
      debug: log('debug'),
    });
    crashChannel.subscribe(this.#collect);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    crashChannel.unsubscribe(this.#collect);
    setLogger(this.#formerLogger);
  }
}

/**
 * Collects the crash reports of the whole runtime and keeps them off standard error.
 *
 * With a function: runs it, lets the runtime settle, and resolves with the reports. Without one:
 * captures until the result is disposed of.
 *
 * @example
 * const [report] = await captureCrashReports(() => exit(worker, 'boom'));
 * expect(report?.reason).toBe('boom');
 *
 * using crashes = captureCrashReports();
 */
export function captureCrashReports(): CrashCapture;
export function captureCrashReports(run: () => unknown): Promise<CrashReport[]>;
export function captureCrashReports(run?: () => unknown): CrashCapture | Promise<CrashReport[]> {
  const capture = new CrashCapture();
  return run === undefined ? capture : collect(capture, run);
}

async function collect(capture: CrashCapture, run: () => unknown): Promise<CrashReport[]> {
  try {
    await run();
    await settle();
    return capture.reports;
  } finally {
    capture[Symbol.dispose]();
  }
}
