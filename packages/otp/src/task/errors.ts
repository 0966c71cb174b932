/** How waiting for a task fails. */
import { ExitError, formatReason, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';

/** The function that failed, as OTP names it in the exit reason. */
export type TaskCall =
  | readonly [module: 'Task', name: 'await' | 'awaitMany', args: readonly unknown[]]
  | readonly [module: 'Task.Supervised', name: 'stream', args: readonly unknown[]];

/**
 * A task ended without an answer, or did not answer in time.
 *
 * `reason` is OTP's term `[why, ['Task', 'await', args]]`: left uncaught in a process, it is the
 * reason with which that process ends. `why` is its first part.
 */
export class TaskError extends ExitError {
  override readonly code: 'ERR_TASK_TIMEOUT' | 'ERR_TASK_EXIT';
  /** `'timeout'`, or the exit reason of the task: the Error that it threw, for example. */
  readonly why: ExitReason;

  constructor(why: ExitReason, call: TaskCall) {
    const [module, name] = call;
    super(
      [why, call],
      `${module}.${name} failed: ${formatReason(why)}`,
      why instanceof Error ? { cause: why } : undefined,
    );
    this.why = why;
    this.code = why === 'timeout' ? 'ERR_TASK_TIMEOUT' : 'ERR_TASK_EXIT';
  }
}

/** A task was asked for its result by a process that did not start it. */
export class TaskOwnerError extends Error {
  readonly code = 'ERR_TASK_OWNER';
  override readonly name = 'TaskOwnerError';
  /** The process that started it; undefined for plain code. */
  readonly owner: Pid | undefined;
  /** The process that asked; undefined for plain code. */
  readonly caller: Pid | undefined;

  constructor(owner: Pid | undefined, caller: Pid | undefined) {
    super(
      `a task must be queried where it was started: it belongs to ${describe(owner)} but was ` +
        `queried from ${describe(caller)}`,
    );
    this.owner = owner;
    this.caller = caller;
  }
}

/** A task supervisor runs as many tasks as it may. */
export class TaskLimitError extends Error {
  readonly code = 'ERR_TASK_LIMIT';
  override readonly name = 'TaskLimitError';

  constructor(stream: boolean, options?: ErrorOptions) {
    super(
      'reached the maximum number of tasks for this task supervisor: raise maxChildren of ' +
        'Task.Supervisor.startLink' +
        (stream ? ', or lower maxConcurrency of the stream to what other tasks leave over' : ''),
      options,
    );
  }
}

function describe(pid: Pid | undefined): string {
  return pid === undefined ? 'code outside any process' : pid.toString();
}
