/** What can go wrong with an application as a whole. */
import { ExitError, formatReason, type ExitReason } from '../process/exit-reason.ts';

/**
 * An application could not be started or stopped.
 *
 * `reason` is OTP's term: `['already_started', name]`, `['not_started', name]`, for a start that
 * failed `[why, [name, 'start', ['normal']]]`, and `['stop_timeout', name]` when it was killed
 * because it had not stopped within `shutdownTimeout`.
 */
export class ApplicationError extends ExitError {
  override readonly code = 'ERR_APPLICATION';
  readonly application: string;

  constructor(application: string, reason: ExitReason, message: string, options?: ErrorOptions) {
    super(reason, message, options);
    this.application = application;
  }

  /** @internal `['already_started', name]`. */
  static alreadyStarted(name: string): ApplicationError {
    return new ApplicationError(
      name,
      ['already_started', name],
      `the application ${name} is running already: stop it first, or give this one another name`,
    );
  }

  /** @internal `['not_started', name]`. */
  static notStarted(name: string, neededBy?: string): ApplicationError {
    return new ApplicationError(
      neededBy ?? name,
      ['not_started', name],
      neededBy === undefined
        ? `the application ${name} is not running`
        : `the application ${neededBy} needs ${name}, which is not running: start it first, or both with Application.ensureAllStarted`,
    );
  }

  /** @internal `[why, [name, 'start', ['normal']]]`. */
  static startFailed(name: string, error: unknown): ApplicationError {
    const why = ExitError.isExitError(error) ? error.reason : error;
    return new ApplicationError(
      name,
      [why, [name, 'start', ['normal']]],
      `the application ${name} could not be started: ${formatReason(why)}`,
      { cause: error },
    );
  }

  /** @internal `['stop_timeout', name]`. */
  static stopTimeout(name: string, timeout: number): ApplicationError {
    return new ApplicationError(
      name,
      ['stop_timeout', name],
      `the application ${name} had not stopped after ${timeout} ms and was killed: raise shutdownTimeout, or lower the shutdown times of its children`,
    );
  }

  /** @internal `['circular_dependencies', names]`. */
  static circular(names: readonly string[]): ApplicationError {
    return new ApplicationError(
      names[0] ?? '',
      ['circular_dependencies', names],
      `applications need each other: ${names.join(' needs ')}`,
    );
  }
}
