/** Sending messages. */
import { Alias } from './alias.ts';
import { currentProcess } from '../context.ts';
import { BadArgumentError } from '../errors.ts';
import { isProcess } from '../local-process.ts';
import { isName } from '../names/name.ts';
import { distribution } from '../node.ts';
import { Pid, processOf } from '../pid.ts';
import { isVia, resolveRef, type ServerRef } from '../names/server-ref.ts';
import { refusePromise, type NotPromise } from '../values/thenable.ts';

/**
 * Sends a message to a process, or through an {@link Alias} of one.
 *
 * Asynchronous and safe: a dead process swallows it, and nothing runs before this returns.
 * Messages from one process to another arrive in the order in which they were sent.
 *
 * Source: `erlang:send/2`.
 * @throws {BadArgumentError} for a name under which no process is registered, as in Erlang, and for a promise.
 * @example
 * send(pid, { type: 'ping', from: self() });
 */
export function send<M>(to: ServerRef | Alias, message: NotPromise<M>): void {
  refusePromise('message', message);
  // What a process does after its death has no effect on others.
  if (currentProcess()?.dead === true) return;
  if (Pid.isPid(to)) {
    const target = processOf(to);
    if (target !== undefined) {
      target.deliver(message);
      return;
    }
  }
  if (Alias.isAlias(to)) to.deliver(message);
  else deliver(to, message);
}

function deliver(to: ServerRef, message: unknown): void {
  const target = resolveRef(to);
  if (isProcess(target)) target.deliver(message);
  else if (target !== undefined) distribution()?.send(target, message);
  else if (isName(to) || isVia(to)) throw new BadArgumentError('process', to, 'a registered name');
}
