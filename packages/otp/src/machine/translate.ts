/** Actions of a definition, translated into templates of the table's programs. */
import type { AnyStateMachine, EventObject } from 'xstate';
import { milliseconds } from './delay.ts';
import type { EffectKind, EffectValues, Template } from './program.ts';
import { isBuiltIn, type Action } from './built-in-actions.ts';
import { isEvent } from './call-event.ts';
import { implementationsOf } from './definition.ts';
import { updateOf } from './timeouts.ts';

/** A machine that the table does not cover, and why. */
export class NotCompilable extends Error {}

/** An action that needs no template: xstate runs it itself when it computes the transition. */
export const keep: unique symbol = Symbol('keep');

/** An action as it stands in a definition: a function, or the name of one with its parameters. */
type ActionRef = Action | string | { readonly type: string; readonly params?: unknown };

type Fn = (args: never, params: unknown) => unknown;

/** An action with what it is in programs. */
export interface Translated {
  readonly template: Template | typeof keep;
  readonly implementation: Action;
}

/** The template of an action; undefined when it has no implementation, as xstate ignores it then. */
export function translate(machine: AnyStateMachine, given: unknown): Translated | undefined {
  const action = given as ActionRef;
  const implementation =
    typeof action === 'function'
      ? action
      : implementationsOf(machine).actions[typeof action === 'string' ? action : action.type];
  if (implementation === undefined) return undefined;
  if (typeof implementation !== 'function') throw new NotCompilable('an action is no function');
  const params = typeof action === 'object' ? action.params : undefined;
  return { template: templateOf(machine, implementation, params), implementation };
}

function templateOf(
  machine: AnyStateMachine,
  action: Action,
  params: unknown,
): Template | typeof keep {
  const update = updateOf(action);
  if (update !== undefined) return { effect: 'update', values: update };
  if (!isBuiltIn(action)) return { run: action, params, effect: undefined };
  switch (action.type) {
    case 'xstate.raise':
      return raise(machine, action, params);
    case 'xstate.cancel':
      return cancel(action, params);
    case 'xstate.log':
      return log(action, params);
    case 'xstate.sendTo':
      return sendTo(machine, action, params);
    default:
      throw new NotCompilable(`it uses the action ${action.type}`);
  }
}

function raise(machine: AnyStateMachine, action: Action, params: unknown): Template | typeof keep {
  const event = action.event;
  const id = action.id as string | undefined;
  if (action.delay === undefined) {
    // The transition itself depends on the raised event, so it must be known beforehand.
    if (!isEvent(event)) throw new NotCompilable('it raises an event made by a function');
    return keep;
  }
  if (typeof event !== 'function' && !isEvent(event)) {
    throw new NotCompilable('it raises something that is no event');
  }
  const delay = delayOf(machine, action.delay);
  if (typeof event !== 'function' && typeof delay === 'number') {
    return { effect: 'arm', values: { id, delay, event } };
  }
  return deferred('arm', params, (args, given) => ({
    id,
    event: valueOf(event, args, given) as EventObject,
    delay: milliseconds(valueOf(delay, args, given), 'delay'),
  }));
}

/** The template of `after`: it arms an event, with a delay that may have a name. */
export function afterTemplate(
  machine: AnyStateMachine,
  event: EventObject,
  delay: unknown,
): Template {
  const id = event.type;
  const wait = delayOf(machine, delay);
  if (typeof wait === 'number') return { effect: 'arm', values: { id, delay: wait, event } };
  return deferred('arm', undefined, (args, params) => ({
    id,
    event,
    delay: milliseconds(wait(args, params), 'delay'),
  }));
}

function cancel(action: Action, params: unknown): Template {
  const id = action.sendId;
  if (typeof id !== 'function') return { effect: 'cancel', values: { id: id as string } };
  return deferred('cancel', params, (args, given) => ({ id: (id as Fn)(args, given) as string }));
}

function log(action: Action, params: unknown): Template {
  const { value, label } = action;
  return {
    run: (args, given) => valueOf(value, args, given),
    params,
    effect: undefined,
    write: (args, logged) => {
      const { self } = args as { self: { log(...values: unknown[]): void } };
      if (typeof label === 'string' && label !== '') self.log(label, logged);
      else self.log(logged);
    },
  };
}

function sendTo(machine: AnyStateMachine, action: Action, params: unknown): Template {
  const { to, event } = action;
  const id = action.id as string | undefined;
  if (typeof to === 'string' && to !== '#_internal') {
    throw new NotCompilable(`it sends to the actor ${JSON.stringify(to)}`);
  }
  if (typeof event === 'string') throw new NotCompilable('it sends something that is no event');
  const delay = action.delay === undefined ? undefined : delayOf(machine, action.delay);
  return deferred('send', params, (args, given) => {
    const wait = valueOf(delay, args, given);
    return {
      id,
      to: typeof to === 'string' ? (args as { self: unknown }).self : valueOf(to, args, given),
      event: valueOf(event, args, given) as EventObject,
      delay: wait === undefined ? undefined : milliseconds(wait, 'delay'),
    };
  });
}

function deferred(
  effect: EffectKind,
  params: unknown,
  run: (args: never, params: unknown) => EffectValues,
): Template {
  return { run, params, effect };
}

/** A delay as a number, or as a function that gives it. */
function delayOf(machine: AnyStateMachine, delay: unknown): number | Fn {
  if (typeof delay === 'function') return delay as Fn;
  if (typeof delay !== 'string') return milliseconds(delay, 'delay');
  const named = implementationsOf(machine).delays[delay];
  if (typeof named === 'function') return named as Fn;
  return milliseconds(named ?? delay, `delay "${delay}"`);
}

function valueOf(value: unknown, args: never, params: unknown): unknown {
  return typeof value === 'function' ? (value as Fn)(args, params) : value;
}
