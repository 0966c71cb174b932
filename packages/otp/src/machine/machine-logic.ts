/**
 * The logic of the actor that runs in a machine process: the machine's own, between two hands of
 * the process.
 *
 * xstate calls such logic higher-order actor logic. It is its public way to change how an actor
 * takes events and runs actions. `transition()` and `initialTransition()` would not do: each call
 * makes an actor of its own, computes the initial state of the machine anew, without its input,
 * and that actor would be `self` and the parent of invoked and spawned actors.
 */
import type {
  ActorLogic,
  ActorScope,
  AnyActorRef,
  AnyMachineSnapshot,
  AnyStateMachine,
  EventObject,
  ExecutableActionObject,
  Snapshot,
  StateValue,
} from 'xstate';
import type { MachineRef } from './types.ts';

/** What the actor's `self` and surroundings are to the machine, as xstate passes it around. */
export type MachineScope = ActorScope<AnyMachineSnapshot, EventObject>;

/** The loop around an actor. */
export interface ActorHost extends MachineRef {
  readonly input: unknown;
  /** Takes an event that was sent to the actor, by its own actions, its children or other code. */
  receive(event: EventObject): void;
  /** A transition has been computed; its effects come now. */
  moved(before: StateValue, after: StateValue): void;
  /** What is to be executed in place of an action. */
  prepare(action: ExecutableActionObject, scope: MachineScope): ExecutableActionObject;
}

/** A state to put the machine into. */
interface Replacement {
  readonly value: StateValue;
  readonly context: object;
}

const replaced: EventObject = { type: 'linnet.replaced' };

export class MachineLogic implements ActorLogic<AnyMachineSnapshot, EventObject> {
  readonly host: ActorHost;
  readonly #machine: AnyStateMachine;
  #scope: MachineScope | undefined;
  /** The event that the loop hands to the actor; any other goes to the loop. */
  #taken: EventObject | undefined;
  #replacement: Replacement | undefined;

  constructor(machine: AnyStateMachine, host: ActorHost) {
    this.#machine = machine;
    this.host = host;
  }

  get config(): unknown {
    return this.#machine.config;
  }

  getInitialSnapshot(scope: MachineScope, input: unknown): AnyMachineSnapshot {
    const { host } = this;
    this.#scope = {
      ...scope,
      actionExecutor: (action) => scope.actionExecutor(host.prepare(action, scope)),
    };
    return this.#machine.getInitialSnapshot(this.#scope, input);
  }

  start(snapshot: AnyMachineSnapshot): void {
    this.#machine.start(snapshot);
  }

  transition(snapshot: AnyMachineSnapshot, event: EventObject): AnyMachineSnapshot {
    if (event === this.#taken || event.type === 'xstate.stop') {
      this.#taken = undefined;
      const next = this.#machine.transition(snapshot, event, this.#scope as MachineScope);
      this.host.moved(snapshot.value as StateValue, next.value as StateValue);
      return next;
    }
    const replacement = this.#replacement;
    if (event === replaced && replacement !== undefined) {
      this.#replacement = undefined;
      const { historyValue } = snapshot;
      const state = this.#machine.resolveState({ ...replacement, historyValue });
      return { ...state, children: childrenOf(snapshot) };
    }
    this.host.receive(event);
    return snapshot;
  }

  getPersistedSnapshot(snapshot: AnyMachineSnapshot, options?: unknown): Snapshot<unknown> {
    return this.#machine.getPersistedSnapshot(snapshot, options);
  }

  /** Makes its actor take one event, now. */
  take(actor: AnyActorRef, event: EventObject): void {
    this.#taken = event;
    actor.send(event);
  }

  /** Puts its actor into another state: no action runs, no timer changes. */
  replace(actor: AnyActorRef, replacement: Replacement): void {
    this.#replacement = replacement;
    actor.send(replaced);
  }

  /** Stops the children of its actor; xstate leaves those of an actor that failed running. */
  stopChildren(snapshot: AnyMachineSnapshot): void {
    for (const child of Object.values(childrenOf(snapshot))) {
      if (child !== undefined) this.#scope?.stopChild(child);
    }
  }
}

/** The actors below a machine; the snapshot of a start that failed has none. */
function childrenOf(snapshot: AnyMachineSnapshot): Record<string, AnyActorRef | undefined> {
  const { children } = snapshot as { children?: Record<string, AnyActorRef | undefined> };
  return children ?? {};
}
