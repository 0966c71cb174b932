/** Running the start function of a child. */
import { foreignKind } from '../process/values/brand.ts';
import { ignore } from '../process/start/child-spec.ts';
import { BadArgumentError } from '../process/errors.ts';
import { ExitError, isError, type ExitReason } from '../process/exit-reason.ts';
import { Pid } from '../process/pid.ts';
import { isThenable } from '../process/values/thenable.ts';
import { isStartFailure } from './errors.ts';

/** The child runs, or chose not to start (then `pid` is undefined). */
export class Started {
  readonly pid: Pid | undefined;
  readonly hasInfo: boolean;
  readonly info: unknown;

  constructor(pid: Pid | undefined, hasInfo = false, info?: unknown) {
    this.pid = pid;
    this.hasInfo = hasInfo;
    this.info = info;
  }

  /** What the caller of `startChild` gets. */
  get result(): unknown {
    return this.hasInfo ? { pid: this.pid, info: this.info } : this.pid;
  }
}

/** The child could not be started. */
export class Failed {
  readonly reason: ExitReason;
  constructor(reason: ExitReason) {
    this.reason = reason;
  }
}

export type StartOutcome = Started | Failed;

/** The outcome of a start function that threw something else than a failed start. */
export type OnThrown = (thrown: unknown) => StartOutcome;

/** Calls a start function; never throws, and waits only for a start function that is async. */
export function startChild(
  start: (...args: never[]) => unknown,
  args: readonly unknown[],
  onThrown: OnThrown,
): StartOutcome | Promise<StartOutcome> {
  try {
    const result = start(...(args as never[]));
    if (!isThenable(result)) return outcomeOf(result);
    return Promise.resolve(result).then(outcomeOf, (error: unknown) => failed(error, onThrown));
  } catch (error) {
    return failed(error, onThrown);
  }
}

function failed(error: unknown, onThrown: OnThrown): StartOutcome {
  return isStartFailure(error) ? new Failed(error.reason) : onThrown(error);
}

/** A start function raised, exited, or threw: a thrown value counts as its result. */
export const thrownInSupervisor: OnThrown = (thrown) => {
  if (ExitError.isExitError(thrown)) return new Failed(['EXIT', thrown.reason]);
  return isError(thrown) ? new Failed(['EXIT', thrown]) : outcomeOf(thrown);
};

/** The same in a DynamicSupervisor, which gives the bare reason. */
export const thrownInDynamicSupervisor: OnThrown = (thrown) => {
  if (ExitError.isExitError(thrown)) return new Failed(thrown.reason);
  return new Failed(isError(thrown) ? thrown : ['nocatch', thrown]);
};

function outcomeOf(result: unknown): StartOutcome {
  if (result === ignore) return new Started(undefined);
  if (Pid.isPid(result)) return new Started(result);
  if (foreignKind(result) === 'pid') return foreignProcess(result);
  try {
    if (typeof result === 'object' && result !== null) {
      const { pid } = result as { pid?: unknown };
      if (foreignKind(pid) !== undefined) return foreignProcess(pid);
      if (Pid.isPid(pid)) {
        return Object.hasOwn(result, 'info')
          ? new Started(pid, true, (result as { info: unknown }).info)
          : new Started(pid);
      }
    }
  } catch {
    // A getter or a proxy that throws is no process.
  }
  return new Failed(result);
}

/** What runs under another copy of the package can neither be linked nor supervised here. */
const foreignProcess = (pid: unknown): Failed =>
  new Failed(new BadArgumentError('process of a child', pid, 'one of this runtime'));
