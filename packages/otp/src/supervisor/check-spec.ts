/** Checks of child specifications and flags, in OTP's order and with OTP's error terms. */
import { BadArgumentError } from '../process/errors.ts';
import { isKey, keyOf } from '../process/values/term-key.ts';
import { isThenable } from '../process/values/thenable.ts';
import { isBackoff } from './backoff.ts';
import type { FullChildSpec } from './child-record.ts';
import type { AutoShutdown, Strategy } from './types.ts';

/** What is wrong with a specification or a flag. */
export class Invalid {
  readonly reason: unknown;
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Flags with all defaults filled in. */
export interface FullFlags {
  readonly strategy: Strategy | 'simple_one_for_one';
  readonly intensity: number;
  readonly period: number;
  readonly autoShutdown: AutoShutdown;
}

type Fields = Readonly<Record<string, unknown>>;

const strategies = new Set<unknown>([
  'one_for_one',
  'one_for_all',
  'rest_for_one',
  'simple_one_for_one',
]);
const autoShutdowns = new Set<unknown>(['never', 'any_significant', 'all_significant']);
const restartTypes = new Set<unknown>(['permanent', 'transient', 'temporary']);

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isInteger = (value: unknown): value is number => Number.isInteger(value);

/** The module that makes a specification, if `value` is one. */
function hasChildSpec(value: unknown): value is { childSpec(arg?: unknown): unknown } {
  return (
    (isFields(value) || typeof value === 'function') &&
    typeof (value as { childSpec?: unknown }).childSpec === 'function'
  );
}

/**
 * Turns a module, or `[Module, arg]`, into its child specification.
 * @throws {BadArgumentError} for a module that has no `childSpec`.
 */
export function expandChild(child: unknown): unknown {
  if (hasChildSpec(child)) return child.childSpec();
  if (Array.isArray(child) && child.length === 2 && hasChildSpec(child[0]))
    return child[0].childSpec(child[1]);
  if (isThenable(child)) {
    // It is not waited for: whatever it becomes is no child of this supervisor.
    child.then(undefined, () => {});
    throw new BadArgumentError(
      'child',
      child,
      'a child specification: use C.childSpec(1) in place of C.startLink(1), and the supervisor starts it',
    );
  }
  if (Array.isArray(child) || typeof child === 'function') {
    throw new BadArgumentError(
      'child',
      child,
      'a child specification, a module with childSpec(arg), or [module, arg]',
    );
  }
  return child;
}

/**
 * Turns every child of a list into its specification.
 * @throws {BadArgumentError} when it is no list.
 */
export function expandChildren(children: unknown): unknown[] {
  if (!Array.isArray(children)) throw new BadArgumentError('children', children, 'an array');
  return children.map(expandChild);
}

/** Checks one specification and fills in the defaults. */
export function checkChildSpec(spec: unknown, autoShutdown: AutoShutdown): FullChildSpec | Invalid {
  if (!isFields(spec) || Array.isArray(spec)) return new Invalid(['invalid_child_spec', spec]);
  const { id, start, restart = 'permanent', significant = false, type = 'worker' } = spec;
  const { shutdown = type === 'supervisor' ? 'infinity' : 5000, backoff } = spec;
  if (id === undefined) return new Invalid('missing_id');
  if (!isKey(id)) return new Invalid(['invalid_child_id', id]);
  if (start === undefined) return new Invalid('missing_start');
  if (typeof start !== 'function') return new Invalid(['invalid_mfa', start]);
  if (!restartTypes.has(restart)) return new Invalid(['invalid_restart_type', restart]);
  if (significant === true && autoShutdown === 'never') {
    return badCombination(['auto_shutdown', 'never'], ['significant', true]);
  }
  if (significant === true && restart === 'permanent') {
    return badCombination(['restart', 'permanent'], ['significant', true]);
  }
  if (typeof significant !== 'boolean') return new Invalid(['invalid_significant', significant]);
  if (type !== 'worker' && type !== 'supervisor') return new Invalid(['invalid_child_type', type]);
  if (!isShutdown(shutdown)) return new Invalid(['invalid_shutdown', shutdown]);
  if (backoff !== undefined && !isBackoff(backoff))
    return new Invalid(['invalid_backoff', backoff]);
  const full = { id, start, restart, shutdown, type, significant } as FullChildSpec;
  return Object.freeze(backoff === undefined ? full : { ...full, backoff });
}

function isShutdown(value: unknown): boolean {
  return value === 'brutal_kill' || value === 'infinity' || (isInteger(value) && value >= 0);
}

const badCombination = (...pairs: ReadonlyArray<readonly [string, unknown]>): Invalid =>
  new Invalid(['bad_combination', pairs]);

/** Checks a list of specifications; ids are unique. */
export function checkChildSpecs(
  specs: readonly unknown[],
  autoShutdown: AutoShutdown,
): FullChildSpec[] | Invalid {
  const ids = new Set<unknown>();
  const checked: FullChildSpec[] = [];
  for (const value of specs) {
    const spec = checkChildSpec(value, autoShutdown);
    if (spec instanceof Invalid) return spec;
    const key = keyOf(spec.id);
    if (ids.has(key)) return new Invalid(['duplicate_child_name', spec.id]);
    ids.add(key);
    checked.push(spec);
  }
  return checked;
}

/** Checks the flags and fills in the defaults. */
export function checkFlags(flags: unknown): FullFlags | Invalid {
  if (!isFields(flags)) return new Invalid(['invalid_type', flags]);
  const { strategy, maxRestarts = 3, maxSeconds = 5, autoShutdown = 'never' } = flags;
  if (!strategies.has(strategy)) return new Invalid(['invalid_strategy', strategy]);
  const limits = checkLimits(maxRestarts, maxSeconds);
  if (limits !== undefined) return limits;
  if (!autoShutdowns.has(autoShutdown)) {
    return new Invalid(['invalid_auto_shutdown', autoShutdown]);
  }
  if (strategy === 'simple_one_for_one' && autoShutdown !== 'never') {
    return badCombination(['auto_shutdown', autoShutdown], ['strategy', 'simple_one_for_one']);
  }
  return {
    strategy: strategy as FullFlags['strategy'],
    intensity: maxRestarts as number,
    period: maxSeconds as number,
    autoShutdown: autoShutdown as AutoShutdown,
  };
}

/** What is wrong with the limits, if anything is. */
export function checkLimits(maxRestarts: unknown, maxSeconds: unknown): Invalid | undefined {
  if (!isInteger(maxRestarts) || maxRestarts < 0) {
    return new Invalid(['invalid_intensity', maxRestarts]);
  }
  if (!isInteger(maxSeconds) || maxSeconds < 1) return new Invalid(['invalid_period', maxSeconds]);
  return undefined;
}
