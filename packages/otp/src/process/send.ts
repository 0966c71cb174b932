/** Sending messages. */
import { currentProcess, refuseZombie } from './context.ts';
import { arm, type Timer, type TimeoutTarget } from './clock.ts';
import { BadArgumentError, checkTimeout } from './errors.ts';
import { isName } from './names.ts';
import { distribution } from './node.ts';
import { Pid, processOf } from './pid.ts';
import { Process } from './process.ts';
import { checkRef, isVia, resolveRef, type ServerRef } from './server-ref.ts';
import { refusePromise, type Settled } from './thenable.ts';
import { attachWatch, Watch } from './watch.ts';

/**
 * Sends a message to a process.
 *
 * Asynchronous and safe: a dead process swallows it, and nothing runs before this returns.
 * Messages from one process to another arrive in the order in which they were sent.
 *
 * Source: `erlang:send/2`.
 * @throws {BadArgumentError} for a name that nobody has registered, as in Erlang, and for a promise.
 * @example
 * send(pid, { type: 'ping', from: self() });
 */
export function send<M>(to: ServerRef, message: Settled<M>): void {
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
  deliver(to, message);
}

function deliver(to: ServerRef, message: unknown): void {
  const target = resolveRef(to);
  if (target instanceof Process) target.deliver(message);
  else if (target !== undefined) distribution()?.send(target, message);
  else if (isName(to) || isVia(to)) throw new BadArgumentError('process', to, 'a registered name');
}

/** Identifies a timer of {@link sendAfter}. */
export class TimerRef extends Watch implements TimeoutTarget {
  readonly #to: ServerRef;
  readonly #message: unknown;
  #timer: Timer | undefined;

  constructor(to: ServerRef, message: unknown, ms: number) {
    super();
    this.#to = to;
    this.#message = message;
    const target = Pid.isPid(to) ? processOf(to) : undefined;
    // A timer to a pid goes away with the process; one to a name finds whoever has it then.
    if (target !== undefined) attachWatch(this, target, undefined);
    else if (Pid.isPid(to)) return;
    this.#timer = arm(this, ms);
  }

  /** @internal Sends the message. */
  onTimeout(): void {
    this.#timer = undefined;
    this.unwatch();
    try {
      const target = resolveRef(this.#to);
      if (target instanceof Process) target.deliver(this.#message);
      else if (target !== undefined) distribution()?.send(target, this.#message);
    } catch {
      // The registry of a via name failed to look it up: nobody has it.
    }
  }

  /** As {@link cancelTimer}. */
  cancel(): number | false {
    const timer = this.#timer;
    this.#timer = undefined;
    this.unwatch();
    if (timer === undefined) return false;
    const remaining = timer.remaining();
    return timer.cancel() ? Math.ceil(remaining) : false;
  }

  protected override down(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/**
 * Sends a message after `ms` milliseconds.
 *
 * The timer is dropped when the process dies first; a name is looked up when it fires.
 *
 * Source: `erlang:send_after/3`.
 * @throws {BadArgumentError} when `ms` is not a number >= 0, and for a promise.
 * @example
 * const timer = sendAfter(self(), 'tick', 1000);
 */
export function sendAfter<M>(to: ServerRef, message: Settled<M>, ms: number): TimerRef {
  refuseZombie();
  refusePromise('message', message);
  checkRef(to);
  checkTimeout('ms', ms);
  if (typeof ms !== 'number') throw new BadArgumentError('ms', ms, 'a number of milliseconds >= 0');
  return new TimerRef(to, message, ms);
}

/**
 * Cancels a timer; returns the milliseconds that were left, or false when it has fired already.
 *
 * Source: `erlang:cancel_timer/1`.
 * @example
 * const timer = sendAfter(worker, 'tick', 1000);
 * cancelTimer(timer); // 1000
 */
export function cancelTimer(ref: TimerRef): number | false {
  refuseZombie();
  return ref.cancel();
}
