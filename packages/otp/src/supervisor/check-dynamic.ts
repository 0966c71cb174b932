/** Checks of a DynamicSupervisor's options and children, with the error terms of Elixir. */
import { checkChildSpec, checkLimits, Invalid } from './check-spec.ts';
import type { FullChildSpec } from './child-record.ts';

/** The options with all defaults filled in. */
export interface DynamicFlags {
  readonly intensity: number;
  readonly period: number;
  readonly maxChildren: number;
  readonly extraArguments: readonly unknown[];
}

export function checkDynamicFlags(options: unknown): DynamicFlags | Invalid {
  const {
    strategy = 'one_for_one',
    maxRestarts = 3,
    maxSeconds = 5,
    maxChildren = 'infinity',
    extraArguments = [],
    autoShutdown = 'never',
  } = options as Readonly<Record<string, unknown>>;
  if (strategy !== 'one_for_one') return new Invalid(['invalid_strategy', strategy]);
  const limits = checkLimits(maxRestarts, maxSeconds);
  if (limits !== undefined) return limits;
  if (maxChildren !== 'infinity' && !(Number.isInteger(maxChildren) && Number(maxChildren) >= 0)) {
    return new Invalid(['invalid_max_children', maxChildren]);
  }
  if (!Array.isArray(extraArguments)) {
    return new Invalid(['invalid_extra_arguments', extraArguments]);
  }
  if (autoShutdown !== 'never') return new Invalid(['invalid_auto_shutdown', autoShutdown]);
  return {
    intensity: maxRestarts as number,
    period: maxSeconds as number,
    maxChildren: maxChildren === 'infinity' ? Number.POSITIVE_INFINITY : (maxChildren as number),
    extraArguments,
  };
}

/** Checks a child; its id means nothing here, so that many may have the same. */
export function checkDynamicChild(spec: unknown): FullChildSpec | Invalid {
  const checked = checkChildSpec(spec, 'any_significant');
  if (checked instanceof Invalid) {
    const missing = checked.reason === 'missing_id' || checked.reason === 'missing_start';
    return missing ? new Invalid(['invalid_child_spec', spec]) : checked;
  }
  return checked.significant ? new Invalid(['invalid_significant', true]) : checked;
}
