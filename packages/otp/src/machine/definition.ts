/** What a machine of xstate says of itself. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { Action } from './built-in-actions.ts';

/** A state and all states below it. */
export function* statesOf(node: AnyStateNode): Generator<AnyStateNode> {
  yield node;
  const children = Object.values(node.states) as AnyStateNode[];
  for (const child of children) yield* statesOf(child);
}

/** The implementations that were given to a machine. */
export function implementationsOf(machine: AnyStateMachine): {
  readonly actions: Readonly<Record<string, Action | undefined>>;
  readonly delays: Readonly<Record<string, unknown>>;
} {
  return machine.implementations as never;
}

/** Whether a value is a machine made by `createMachine`, of this or another copy of xstate. */
export function isStateMachine(value: unknown): value is AnyStateMachine {
  if (typeof value !== 'object' || value === null) return false;
  const { provide, resolveState, getInitialSnapshot } = value as Partial<AnyStateMachine>;
  return [provide, resolveState, getInitialSnapshot].every((each) => typeof each === 'function');
}
