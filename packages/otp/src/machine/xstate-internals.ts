/**
 * The parts of xstate that its types keep to themselves: the one module that knows them.
 *
 * The version of xstate is pinned, and the tests compare both engines with plain xstate actors,
 * so that a release that changes one of these does not pass unnoticed.
 */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';

/** An action as it stands in a machine: a function, or the name of one with its parameters. */
export type ActionRef = Action | string | { readonly type: string; readonly params?: unknown };

/** A custom action; xstate's own ones are functions that carry `resolve` and their settings. */
export type Action = ((args: never, params: unknown) => unknown) & Partial<BuiltIn>;

/** The settings of xstate's own actions. */
export interface BuiltIn {
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

/** A transition of a state node. */
export interface Transition {
  readonly guard: unknown;
  readonly target: readonly Node[] | undefined;
  actions: readonly ActionRef[];
}

/** A state node. */
export interface Node {
  readonly id: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly config: { readonly after?: object; readonly route?: unknown };
  readonly states: Readonly<Record<string, Node>>;
  readonly transitions: ReadonlyMap<string, readonly Transition[]>;
  readonly always: readonly Transition[] | undefined;
  readonly initial: { actions: readonly ActionRef[] };
  readonly invoke: readonly unknown[];
  readonly output: unknown;
  entry: readonly ActionRef[];
  exit: readonly ActionRef[];
}

/** What `transition()` of xstate wants executed. */
export interface Executable {
  readonly info: { readonly event: EventObject };
  readonly exec: unknown;
}

/** The root node of a machine. */
export function rootOf(machine: AnyStateMachine): Node {
  return machine.root as unknown as Node;
}

/** A node and all nodes below it. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of Object.values(node.states)) yield* nodesOf(child);
}

/** The ids of the active nodes, in the order in which xstate keeps them. */
export function activeNodes(snapshot: AnyMachineSnapshot): string[] {
  return (snapshot as unknown as { _nodes: Node[] })._nodes.map((node) => node.id);
}

/** The transitions that an event selects in a state. */
export function selectTransitions(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
): readonly Transition[] {
  return machine.getTransitionData(snapshot, event) as unknown as Transition[];
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
  return (
    typeof value === 'object' &&
    value !== null &&
    '__xstatenode' in value &&
    typeof (value as { provide?: unknown }).provide === 'function'
  );
}
