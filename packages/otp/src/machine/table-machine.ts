/** The engine for machines that the transition table covers. */
import type { AnyMachineSnapshot, EventObject, StateValue } from 'xstate';
import { BadArgumentError } from '../process/errors.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { DelayedEvent } from './delayed-events.ts';
import { deliver, MachineLoop, type Definition } from './machine-loop.ts';
import type { MachineTimer } from './machine-timer.ts';
import type { ActionOp, EffectValues } from './program.ts';
import type { Step, TableState, TransitionTable } from './table.ts';
import { eventTimeoutId } from './timeouts.ts';
import type { MachineArgs } from './types.ts';

/** `system` of actions: there are no other actors in it. */
const noActors = Object.freeze({ get: () => undefined, getAll: () => ({}) });

export class TableMachine extends MachineLoop {
  readonly #table: TransitionTable;
  #state: TableState;

  constructor(
    process: Process,
    parent: Pid | undefined,
    definition: Definition,
    table: TransitionTable,
    input: unknown,
  ) {
    super(process, parent, definition, input);
    this.#table = table;
    this.#state = table.initial.target;
  }

  override get value(): StateValue {
    return this.#state.value;
  }

  override getSnapshot(): AnyMachineSnapshot {
    return this.#table.snapshotOf(this.#state);
  }

  override can(event: EventObject): boolean {
    return this.#stepFor(event).handled;
  }

  override step(event: EventObject): boolean {
    // A value that is no event has no step, and is refused below.
    const step = this.#state.steps.get((event as EventObject | undefined)?.type as string);
    if (
      step === undefined ||
      !step.quiet ||
      this.ended ||
      this.busy ||
      this.backlog !== undefined ||
      this.suspended ||
      this.tracing ||
      this.process.dead
    ) {
      return super.step(event);
    }
    if (this.#table.eventTimeouts) this.delayed?.cancel(eventTimeoutId);
    if (step.effects.length === 0) {
      this.#enter(step.target);
      return true;
    }
    this.busy = true;
    try {
      const values = step.actions.length === 0 ? none : this.#act(step, event);
      if (this.process.dead) return false;
      this.#enter(step.target);
      this.#perform(step, values);
    } catch (error) {
      this.process.enter(() => this.fail(error));
      return false;
    } finally {
      this.busy = false;
    }
    // A timer without delay is due now.
    return this.backlog === undefined || this.runAsProcess(undefined);
  }

  protected override get status(): AnyMachineSnapshot['status'] {
    return this.#state.status;
  }

  protected override setState(state: unknown): void {
    const { value, context } = state as { value: StateValue; context: unknown };
    if (context !== undefined && context !== this.#table.context) {
      throw new BadArgumentError('context', context, 'left as it is: the machine has none');
    }
    this.#state = this.#table.stateOf(value);
  }

  protected override initialise(): void {
    const event = { type: 'xstate.init', input: this.input };
    const { initial } = this.#table;
    const values = this.#actInitially(initial, event);
    if (!this.process.dead) this.#perform(initial, values);
  }

  protected override transition(event: EventObject): void {
    if (this.#table.eventTimeouts) this.delayed?.cancel(eventTimeoutId);
    const step = this.#stepFor(event);
    if (step.target.status === 'error') throw (event as { error?: unknown }).error;
    const values = step.actions.length === 0 ? none : this.#act(step, event);
    if (this.process.dead) return;
    this.#enter(step.target);
    if (step.effects.length > 0) this.#perform(step, values);
  }

  protected override fire(timer: MachineTimer): EventObject | undefined {
    return this.fireDelayed(timer as DelayedEvent);
  }

  #enter(target: TableState): void {
    if (this.#table.stateTimeouts && target !== this.#state) {
      this.endStateTimeout(this.#state.value, target.value);
    }
    this.#state = target;
  }

  #stepFor(event: EventObject): Step {
    return this.#state.steps.get(event.type) ?? this.#table.step(this.#state, event.type);
  }

  /** The action phase: the state is still the former one. Gives the values for the effects. */
  #act(step: Step, event: EventObject): readonly EffectValues[] {
    const values: EffectValues[] = step.slots === 0 ? none : [];
    let args = this.#args(event);
    for (const op of step.actions) {
      const cause = op.event ?? event;
      if (args.event !== cause) args = this.#args(cause);
      this.#finish(op, args, op.run(args as never, paramsOf(op, args)), values);
      if (this.process.dead) break;
    }
    return values;
  }

  /** The same for the initial state: xstate evaluates all functions before it runs any action. */
  #actInitially(step: Step, event: EventObject): readonly EffectValues[] {
    const values: EffectValues[] = [];
    const evaluated = step.actions.map((op) => {
      const args = this.#args(op.event ?? event);
      const params = paramsOf(op, args);
      return { op, args, params, result: op.custom ? undefined : op.run(args as never, params) };
    });
    for (const { op, args, params, result } of evaluated) {
      this.#finish(op, args, op.custom ? op.run(args as never, params) : result, values);
      if (this.process.dead) break;
    }
    return values;
  }

  #finish(op: ActionOp, args: MachineArgs, result: unknown, values: EffectValues[]): void {
    if (op.slot >= 0) values[op.slot] = result as EffectValues;
    else if (op.write !== undefined) op.write(args as never, result);
    else if (result !== undefined) this.watchResult(result);
  }

  #args(event: EventObject): MachineArgs {
    const { context } = this.#table;
    return { context, event, self: this, system: noActors, input: this.input };
  }

  #perform(step: Step, values: readonly EffectValues[]): void {
    const active = step.target.status === 'active';
    for (const { kind, values: known, slot } of step.effects) {
      const { id, delay, event, to } = known ?? values[slot] ?? noValues;
      if (kind === 'cancel') this.delayed?.cancel(id);
      else if (kind === 'send' && delay === undefined) deliver(to, event as EventObject);
      else if (!active) continue;
      else if (delay === undefined) this.update(id as string, event as EventObject);
      else this.arm(id, delay, event as EventObject, kind === 'send' ? to : this);
    }
  }
}

const none: EffectValues[] = [];
const noValues: EffectValues = {};

function paramsOf({ params, computedParams }: ActionOp, args: MachineArgs): unknown {
  if (!computedParams) return params;
  const { context, event } = args;
  return (params as (args: object) => unknown)({ context, event });
}
