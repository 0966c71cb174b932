/** An xstate actor that lives in a machine process. */
import {
  Actor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  type StateValue,
} from 'xstate';
import type { Pid } from '../process/pid.ts';
import type { MachineTimer } from './machine-timer.ts';
import type { MachineRef } from './types.ts';

/** An action as an actor is about to run it. */
export interface RunningAction {
  readonly type: string;
  readonly info: object;
  exec: ((info: never, params: unknown) => unknown) | undefined;
}

/** The loop around an actor. */
export interface ActorHost extends MachineRef {
  /** Takes an event that anybody sent to the actor. */
  _send(event: EventObject): void;
  /** Gives an action its `input` and watches it. */
  prepare(action: RunningAction): void;
}

interface Options {
  readonly host: ActorHost;
  readonly input: unknown;
  readonly logger: (...values: unknown[]) => void;
  readonly clock: {
    setTimeout(callback: () => void, delay: number): MachineTimer;
    clearTimeout(timer: MachineTimer): void;
  };
}

/** What this module uses of xstate's Actor, part of which its types keep private. */
interface Internals {
  readonly options: Options;
  readonly system: { readonly scheduler: { cancel(source: object, id: string): void } };
  readonly _actorScope: { actionExecutor: (action: RunningAction) => void };
  _snapshot: AnyMachineSnapshot;
  _initState(persisted: unknown): void;
  _send(event: EventObject): void;
  send(event: EventObject): void;
  getSnapshot(): AnyMachineSnapshot;
  subscribe(observer: { error: (error: unknown) => void }): void;
  start(): void;
  stop(): void;
  _stop(): void;
}

/** The parts of a snapshot that putting a machine into another state keeps. */
interface Replaceable {
  readonly machine: AnyStateMachine;
  readonly children: unknown;
  readonly historyValue: unknown;
}

const Base = Actor as unknown as new (logic: AnyStateMachine, options: Options) => Internals;

/**
 * The root actor of a machine process. Every event that is sent to it, by its own actions, its
 * children, its timers or anyone who has its reference, goes to the loop of the process first.
 */
export class MachineActor extends Base implements MachineRef {
  get host(): ActorHost {
    return this.options.host;
  }

  get pid(): Pid {
    return this.options.host.pid;
  }

  get value(): StateValue {
    return this._snapshot.value as StateValue;
  }

  step(event: EventObject): boolean {
    return this.options.host.step(event);
  }

  can(event: EventObject): boolean {
    return this._snapshot.can(event);
  }

  override _initState(persisted: unknown): void {
    // The constructor runs the initial transition, so this is the moment to reach its actions.
    const scope = this._actorScope;
    const execute = scope.actionExecutor;
    scope.actionExecutor = (action) => {
      this.options.host.prepare(action);
      execute(action);
    };
    super._initState(persisted);
  }

  override _send(event: EventObject): void {
    this.options.host._send(event);
  }

  /** Takes one event, now. */
  take(event: EventObject): void {
    super._send(event);
  }

  /** Disarms a delayed event. */
  cancel(id: string): void {
    this.system.scheduler.cancel(this, id);
  }

  /** Stops it and all actors below it; xstate leaves those of an actor that failed running. */
  stopAll(): void {
    this.stop();
    const { children } = this._snapshot as { readonly children?: Record<string, Internals> };
    for (const child of Object.values(children ?? {})) child?._stop();
  }

  /** Puts the machine into another state: no action runs, no timer changes. */
  replace(value: StateValue, context: object): void {
    const { machine, children, historyValue } = this._snapshot as unknown as Replaceable;
    const snapshot = machine.resolveState({ value, context }) as object;
    this._snapshot = { ...snapshot, children, historyValue } as unknown as AnyMachineSnapshot;
  }
}
