/** Errors of supervisors. */
import { inspect } from 'node:util';
import { brand, brandKey, foreignKind, type Brand } from '../process/values/brand.ts';
import { ExitError, formatReason, type ExitReason } from '../process/exit-reason.ts';
import { alreadyStartedHint, StartError } from '../process/start/start.ts';
import { ChildRecord } from './child-record.ts';

const startErrorBrand = brand('start_error');

/**
 * A supervisor could not be started, or refused a request.
 *
 * `reason` is the term of OTP's `{error, Reason}`: `'not_found'`, `'running'`, `'restarting'`,
 * `'already_present'`, `['already_started', pid]`, `'max_children'`, a fault of the child
 * specification such as `'missing_id'` or `['invalid_shutdown', value]`, what the child gave as
 * the reason of its failed start, or `{ shutdown: ['failed_to_start_child', id, reason] }`.
 */
export class SupervisorError extends ExitError {
  override readonly code: string = 'ERR_SUPERVISOR';

  /** @internal */
  override get [brandKey](): Brand {
    return startErrorBrand;
  }

  constructor(operation: string, reason: ExitReason) {
    super(
      reason,
      `${operation} failed: ${explain(reason)}${isStart(operation) ? startHint(reason) : ''}`,
      causeOf(reason) instanceof Error ? { cause: causeOf(reason) } : undefined,
    );
  }
}

/** Whether it was the start of a supervisor, which may have a name that is taken; not that of a child. */
const isStart = (operation: string): boolean => operation.includes('startLink');

/** What to do where a name is taken: that of the supervisor, or of the child that did not start. */
function startHint(reason: ExitReason): string {
  try {
    const why = (reason as { shutdown?: unknown } | null | undefined)?.shutdown;
    const isChild = Array.isArray(why) && why[0] === 'failed_to_start_child';
    return isChild ? startHint(why[2] as ExitReason) : alreadyStartedHint(reason);
  } catch {
    return ''; // a revoked proxy
  }
}

/** True for a failed start of any process: OTP's `{error, Reason}` of a start function. */
export function isStartFailure(error: unknown): error is StartError | SupervisorError {
  if (!ExitError.isExitError(error)) return false;
  return (
    error instanceof StartError ||
    error instanceof SupervisorError ||
    foreignKind(error) === 'start_error'
  );
}

const sentences: Record<string, string> = {
  not_found: 'there is no such child (not_found)',
  running: 'the child is running: terminate it first (running)',
  restarting: 'the child is being restarted: terminate it first (restarting)',
  already_present:
    'a child with this id exists but is not running: restartChild or deleteChild it (already_present)',
  max_children: 'maxChildren is reached: end a child, or raise it (max_children)',
  simple_one_for_one:
    'a supervisor with strategy simple_one_for_one knows its children by pid only (simple_one_for_one)',
  missing_id: 'the child specification has no id (missing_id)',
  missing_start: 'the child specification has no start function (missing_start)',
};

const expected: Record<string, string> = {
  invalid_child_spec: 'a child must be a specification, a module or [module, arg]',
  invalid_child_id: 'id of a child must be a value, not a promise or an array that contains itself',
  invalid_mfa: 'start of a child must be a function',
  invalid_restart_type: "restart must be 'permanent', 'transient' or 'temporary'",
  invalid_significant: 'significant must be a boolean',
  invalid_child_type: "type must be 'worker' or 'supervisor'",
  invalid_shutdown: "shutdown must be an integer of ms >= 0, 'brutal_kill' or 'infinity'",
  invalid_backoff:
    'backoff must be { initial, max } with 0 <= initial <= max in ms, and factor >= 1',
  invalid_type: 'the flags of a supervisor must be an object',
  invalid_strategy: "strategy must be 'one_for_one', 'one_for_all' or 'rest_for_one'",
  invalid_intensity: 'maxRestarts must be an integer >= 0',
  invalid_period: 'maxSeconds must be an integer > 0',
  invalid_auto_shutdown: "autoShutdown must be 'never', 'any_significant' or 'all_significant'",
  invalid_max_children: "maxChildren must be an integer >= 0 or 'infinity'",
  invalid_extra_arguments: 'extraArguments must be an array',
  duplicate_child_name:
    "two children have the same id: give one of them another, such as childSpec(arg, { id: 'second' })",
};

function explain(reason: ExitReason): string {
  if (typeof reason === 'string') return sentences[reason] ?? formatReason(reason);
  if (!Array.isArray(reason)) return formatReason(reason);
  const [tag, value] = reason as unknown[];
  if (value instanceof ChildRecord) {
    return `child ${show(value.id)} failed to start: ${explain(tag)}`;
  }
  if (tag === 'EXIT' && reason.length === 2) return `its start function failed: ${explain(value)}`;
  if (tag === 'start_spec' || tag === 'supervisor_data') return explain(value);
  if (tag === 'bad_combination') return `invalid combination: ${pairs(value)}`;
  const rule = typeof tag === 'string' ? expected[tag] : undefined;
  return rule === undefined ? formatReason(reason) : `${rule}, got ${show(value)}`;
}

function pairs(value: unknown): string {
  const list = value as ReadonlyArray<readonly [string, unknown]>;
  return list.map(([key, setting]) => `${key}: ${show(setting)}`).join(', ');
}

function show(value: unknown): string {
  try {
    return inspect(value, { depth: 1 });
  } catch {
    return 'an unprintable value';
  }
}

/** The Error at the bottom of a reason, if there is one. */
function causeOf(reason: ExitReason): unknown {
  if (!Array.isArray(reason)) return reason;
  const [tag, value] = reason as unknown[];
  return tag === 'EXIT' ? value : value instanceof ChildRecord ? causeOf(tag) : undefined;
}
