/**
 * The transition table of a machine whose next state depends on its state and the type of the
 * event alone.
 *
 * Each transition is computed once, when it is first taken, by xstate's own pure `transition()`,
 * on a twin: a machine with the same definition, in which a mark stands for each action. The result
 * is shared by all processes of the definition.
 */
import {
  createMachine,
  initialTransition,
  transition,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventObject,
  type ExecutableActionObject,
  type StateValue,
} from 'xstate';
import { implementationsOf, statesOf } from './definition.ts';
import { EventClasses } from './event-classes.ts';
import { markedConfig, type Config } from './marked-config.ts';
import { assemble, type Program, type Template } from './program.ts';
import { eventTimeoutId, stateTimeoutId } from './timeouts.ts';
import { afterTemplate, keep, NotCompilable, translate } from './translate.ts';

/** What an event does in a state. */
export interface Step extends Program {
  readonly target: TableState;
  /** Whether a transition was enabled, even one without target. */
  readonly handled: boolean;
  /** Handled, it runs no code of the user but delay functions, and has no effect but timers. */
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
      quiet: false,
      actions: [],
      effects: [],
      slots: 0,
    };
  }
}

/**
 * Events raised and eventless transitions in a row after which a transition counts as one that
 * never ends. An actor would run for ever; the table fails the process.
 */
const longestTransition = 1000;

export class TransitionTable {
  /** Whether the definition uses event timeouts. */
  eventTimeouts = false;
  /** Whether it uses state timeouts. */
  stateTimeouts = false;
  readonly initial: Step;
  /** The same for every state: there is no action that could change it. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly #machine: AnyStateMachine;
  readonly #twin: AnyStateMachine;
  /** By the mark that stands for an action in the twin. */
  readonly #templates = new Map<unknown, Template>();
  /** Delays of the twin are numbers that stand for names: they come back in its actions. */
  readonly #delayNames = new Map<number, string>();
  readonly #states = new Map<string, TableState>();
  readonly #snapshots = new WeakMap<TableState, AnyMachineSnapshot>();
  readonly #classes: EventClasses;
  /** An eventless transition without target is taken after every event, known or not. */
  readonly #eventless: boolean;

  /** @throws {NotCompilable} when the machine is not covered. */
  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    const { context, options } = machine.config as Config;
    if (typeof context === 'function')
      throw new NotCompilable('its context is made for each process');
    if ((options as { maxIterations?: number } | undefined)?.maxIterations !== undefined) {
      // Where the limit is reached, some actions have run and others have not.
      throw new NotCompilable('it limits its iterations');
    }
    const nodes = [...statesOf(machine.root)];
    for (const node of nodes) checkState(node);
    this.#eventless = nodes.some((node) => node.always !== undefined);
    this.#classes = new EventClasses(nodes.flatMap((node) => [...node.transitions.keys()]));
    this.#twin = this.#makeTwin();
    const [snapshot, executables] = initialTransition(this.#twin);
    if (snapshot.status === 'error') throw new NotCompilable('its initial state is an error');
    this.context = snapshot.context as Readonly<Record<string, unknown>>;
    // A machine that defines no context has none to write to: all processes share this object.
    if (context === undefined) Object.freeze(this.context);
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
    // xstate handles these itself, in every machine.
    if (type === 'xstate.stop' || type === 'xstate.init') return type;
    const name = this.#classes.classOf(type);
    if (name !== undefined) return name;
    if (type.startsWith('xstate.error.actor')) return 'xstate.error.actor';
    return this.#eventless ? 'other' : undefined;
  }

  #compute(state: TableState, type: string): Step {
    const event = { type };
    const [snapshot, executables] = transition(this.#twin, state.snapshot, event);
    return this.#step(snapshot, executables, state.snapshot.can(event), event);
  }

  #step(
    snapshot: AnyMachineSnapshot,
    executables: readonly ExecutableActionObject[],
    handled: boolean,
    cause?: EventObject,
  ): Step {
    const steps = executables.flatMap((executable) => {
      const template = this.#templateOf(executable);
      if (template === undefined) return [];
      const { info } = executable;
      const isCause =
        cause === undefined ? info.event.type === 'xstate.init' : info.event === cause;
      return [{ template, event: isCause ? undefined : info.event }];
    });
    const program = assemble(steps);
    const target = this.#intern(snapshot);
    // What is not handled is looked at closely: a strict machine fails with it.
    const quiet =
      handled &&
      target.status === 'active' &&
      program.actions.every((op) => !op.custom && op.write === undefined) &&
      program.effects.every((effect) => effect.kind !== 'send');
    return { ...program, target, handled, quiet };
  }

  #intern(snapshot: AnyMachineSnapshot): TableState {
    // The order of the active states decides the order of actions in parallel states.
    const key = [snapshot.status, ...snapshot.tags].join('|');
    let state = this.#states.get(key);
    if (state === undefined) {
      state = new TableState(snapshot);
      this.#states.set(key, state);
    }
    return state;
  }

  #makeTwin(): AnyStateMachine {
    const { delays } = implementationsOf(this.#machine);
    const names = Object.keys({ ...delays, infinity: undefined });
    for (const [index, name] of names.entries()) this.#delayNames.set(-(index + 0.5), name);
    const config = markedConfig(this.#machine.config as Config, (action) => this.#mark(action));
    return createMachine({ ...config, options: { maxIterations: longestTransition } } as never, {
      delays: Object.fromEntries([...this.#delayNames].map(([mark, name]) => [name, mark])),
    });
  }

  #mark(action: unknown): unknown {
    const translated = translate(this.#machine, action);
    if (translated?.template === keep) return translated.implementation;
    // Ignored by xstate, but a transition with it counts as one.
    const mark = (): void => {};
    if (translated !== undefined) {
      const { template, implementation } = translated;
      const id = 'values' in template ? template.values.id : implementation.id;
      if (id === eventTimeoutId) this.eventTimeouts = true;
      if (id === stateTimeoutId) this.stateTimeouts = true;
      this.#templates.set(mark, template);
    }
    return mark;
  }

  #templateOf({ type, params, exec }: ExecutableActionObject): Template | undefined {
    const marked = this.#templates.get(exec);
    if (marked !== undefined) return marked;
    // The twin has these of `after`; events that are raised at once are part of the transition.
    if (type === 'xstate.cancel') {
      return { effect: 'cancel', values: { id: (params as { sendId: string }).sendId } };
    }
    if (type !== 'xstate.raise') return undefined;
    const { event, delay } = params as { event: EventObject; delay: number | undefined };
    if (delay === undefined) return undefined;
    return afterTemplate(this.#machine, event, this.#delayNames.get(delay) ?? delay);
  }
}

/** Checks that a state needs no actor. */
function checkState(node: AnyStateNode): void {
  if (node.type === 'history') throw new NotCompilable('it has a history state');
  if (node.invoke.length > 0) throw new NotCompilable(`state "${node.id}" invokes an actor`);
  if (node.config.route !== undefined) throw new NotCompilable('it has a route');
  if (typeof node.output === 'function') {
    throw new NotCompilable(`the output of "${node.id}" is made by a function`);
  }
  const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
  if (transitions.some(({ guard }) => guard !== undefined)) {
    throw new NotCompilable(`state "${node.id}" has a guard`);
  }
}
