/** Timers that send a message or an exit signal. */
import { arm, now, type Timer, type TimeoutTarget } from './clock.ts';
import { currentProcess, refuseZombie } from '../context.ts';
import { BadArgumentError, checkTimeout } from '../errors.ts';
import type { ExitReason } from '../exit-reason.ts';
import { outside } from '../links/link.ts';
import { isProcess } from '../local-process.ts';
import { distribution, isLocal } from '../node.ts';
import { Pid, processOf } from '../pid.ts';
import { checkRef, resolveRef, type ServerRef } from '../names/server-ref.ts';
import { signalExit } from '../links/signals.ts';
import { refusePromise, type NotPromise } from '../values/thenable.ts';
import { attachWatch, Watch } from '../links/watch.ts';

type Target = ReturnType<typeof resolveRef>;

/** Identifies a timer of {@link sendAfter}, {@link sendInterval}, {@link exitAfter} or {@link killAfter}. */
export class TimerRef extends Watch implements TimeoutTarget {
  readonly #to: ServerRef;
  readonly #act: (target: Target) => void;
  /** Milliseconds between two times; undefined for a timer that fires once. */
  readonly #interval: number | undefined;
  #due: number;
  #timer: Timer | undefined;

  constructor(
    to: ServerRef,
    ms: number,
    act: (target: Target) => void,
    interval: number | undefined,
  ) {
    super();
    this.#to = to;
    this.#act = act;
    this.#interval = interval;
    this.#due = interval === undefined ? 0 : now() + ms;
    const target = Pid.isPid(to) ? processOf(to) : undefined;
    // A timer to a pid goes away with the process; one to a name finds the process that has it then.
    if (target !== undefined) attachWatch(this, target, undefined);
    else if (Pid.isPid(to) && isLocal(to)) return;
    this.#timer = arm(this, ms);
    // What is sent once to a process of another node that has died is lost there; this would go on.
    if (target === undefined && Pid.isPid(to) && interval !== undefined) this.watch(to);
  }

  /** @internal Sends what it is to send. */
  onTimeout(): void {
    this.#timer = undefined;
    if (this.#interval === undefined) this.unwatch();
    else this.#again(this.#interval);
    let target: Target;
    try {
      target = resolveRef(this.#to);
    } catch {
      return; // the registry of a via name failed to look it up: as if no process had it
    }
    this.#act(target);
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

  /** As {@link readTimer}. */
  read(): number | false {
    return this.#timer === undefined ? false : Math.ceil(this.#timer.remaining());
  }

  protected override down(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Counts from when it was due, so that it does not drift; times that were missed are left out. */
  #again(interval: number): void {
    const present = now();
    const missed = Math.max(0, Math.floor((present - this.#due) / interval));
    this.#due += (missed + 1) * interval;
    this.#timer = arm(this, Math.max(0, Math.ceil(this.#due - present)));
  }
}

function timerFor(
  to: ServerRef,
  ms: number,
  act: (target: Target) => void,
  interval?: number,
): TimerRef {
  refuseZombie();
  checkRef(to);
  checkTimeout('ms', ms);
  if (typeof ms !== 'number') throw new BadArgumentError('ms', ms, 'a number of milliseconds >= 0');
  return new TimerRef(to, ms, act, interval);
}

const deliver =
  (message: unknown) =>
  (target: Target): void => {
    if (isProcess(target)) target.deliver(message);
    else if (target !== undefined) distribution()?.send(target, message);
  };

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
export function sendAfter<M>(to: ServerRef, message: NotPromise<M>, ms: number): TimerRef {
  refusePromise('message', message);
  return timerFor(to, ms, deliver(message));
}

/**
 * Sends a message every `ms` milliseconds, for the first time after `ms`, until it is cancelled or the
 * process dies. A name is looked up each time, and skipped while no process has it.
 *
 * It does not drift. Times that pass while the event loop is blocked are left out, not made up for.
 *
 * Source: `timer:send_interval/3`.
 * @throws {BadArgumentError} when `ms` is not a number > 0, and for a promise.
 * @example
 * const heartbeat = sendInterval(self(), 'beat', 30_000);
 * cancelTimer(heartbeat);
 */
export function sendInterval<M>(to: ServerRef, message: NotPromise<M>, ms: number): TimerRef {
  refusePromise('message', message);
  if (!(ms > 0)) throw new BadArgumentError('ms', ms, 'a number of milliseconds > 0');
  return timerFor(to, ms, deliver(message), ms);
}

/**
 * Sends an exit signal after `ms` milliseconds, as `exit(pid, reason)` does.
 *
 * Source: `timer:exit_after/3`.
 * @throws {BadArgumentError} when `ms` is not a number >= 0.
 * @example
 * const deadline = exitAfter(worker, 'too_slow', 60_000);
 */
export function exitAfter(to: ServerRef, reason: ExitReason, ms: number): TimerRef {
  const from = currentProcess()?.pid ?? outside;
  return timerFor(to, ms, (target) => {
    if (isProcess(target)) signalExit(target, from, reason);
    else if (Pid.isPid(target)) distribution()?.exit(target, from, reason);
  });
}

/**
 * Kills a process after `ms` milliseconds.
 *
 * Source: `timer:kill_after/2`.
 * @throws {BadArgumentError} when `ms` is not a number >= 0.
 * @example
 * killAfter(worker, 60_000);
 */
export function killAfter(to: ServerRef, ms: number): TimerRef {
  return exitAfter(to, 'kill', ms);
}

/**
 * Cancels a timer; returns the milliseconds that were left, or false when it has fired already.
 *
 * Source: `erlang:cancel_timer/1`, `timer:cancel/1`.
 * @example
 * const timer = sendAfter(worker, 'tick', 1000);
 * cancelTimer(timer); // 1000
 */
export function cancelTimer(ref: TimerRef): number | false {
  refuseZombie();
  return ref.cancel();
}

/**
 * The milliseconds until a timer fires, or false when it has fired already or was cancelled.
 *
 * Source: `erlang:read_timer/1`.
 * @example
 * const timer = sendAfter(worker, 'tick', 1000);
 * readTimer(timer); // 1000
 */
export function readTimer(ref: TimerRef): number | false {
  return ref.read();
}
