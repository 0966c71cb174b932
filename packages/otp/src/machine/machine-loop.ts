/** What both engines share: one event at a time, from the mailbox, a timer, or `step`. */
import { isDeepStrictEqual } from 'node:util';
import type {
  AnyMachineSnapshot,
  AnyStateMachine,
  EventObject,
  MachineContext,
  StateValue,
} from 'xstate';
import { Gen, type Pending } from '../gen-server/gen.ts';
import { formatted, type ServerStatus } from '../gen-server/status.ts';
import type { Call } from '../process/messages/call.ts';
import { currentProcess } from '../process/context.ts';
import { currentLogger } from '../process/reports/crash-report.ts';
import { ExitError, reasonOfThrown, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { send } from '../process/messages/send.ts';
import type { ServerRef } from '../process/names/server-ref.ts';
import { isThenable } from '../process/values/thenable.ts';
import { Backlog } from './backlog.ts';
import { CallEvent, checkEvent, isEvent } from './call-event.ts';
import { DelayedEvents, type DelayedEvent } from './delayed-events.ts';
import { MachineTimer, type TimerOwner } from './machine-timer.ts';
import type { TransitionTable } from './table.ts';
import { stateTimeoutId } from './timeouts.ts';
import type { MachineOptions, MachineRef, MachineState } from './types.ts';

/** A definition as the engines need it. */
export interface Definition {
  readonly label: string;
  readonly machine: AnyStateMachine;
  readonly table: TransitionTable | undefined;
  readonly options: MachineOptions<AnyStateMachine>;
  /** Timers do not keep the program running. */
  readonly background: boolean;
}

/** Timers without delay that follow one another before the event loop gets its turn. */
const dueBudget = 100;

export abstract class MachineLoop extends Gen implements MachineRef, TimerOwner {
  declare readonly process: Process;
  readonly definition: Definition;
  readonly input: unknown;
  /** A transition is running. */
  protected busy = false;
  /** The machine takes no more events: it is ending, or has ended. */
  protected ended = false;
  protected backlog: Backlog | undefined;
  /** Made with the first delayed event: many machines have none. */
  protected delayed: DelayedEvents | undefined;
  #entering: EventObject | undefined;
  #current: EventObject | undefined;
  #ending: Pending = undefined;
  #failed = false;
  #dueBudget = dueBudget;
  readonly #strict: boolean;

  constructor(process: Process, parent: Pid | undefined, definition: Definition, input: unknown) {
    super(process, parent);
    this.definition = definition;
    this.input = input;
    this.#strict = definition.options.unhandled === 'fail';
  }

  abstract get value(): StateValue;
  abstract can(event: EventObject): boolean;
  abstract getSnapshot(): AnyMachineSnapshot;
  protected abstract get status(): AnyMachineSnapshot['status'];
  /** Enters the initial state. Throws what an action throws. */
  protected abstract initialise(): void;
  /** Takes one event. Throws what an action throws. */
  protected abstract transition(event: EventObject): void;
  /** A timer's time is over; gives the event that it stands for, if it did not deliver it. */
  protected abstract fire(timer: MachineTimer): EventObject | undefined;

  get pid(): Pid {
    return this.process.pid;
  }

  /** In `init`: entry actions run, events wait. */
  enterInitialState(): void {
    this.busy = true;
    try {
      this.initialise();
    } catch (error) {
      this.drop();
      throw error;
    } finally {
      this.busy = false;
    }
    // Its own action killed it: the process does not have this loop yet.
    if (this.process.dead) this.drop();
  }

  /** After `startLink` has resolved: events that the machine sent itself, or its end. */
  begin(): Pending {
    if (this.status !== 'active') this.#finish();
    else if (this.backlog !== undefined) this.#run(undefined);
    return this.#ending;
  }

  send(event: EventObject): void {
    checkEvent(event);
    this.receive(event);
  }

  /** Takes an event after the current transition, or through the mailbox when there is none. */
  receive(event: EventObject): void {
    if (this.busy) (this.backlog ??= new Backlog()).queue(event);
    else this.process.deliver(event);
  }

  step(event: EventObject): boolean {
    if (this.process.dead || this.ended) return false;
    checkEvent(event);
    if (this.busy) {
      this.receive(event);
      return true;
    }
    if (this.suspended) {
      this.process.deliver(event);
      return true;
    }
    if (this.tracing) this.traced({ type: 'in', message: this.shown(event) });
    return this.runAsProcess(event);
  }

  /** Takes an event, or only what the backlog holds, in the caller's turn. */
  protected runAsProcess(event: EventObject | undefined): boolean {
    if (currentProcess() === this.process) {
      this.#run(event);
    } else {
      this.#entering = event;
      this.process.enter(runEntering);
    }
    return !this.#failed && (!this.process.dead || this.status !== 'active');
  }

  /** Takes the event that `step` left here, now that the code runs as the process. */
  takeEntering(): void {
    const event = this.#entering;
    this.#entering = undefined;
    this.#run(event);
  }

  postpone(event: EventObject): void {
    (this.backlog ??= new Backlog()).postpone(event);
  }

  dueNow(timer: MachineTimer): void {
    // A loop of timers without delay must not stop the world.
    if (this.busy && this.#dueBudget-- > 0) (this.backlog ??= new Backlog()).due(timer);
    else this.process.deliver(timer);
  }

  /** Where xstate's `log` action writes. */
  log(...values: unknown[]): void {
    const { logger } = this.definition.options;
    if (logger !== undefined) logger(...values);
    else currentLogger().debug({ pid: this.pid, values }, values.map(String).join(' '));
  }

  /** An action that fails later than in its transition fails the process all the same. */
  watchResult(result: unknown): void {
    if (!isThenable(result)) return;
    result.then(undefined, (error: unknown) => {
      if (!this.process.dead) this.fail(error);
    });
  }

  override details(): Readonly<Record<string, unknown>> {
    const event = this.#current;
    const given = {
      state: this.getState(),
      ...(event === undefined ? undefined : { message: event }),
    };
    const { state, message } = this.shownStatus(given);
    const { context = {} } = (state ?? {}) as Partial<MachineState>;
    return {
      // The state value is what trees of processes show: it has no secrets.
      value: this.value,
      ...(Object.keys(context).length === 0 ? undefined : { context }),
      ...(message === undefined ? undefined : { event: message }),
    };
  }

  drop(): void {
    this.ended = true;
    this.backlog = undefined;
    this.releaseTimers();
  }

  /** Starts the wait for a delayed event. */
  protected arm(id: string | undefined, delay: number, event: EventObject, to: unknown): void {
    this.delayed ??= new DelayedEvents(this, this.definition.background);
    this.delayed.arm(id, delay, event, to);
  }

  /** Gives a delayed event that waits another event; one that does not wait is due at once. */
  protected update(id: string, event: EventObject): void {
    const waiting = this.delayed?.find(id);
    if (waiting === undefined) this.arm(id, 0, event, this);
    else waiting.event = event;
  }

  /** The state timeout belongs to a state: it ends when another is entered. */
  protected endStateTimeout(before: StateValue, after: StateValue): void {
    if (this.delayed === undefined || isDeepStrictEqual(before, after)) return;
    this.delayed.cancel(stateTimeoutId);
  }

  /** A delayed event is due: gives it, or sends it to the process that it is for. */
  protected fireDelayed(timer: DelayedEvent): EventObject | undefined {
    this.delayed?.take(timer);
    const { event, to } = timer;
    if (to === this) return event;
    deliver(to, event as EventObject);
    return undefined;
  }

  protected releaseTimers(): void {
    this.delayed?.cancelAll();
    this.delayed = undefined;
  }

  override handle(message: unknown): Pending {
    if (!(message instanceof MachineTimer)) return super.handle(message);
    if (message.owner === this && message.due) this.#run(message);
    return this.#ending;
  }

  protected override beforeMessage(): void {}

  protected override handleCall(call: Call): Pending {
    this.#run(new CallEvent(call));
    return this.#ending;
  }

  protected override handleMessage(message: unknown): Pending {
    this.#run(isEvent(message) ? message : ({ type: 'info', message } as EventObject));
    return this.#ending;
  }

  protected override getState(): MachineState {
    return { value: this.value, context: this.getSnapshot().context as MachineContext };
  }

  protected override shownStatus(status: ServerStatus): Partial<ServerStatus> {
    return formatted(this.definition.options.formatStatus, status);
  }

  protected override terminate(reason: ExitReason): unknown {
    this.ended = true;
    const { value, context } = this.getState();
    const input = this.input as never;
    return this.definition.options.terminate?.(reason, { value, context, input });
  }

  /** Takes an event, then what the backlog holds. */
  #run(first: EventObject | MachineTimer | undefined): void {
    if (this.ended) return;
    this.busy = true;
    try {
      let next = first ?? this.backlog?.next();
      while (next !== undefined) {
        this.#handleNext(next);
        if (this.ended) break;
        if (this.status !== 'active') {
          this.#finish();
          break;
        }
        next = this.backlog?.next();
      }
      if (this.backlog?.empty === true) this.backlog = undefined;
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
      // A loop of timers without delay goes on through the mailbox, one by one.
      if (!(first instanceof MachineTimer && first.immediate)) this.#dueBudget = dueBudget;
    }
  }

  #handleNext(next: EventObject | MachineTimer): void {
    let event = next as EventObject;
    if (next instanceof MachineTimer) {
      if (!next.due) return;
      next.due = false;
      const fired = this.fire(next);
      if (fired === undefined) return;
      event = fired;
      if (this.tracing) this.traced({ type: 'in', message: this.shown(event) });
    } else if (event instanceof CallEvent && !this.can(event)) {
      event.from.fail('unhandled_event');
      return;
    }
    if (this.#strict && !this.can(event)) {
      this.#current = event;
      throw new ExitError(['unhandled_event', event]);
    }
    const before = this.value;
    this.#current = event;
    this.transition(event);
    this.#current = undefined;
    if (this.tracing) this.traced({ type: 'state', state: this.shownState() });
    if (this.backlog?.hasPostponed === true && !isDeepStrictEqual(before, this.value)) {
      this.backlog.replay();
    }
  }

  #finish(): void {
    let reason: ExitReason = 'normal';
    const { onDone } = this.definition.options;
    if (this.status === 'done' && onDone !== undefined) {
      try {
        reason = onDone(this.getSnapshot().output as never, this.input);
      } catch (error) {
        reason = reasonOfThrown(error);
      }
    }
    this.#end(reason);
  }

  /** Ends the process with what was thrown. */
  protected fail(error: unknown): void {
    this.#failed = true;
    this.#end(reasonOfThrown(error));
  }

  #end(reason: ExitReason): void {
    if (this.ended) return;
    this.ended = true;
    this.#ending = this.end(reason);
  }
}

/** Sends an event to an actor of xstate, to a machine, or to any process. */
export function deliver(to: unknown, event: EventObject): void {
  const target = to as { send?: (event: EventObject) => void } | undefined;
  if (typeof target?.send === 'function') target.send(event);
  else send(to as ServerRef, event);
}

function runEntering(this: Process): void {
  (this.behaviour as MachineLoop).takeEntering();
}
