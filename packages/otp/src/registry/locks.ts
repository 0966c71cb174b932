/** Mutual exclusion by key, among processes and plain code. */
import { CallError } from '../process/messages/call-error.ts';
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import { currentProcess } from '../process/context.ts';
import { checkTimeout } from '../process/errors.ts';
import { ExitError } from '../process/exit-reason.ts';
import type { Name } from '../process/names/name.ts';
import { keyOf } from '../process/values/term-key.ts';
import { attachWatch, Watch } from '../process/links/watch.ts';
import { UnknownRegistryError } from './errors.ts';
import { LockQueue, type Place } from './lock-queue.ts';

/** Options of `lock`. */
export interface LockOptions {
  /** Milliseconds to wait for the lock, 5000 by default, or `'infinity'`. */
  readonly timeout?: number | 'infinity';
  /** Gives up waiting when it aborts. The function is not interrupted. */
  readonly signal?: AbortSignal;
}

type Queue = LockQueue<Ticket>;

/** The locks of a registry. */
export class Locks {
  readonly #registry: Name;
  readonly #queues: Map<unknown, Queue> = new Map();

  constructor(registry: Name) {
    this.#registry = registry;
  }

  /** Runs a function while no other runs under the same key. */
  async run<T>(
    lockKey: unknown,
    work: () => T | PromiseLike<T>,
    options: LockOptions = {},
  ): Promise<T> {
    const key = keyOf(lockKey);
    const { timeout = 5000, signal } = options;
    checkTimeout('timeout', timeout);
    signal?.throwIfAborted();
    const caller = currentProcess();
    // Code that goes on after the death of its process must not hold anything.
    if (caller?.dead === true) throw new ExitError(caller.exitReason);
    const ticket = new Ticket((returned) => this.#giveBack(key, returned));
    const queue = this.#queueOf(key);
    queue.push(ticket);
    if (caller !== undefined) attachWatch(ticket, caller, undefined);
    if (queue.first !== ticket) {
      const expired = () =>
        new CallError('timeout', { module: 'Registry', function: 'lock' }, [
          this.#registry,
          lockKey,
          timeout,
        ]);
      await ticket.wait(timeout, signal, expired);
    }
    try {
      return await work();
    } finally {
      ticket.giveBack();
    }
  }

  /** The registry has ended: no lock is given any more. */
  close(): void {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    for (const queue of queues) {
      let ticket = queue.first;
      while (ticket !== undefined) {
        const next: Ticket | undefined = ticket.behind;
        ticket.refuse(new UnknownRegistryError(this.#registry));
        ticket = next;
      }
    }
  }

  #queueOf(key: unknown): Queue {
    const queue = this.#queues.get(key) ?? new LockQueue<Ticket>();
    this.#queues.set(key, queue);
    return queue;
  }

  #giveBack(key: unknown, ticket: Ticket): void {
    const queue = this.#queues.get(key);
    if (queue?.remove(ticket) !== true) return;
    if (queue.first === undefined) this.#queues.delete(key);
    else queue.first.grant();
  }
}

/** The place of one caller in a queue; the first place is the lock. */
class Ticket extends Watch implements TimeoutTarget, Place<Ticket> {
  ahead: Ticket | undefined = undefined;
  behind: Ticket | undefined = undefined;
  readonly #return: (ticket: Ticket) => void;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #expired: (() => Error) | undefined;
  #timer: Timer | undefined;

  constructor(giveBack: (ticket: Ticket) => void) {
    super();
    this.#return = giveBack;
  }

  async wait(
    timeout: number | 'infinity',
    signal: AbortSignal | undefined,
    expired: () => Error,
  ): Promise<void> {
    this.#expired = expired;
    const onAbort = (): void => this.refuse(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        if (timeout !== 'infinity') this.#timer = arm(this, timeout);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  grant(): void {
    this.#timer?.cancel();
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.();
  }

  /** Fails a caller that still waits; one that has the lock keeps it. */
  refuse(error: unknown): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#resolve = this.#reject = undefined;
    this.giveBack();
    reject(error);
  }

  /** Leaves the queue, or hands the lock on. */
  giveBack(): void {
    this.#timer?.cancel();
    this.unwatch();
    this.#return(this);
  }

  onTimeout(): void {
    this.refuse(this.#expired?.());
  }

  /** The caller died, holding the lock or waiting for it. */
  protected override down(): void {
    this.#resolve = this.#reject = undefined;
    this.giveBack();
  }
}
