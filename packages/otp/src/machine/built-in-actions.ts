/**
 * What xstate's own actions (`raise`, `cancel`, `log`, `sendTo`) were given.
 *
 * They are functions that carry their settings as properties, which their types do not show. The
 * table has to know more than the public functions of xstate tell: whether a setting is a value,
 * the same for every process, or a function that each process has to call. So this module reads
 * these properties, and is the only one that does. The version of xstate is pinned, and
 * test/machine/equivalence.test.ts compares the table with plain actors, so that a release that
 * changes one of them does not pass unnoticed.
 */

/** A custom action, or one of xstate's own with its settings. */
export type Action = ((args: never, params: unknown) => unknown) & Partial<BuiltIn>;

interface BuiltIn {
  readonly type: string;
  readonly resolve: unknown;
  readonly event: unknown;
  readonly delay: unknown;
  readonly id: unknown;
  readonly sendId: unknown;
  readonly to: unknown;
  readonly value: unknown;
  readonly label: unknown;
}

/** Whether it is one of xstate's own. */
export function isBuiltIn(action: Action): boolean {
  return 'resolve' in action;
}
