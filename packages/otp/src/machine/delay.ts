/** Delays: numbers, names, functions, and `'infinity'`. */
import type { AnyStateMachine } from 'xstate';
import { BadArgumentError } from '../process/errors.ts';
import { implementationsOf, statesOf } from './definition.ts';

/** A delay as milliseconds; `'infinity'` is `Infinity`: it never ends. */
export function milliseconds(value: unknown, what: string): number {
  if (value === 'infinity') return Number.POSITIVE_INFINITY;
  if (typeof value === 'number' && value >= 0) return value;
  throw new BadArgumentError(what, value, "a number of milliseconds >= 0 or 'infinity'");
}

/**
 * Throws when an `after` names a delay without implementation: xstate would take the transition
 * at once.
 */
export function checkDelays(machine: AnyStateMachine): void {
  const { delays } = implementationsOf(machine);
  for (const node of statesOf(machine.root)) {
    for (const key of Object.keys(node.config.after ?? {})) {
      if (!Number.isNaN(Number(key)) || key === 'infinity' || delays[key] !== undefined) continue;
      throw new BadArgumentError(
        `after of state "${node.id}"`,
        key,
        'a number of milliseconds or the name of one of the delays given to the machine',
      );
    }
  }
}

/**
 * A machine whose named delays give milliseconds to xstate, which knows no `'infinity'`, and get
 * the `input` of the process.
 */
export function withDelays(
  machine: AnyStateMachine,
  inputOf: (self: unknown) => unknown,
): AnyStateMachine {
  const { delays } = implementationsOf(machine);
  const wrapped = Object.entries({ infinity: 'infinity', ...delays }).map(([name, delay]) => [
    name,
    (args: { self: unknown }, params: unknown) =>
      milliseconds(
        typeof delay === 'function'
          ? (delay as Compute)({ ...args, input: inputOf(args.self) }, params)
          : delay,
        `delay "${name}"`,
      ),
  ]);
  return machine.provide({ delays: Object.fromEntries(wrapped) as Record<string, never> });
}

type Compute = (args: object, params: unknown) => unknown;
