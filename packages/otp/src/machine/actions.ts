/** Actions and delays for machine processes: typed access to `input`, and what gen_statem adds. */
import {
  cancel,
  createActor,
  fromTransition,
  raise,
  type ActorRef,
  type AnyEventObject,
  type EventObject,
  type Snapshot,
} from 'xstate';
import { Call } from '../process/messages/call.ts';
import { BadArgumentError } from '../process/errors.ts';
import { resolveRef, type ServerRef } from '../process/names/server-ref.ts';
import { send } from '../process/messages/send.ts';
import { refusePromise, type NotPromise } from '../process/values/thenable.ts';
import { checkEvent } from './call-event.ts';
import { milliseconds } from './delay.ts';
import { MachineActor } from './machine-actor.ts';
import { MachineLoop } from './machine-loop.ts';
import { eventTimeoutId, stateTimeoutId, updateAction } from './timeouts.ts';
import type { MachineArgs } from './types.ts';

/** An action that xstate takes wherever it takes one. */
export type MachineAction<P = undefined> = (args: object, params: P) => void;

/** A delay that xstate takes wherever it takes one. */
export type MachineDelay = (args: object) => number;

/** Milliseconds or `'infinity'`, or a function that gives them. */
export type DelayOption<Input, E extends EventObject> =
  | number
  | 'infinity'
  | ((args: MachineArgs<Input, E>) => number | 'infinity');

/** The loop behind `self`. */
function loopOf(self: unknown, helper: string): MachineLoop {
  if (self instanceof MachineLoop) return self;
  if (self instanceof MachineActor && self.host instanceof MachineLoop) return self.host;
  throw new BadArgumentError(helper, self, "used in the machine of a process, not in a child's");
}

/**
 * An action that gets `input`, the per-process argument of `startLink`, beside xstate's arguments.
 *
 * It may be async: the machine does not wait for it, but when it rejects, the process exits.
 * @example
 * setup({ actions: { opened: Machine.action(({ input }: MachineArgs<Connection>) => input.opened()) } })
 */
export function action<Input = unknown, E extends EventObject = EventObject, P = undefined>(
  run: (args: MachineArgs<Input, E>, params: P) => unknown,
): MachineAction<P> {
  return run as MachineAction<P>;
}

/**
 * A delay that is computed by each process when it is armed; gets `input` as actions do.
 *
 * For `delays` of `setup`, or inline in `raise`. May give `'infinity'`: never.
 * @example
 * setup({
 *   delays: { patience: Machine.delay(({ input }: MachineArgs<{ patience: number }>) => input.patience) },
 * });
 */
export function delay<Input = unknown, E extends EventObject = EventObject>(
  compute: (args: MachineArgs<Input, E>) => number | 'infinity',
): MachineDelay {
  return (args) => {
    const given = args as MachineArgs<Input, E>;
    const known = 'input' in args ? given : { ...given, input: inputOf<Input>(given.self) };
    return milliseconds(compute(known), 'delay');
  };
}

/** The input of the process; a child's actor has none of its own. */
export function inputOf<Input>(self: unknown): Input {
  const host = self instanceof MachineActor ? self.host : self;
  return (host instanceof MachineLoop ? host.input : undefined) as Input;
}

/**
 * Keeps the event for later: it comes back when the state has changed, before newer events, in
 * order of arrival. A call stays unanswered until then.
 *
 * Source: `gen_statem`, action `postpone`.
 * @example
 * on: { REQUEST: { actions: Machine.postpone } }
 */
export const postpone: MachineAction<unknown> = (args) => {
  const { self, event } = args as MachineArgs;
  loopOf(self, 'Machine.postpone').postpone(event);
};

/**
 * Answers the call whose event is being handled, with a value or what a function makes of the
 * action's arguments. Nothing happens when the event was not a call. A promise is no answer, and fails
 * the machine: invoke an actor, and answer with `Machine.reply` when it is done.
 *
 * Source: `gen_statem`, action `{reply, From, Reply}`.
 * @example
 * on: { STATUS: { actions: Machine.answer(({ self }: MachineArgs) => self.value) } }
 */
export function answer<Input = unknown, E extends EventObject = EventObject>(
  compute: (args: MachineArgs<Input, E>) => unknown,
): MachineAction<unknown>;
export function answer<V>(value: NotPromise<V>): MachineAction<unknown>;
export function answer(value: unknown): MachineAction<unknown> {
  return (args) => {
    const given = args as MachineArgs;
    const { from } = given.event as { from?: unknown };
    if (!Call.isCall(from)) return;
    const answered =
      typeof value === 'function' ? (value as (args: object) => unknown)(given) : value;
    refusePromise('Machine.answer', answered);
    from.reply(answered);
  };
}

/**
 * Starts a named timeout, anew if it is running: its event comes after `delay` ms, whatever the
 * state is by then. `cancelTimeout(name)` stops it.
 *
 * Two actions: use the result as `entry`, `exit` or `actions`, or spread it among others.
 *
 * Source: `gen_statem`, action `{{timeout, Name}, Time, Content}`.
 * @example
 * entry: Machine.timeout('session', 60_000, { type: 'EXPIRED' })
 */
export function timeout<Input = unknown, E extends EventObject = EventObject>(
  name: string,
  after: DelayOption<Input, E>,
  event: EventObject,
): [MachineAction, MachineAction] {
  checkEvent(event);
  const wait = typeof after === 'function' ? delay(after) : milliseconds(after, 'delay');
  return [
    cancel(name) as MachineAction,
    raise(event, { id: name, delay: wait }) as unknown as MachineAction,
  ];
}

/**
 * Stops a named timeout; harmless when it is not running.
 *
 * Source: `gen_statem`, action `{{timeout, Name}, cancel}`.
 * @example
 * exit: Machine.cancelTimeout('session')
 */
export function cancelTimeout(name: string): MachineAction {
  return cancel(name) as MachineAction;
}

/**
 * Gives a named timeout another event, without starting it anew. If it is not running, the event
 * comes at once, as from a timeout of 0.
 *
 * Source: `gen_statem`, action `{{timeout, Name}, update, Content}`.
 * @example
 * on: { LAST_CALL: { actions: Machine.updateTimeout('session', { type: 'CLOSED' }) } }
 */
export function updateTimeout(name: string, event: EventObject): MachineAction<unknown> {
  return update('Machine.updateTimeout', name, event);
}

/**
 * Starts the state timeout, anew if it is running: its event comes after `delay` ms unless the
 * state value changes first. For a timeout that a transition or its event decides; one that always
 * belongs to a state is better written as `after`.
 *
 * What counts is the state that the whole transition leads to, its raised events and eventless
 * transitions included.
 *
 * Source: `gen_statem`, action `{state_timeout, Time, Content}`.
 * @example
 * const open = { target: 'open', actions: Machine.stateTimeout(30_000, { type: 'CLOSE' }) };
 */
export function stateTimeout<Input = unknown, E extends EventObject = EventObject>(
  after: DelayOption<Input, E>,
  event: EventObject,
): [MachineAction, MachineAction] {
  return timeout(stateTimeoutId, after, event);
}

/**
 * Stops the state timeout; harmless when it is not running. An `after` is no state timeout in this
 * sense: only leaving its state stops it.
 *
 * Source: `gen_statem`, action `{state_timeout, cancel}`.
 * @example
 * on: { HOLD: { actions: Machine.cancelStateTimeout() } }
 */
export function cancelStateTimeout(): MachineAction {
  return cancelTimeout(stateTimeoutId);
}

/**
 * Gives the state timeout another event, without starting it anew. If it is not running, or the
 * same transition changes the state, the event comes at once.
 *
 * Source: `gen_statem`, action `{state_timeout, update, Content}`.
 * @example
 * on: { LAST_CALL: { actions: Machine.updateStateTimeout({ type: 'CLOSED' }) } }
 */
export function updateStateTimeout(event: EventObject): MachineAction<unknown> {
  return update('Machine.updateStateTimeout', stateTimeoutId, event);
}

/**
 * Starts the event timeout: its event comes after `delay` ms unless any other event comes first.
 *
 * Source: `gen_statem`, action `{timeout, Time, Content}`.
 * @example
 * entry: Machine.eventTimeout(5000, { type: 'SILENCE' })
 */
export function eventTimeout<Input = unknown, E extends EventObject = EventObject>(
  after: DelayOption<Input, E>,
  event: EventObject,
): [MachineAction, MachineAction] {
  return timeout(eventTimeoutId, after, event);
}

/**
 * Stops the event timeout; harmless when it is not running.
 *
 * Source: `gen_statem`, action `{timeout, cancel}`.
 * @example
 * on: { WAIT: { actions: Machine.cancelEventTimeout() } }
 */
export function cancelEventTimeout(): MachineAction {
  return cancelTimeout(eventTimeoutId);
}

/**
 * Starts the event timeout of 0 with this event, unless the same transition has started one before:
 * that one gets the event. Any event ends an event timeout, so there is no other to update.
 *
 * Source: `gen_statem`, action `{timeout, update, Content}`.
 * @example
 * entry: Machine.updateEventTimeout({ type: 'SILENCE' })
 */
export function updateEventTimeout(event: EventObject): MachineAction<unknown> {
  return update('Machine.updateEventTimeout', eventTimeoutId, event);
}

function update(helper: string, id: string, event: EventObject): MachineAction<unknown> {
  checkEvent(event);
  // The engines do the update in place of this.
  return updateAction({ id, event }, (args) => void loopOf((args as MachineArgs).self, helper));
}

/**
 * A process as the target of xstate's `sendTo`.
 * @example
 * sendTo(Machine.target('metrics'), { type: 'COUNT' })
 */
export function target(server: ServerRef): ActorRef<Snapshot<unknown>, AnyEventObject> {
  const deliver = (_: undefined, event: AnyEventObject): undefined => {
    if (resolveRef(server) !== undefined) send(server, event);
    return undefined;
  };
  return createActor(fromTransition(deliver, undefined)).start();
}
