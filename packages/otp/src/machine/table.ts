/**
 * The transition table of a machine whose next state depends on its state and the type of the
 * event alone.
 *
 * Each transition is computed once, when it is first taken, by xstate's own pure `transition()`,
 * on a twin of the machine in which every action is replaced by a mark. The result is shared by
 * all processes of the definition.
 */
import {
  initialTransition,
  transition,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate';
import type { EventObject, StateValue } from 'xstate';
import { EventClasses } from './event-classes.ts';
import { assemble, type Program, type Template } from './program.ts';
import { keep, NotCompilable, translate } from './translate.ts';
import {
  activeNodes,
  nodesOf,
  rootOf,
  selectTransitions,
  type Action,
  type ActionRef,
  type Executable,
  type Node,
} from './xstate-internals.ts';

/** What an event does in a state. */
export interface Step extends Program {
  readonly target: TableState;
  /** Whether a transition was enabled, even one without target. */
  readonly handled: boolean;
  /** Runs no code of the user but delay functions, and has no effect but timers. */
  readonly quiet: boolean;
}

/** A state of the machine, the same object for all processes. */
export class TableState {
  readonly snapshot: AnyMachineSnapshot;
  readonly value: StateValue;
  readonly status: AnyMachineSnapshot['status'];
  /** By event type, or by class for types that only wildcards take. */
  readonly steps = new Map<string, Step>();
  /** What an event without transition does. */
  readonly ignored: Step;

  constructor(snapshot: AnyMachineSnapshot) {
    this.snapshot = snapshot;
    this.value = snapshot.value as StateValue;
    this.status = snapshot.status;
    this.ignored = {
      target: this,
      handled: false,
      quiet: true,
      actions: [],
      effects: [],
      slots: 0,
    };
  }
}

/** The id of the timer that every event cancels; see `Machine.eventTimeout`. */
export const eventTimeoutId = 'linnet.event-timeout';

/**
 * Events raised and eventless transitions in a row after which a transition counts as one that
 * never ends. An actor would run for ever; the table fails the process.
 */
const longestTransition = 1000;

export class TransitionTable {
  /** Whether the definition uses event timeouts. */
  eventTimeouts = false;
  readonly initial: Step;
  /** The same for every state: there is no action that could change it. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly #machine: AnyStateMachine;
  readonly #twin: AnyStateMachine;
  readonly #marks = new Map<unknown, Template>();
  readonly #states = new Map<string, TableState>();
  readonly #snapshots = new WeakMap<TableState, AnyMachineSnapshot>();
  readonly #classes: EventClasses;
  /** An eventless transition without target is taken after every event, known or not. */
  #eventless = false;

  /** @throws {NotCompilable} when the machine is not covered. */
  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    this.#twin = machine.provide({});
    this.#twin.options = { maxIterations: longestTransition };
    if (typeof machine.config.context === 'function') {
      throw new NotCompilable('its context is made for each process');
    }
    if (machine.config.options?.maxIterations !== undefined) {
      // Where the limit is reached, some actions have run and others have not.
      throw new NotCompilable('it limits its iterations');
    }
    for (const node of nodesOf(rootOf(this.#twin))) this.#mark(node);
    this.#classes = new EventClasses(
      [...nodesOf(rootOf(this.#twin))].flatMap((node) => [...node.transitions.keys()]),
    );
    const [snapshot, executables] = initialTransition(this.#twin);
    if (snapshot.status === 'error') throw new NotCompilable('its initial state is an error');
    this.context = snapshot.context as Readonly<Record<string, unknown>>;
    // Without a context in the definition nobody may use it as one: it is shared.
    if (machine.config.context === undefined) Object.freeze(this.context);
    this.initial = this.#step(snapshot, executables, true);
  }

  /** What an event of this type does in a state. */
  step(state: TableState, type: string): Step {
    const name = this.#nameOf(type);
    if (name === undefined) return state.ignored;
    let step = state.steps.get(name);
    if (step === undefined) {
      step = this.#compute(state, type);
      state.steps.set(name, step);
    }
    return step;
  }

  /** The state with this value. */
  stateOf(value: StateValue): TableState {
    return this.#intern(this.#twin.resolveState({ value, context: this.context }));
  }

  /** The snapshot of a state as the machine itself would give it. */
  snapshotOf(state: TableState): AnyMachineSnapshot {
    let snapshot = this.#snapshots.get(state);
    if (snapshot === undefined) {
      const { status, output } = state.snapshot as { status: 'active'; output: unknown };
      snapshot = this.#machine.resolveState({
        value: state.value,
        context: this.context,
        status,
        output,
      });
      this.#snapshots.set(state, snapshot);
    }
    return snapshot;
  }

  /** Under which name the step of an event type is kept; undefined when the event does nothing. */
  #nameOf(type: string): string | undefined {
    // These do what they do whatever the machine says about them.
    if (type === 'xstate.stop' || type === 'xstate.init') return type;
    const name = this.#classes.classOf(type);
    if (name !== undefined) return name;
    if (type.startsWith('xstate.error.actor')) return 'xstate.error.actor';
    return this.#eventless ? 'other' : undefined;
  }

  #compute(state: TableState, type: string): Step {
    const event = { type };
    const [snapshot, executables] = transition(this.#twin, state.snapshot, event);
    const handled = selectTransitions(this.#twin, state.snapshot, event).some(
      ({ target, actions }) => target !== undefined || actions.length > 0,
    );
    return this.#step(snapshot, executables, handled, event);
  }

  #step(
    snapshot: AnyMachineSnapshot,
    executables: readonly Executable[],
    handled: boolean,
    cause?: EventObject,
  ): Step {
    const steps = executables.flatMap(({ exec, info }) => {
      const template = this.#marks.get(exec);
      if (template === undefined) return [];
      const isCause =
        cause === undefined ? info.event.type === 'xstate.init' : info.event === cause;
      return [{ template, event: isCause ? undefined : info.event }];
    });
    const program = assemble(steps);
    const target = this.#intern(snapshot);
    const quiet =
      target.status === 'active' &&
      program.actions.every((op) => !op.custom && op.write === undefined) &&
      program.effects.every((effect) => effect.kind !== 'send');
    return { ...program, target, handled, quiet };
  }

  #intern(snapshot: AnyMachineSnapshot): TableState {
    // The order of the active nodes decides the order of actions in parallel states.
    const key = [snapshot.status, ...activeNodes(snapshot)].join('|');
    let state = this.#states.get(key);
    if (state === undefined) {
      state = new TableState(snapshot);
      this.#states.set(key, state);
    }
    return state;
  }

  /** Replaces the actions of a node by marks, and checks that nothing else needs an actor. */
  #mark(node: Node): void {
    if (node.type === 'history') throw new NotCompilable('it has a history state');
    if (node.invoke.length > 0) throw new NotCompilable(`state "${node.id}" invokes an actor`);
    if (node.config.route !== undefined) throw new NotCompilable('it has a route');
    if (typeof node.output === 'function') {
      throw new NotCompilable(`the output of "${node.id}" is made by a function`);
    }
    if (node.always !== undefined) this.#eventless = true;
    const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
    for (const each of transitions) {
      if (each.guard !== undefined) throw new NotCompilable(`state "${node.id}" has a guard`);
      each.actions = this.#markAll(each.actions);
    }
    node.entry = this.#markAll(node.entry);
    node.exit = this.#markAll(node.exit);
    if (node.type === 'compound') node.initial.actions = this.#markAll(node.initial.actions);
  }

  #markAll(actions: readonly ActionRef[]): ActionRef[] {
    return actions.flatMap((action) => {
      const translated = translate(this.#machine, action);
      if (translated === undefined) return [];
      if (translated.template === keep) return [translated.builtIn];
      if (translated.builtIn.id === eventTimeoutId) this.eventTimeouts = true;
      const mark: Action = () => {};
      this.#marks.set(mark, translated.template);
      return [mark];
    });
  }
}
