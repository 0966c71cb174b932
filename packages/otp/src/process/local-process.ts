/** The class of processes: mailbox, links, watches and life cycle of one nact actor. */
import type { AsyncResource } from 'node:async_hooks';
import { announceDeath } from './links/announce-death.ts';
import { newScope, newScopeWithin, runAs, type CallerContext } from './context.ts';
import { crashOf } from './reports/crash-of.ts';
import { reportCrash } from './reports/crash-report.ts';
import { exitChannel, spawnChannel, type ExitEvent, type SpawnEvent } from './reports/events.ts';
import { isSoftReason, reasonOfThrown, type ExitReason } from './exit-reason.ts';
import type { MailboxGuard } from './mailbox-limits.ts';
import type { Name } from './names/name.ts';
import { releaseName } from './names/names.ts';
import { actorById, liveActors, liveCount, ProcessActor } from './nact-actor.ts';
import { nextProcessId, thisNode } from './node.ts';
import { bindPid, Pid } from './pid.ts';
import type { Behaviour, Body, Process, Receiver, WatchLink } from './process.ts';
import { Ring } from './values/ring.ts';
import { schedule, spend, type Runnable } from './scheduler.ts';
import { signalExit } from './links/signals.ts';
import { isThenable, refusePromise } from './values/thenable.ts';
import { releaseWatches } from './links/watch.ts';

/** Messages that one activation handles before the other processes get their turn. */
const messageBudget = 256;

/** Messages after which an activation asks whether the turn of the event loop is over. */
const checkInterval = 32;

/** A {@link Process}; what that says of a member is not said again here. */
export class LocalProcess extends ProcessActor implements Process, Runnable {
  readonly pid: Pid;
  readonly startedBy: Pid | undefined;
  readonly startedAt: number = Date.now();
  readonly messages: Ring<unknown> = new Ring<unknown>();
  label: string;
  dead = false;
  exitReason: ExitReason = undefined;
  trapExit = false;
  registeredName: Name | undefined = undefined;
  viaKey: unknown = undefined;
  links: Set<Pid> | undefined = undefined;
  newestWatch: WatchLink | undefined = undefined;
  newestOwned: WatchLink | undefined = undefined;
  behaviour: Behaviour | undefined = undefined;
  carriesContext = false;
  /** The receive that has waited longest. */
  #receiver: Receiver | undefined = undefined;
  /** How many of the oldest messages every pending receiver has refused already. */
  #refused = 0;
  #body: Body | undefined;
  readonly #mailboxGuard: MailboxGuard | undefined;
  #scheduled = true;
  #scope: AsyncResource | undefined = undefined;
  #abort: AbortController | undefined = undefined;

  constructor(
    body: Body,
    label: string,
    startedBy: Pid | undefined,
    context: CallerContext | undefined,
    mailboxGuard: MailboxGuard | undefined,
  ) {
    const id = nextProcessId();
    super(id);
    const { name, creation } = thisNode();
    this.pid = new Pid(name, creation, id);
    bindPid(this.pid, this);
    this.startedBy = startedBy;
    this.label = label;
    this.#body = body;
    this.#mailboxGuard = mailboxGuard;
    if (context !== undefined) this.#scope = newScopeWithin(this, context);
    schedule(this);
    if (spawnChannel.hasSubscribers) this.#publishSpawn();
  }

  get waiting(): boolean {
    return this.#receiver !== undefined;
  }

  get idle(): boolean {
    return !this.#scheduled;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.dead) this.#abort.abort();
    return this.#abort.signal;
  }

  /** nact's entry; the runtime's own is {@link deliver}. */
  override dispatch(message: unknown, sender?: unknown): void {
    refusePromise('message', message);
    const { behaviour } = this;
    this.deliver(behaviour?.fromNact === undefined ? message : behaviour.fromNact(message, sender));
  }

  deliver(message: unknown): void {
    if (this.dead) return;
    this.messages.push(message);
    if (!this.#scheduled && (!this.busy || this.#receiver !== undefined)) {
      this.#scheduled = true;
      schedule(this);
    }
    if (this.#mailboxGuard !== undefined) this.#mailboxGuard.arrived(this);
  }

  /** nact's `stop` is the exit signal `'shutdown'`, with plain code as its sender. */
  override stop(): void {
    signalExit(this, this.pid, 'shutdown');
  }

  override handleFault(_message: unknown, _sender: unknown, error: unknown): void {
    this.terminate(reasonOfThrown(error), 'fault');
  }

  /** The scheduler's entry: one activation. */
  run(): void {
    if (this.dead) return;
    const receiver = this.#receiver;
    if (receiver !== undefined && this.#onlyWaits(receiver)) {
      // The process's own code does not run here, so the process is not entered.
      this.#scheduled = false;
      this.#receiver = undefined;
      receiver.deliver(this.messages.shift());
      spend(1);
      return;
    }
    this.#scope ??= newScope(this);
    runAs(this, this.#scope, activate);
  }

  /** Whether all it has to do is to give the oldest message to the one receive that takes any. */
  #onlyWaits(receiver: Receiver): boolean {
    return (
      receiver.acceptsAll &&
      receiver.next === undefined &&
      this.behaviour === undefined &&
      this.#refused === 0 &&
      this.messages.size > 0
    );
  }

  get hasMessage(): boolean {
    return this.#receiver === undefined && this.messages.size > 0;
  }

  takeOldest(): unknown {
    if (this.#refused > 0) this.#refused--;
    return this.messages.shift();
  }

  enter(work: (this: LocalProcess) => void): void {
    if (this.dead) return;
    this.#scope ??= newScope(this);
    runAs(this, this.#scope, work);
  }

  addReceiver(receiver: Receiver): void {
    let last = this.#receiver;
    if (last === undefined) {
      this.#receiver = receiver;
      this.#refused = this.messages.size;
      return;
    }
    while (last.next !== undefined) last = last.next;
    last.next = receiver;
  }

  removeReceiver(receiver: Receiver): boolean {
    if (this.#receiver === receiver) {
      this.#receiver = receiver.next;
      return true;
    }
    let before = this.#receiver;
    while (before !== undefined && before.next !== receiver) before = before.next;
    if (before === undefined) return false;
    before.next = receiver.next;
    return true;
  }

  offer(): void {
    let index = this.#refused;
    while (index < this.messages.size && this.#receiver !== undefined) {
      const message = this.messages.at(index);
      const receiver = this.#receiverOf(message);
      if (this.dead) return; // a predicate is user code
      if (receiver === undefined) {
        index++;
        continue;
      }
      this.messages.remove(index);
      this.removeReceiver(receiver);
      receiver.deliver(message);
    }
    this.#refused = index;
  }

  takeMatching(accepts: (message: unknown) => boolean): { message: unknown } | undefined {
    // A message that has arrived goes to the receives that were waiting for it already.
    if (this.#receiver !== undefined) this.offer();
    for (let i = 0; i < this.messages.size; i++) {
      if (!accepts(this.messages.at(i))) continue;
      if (this.dead) return undefined; // `accepts` is user code
      if (i < this.#refused) this.#refused--;
      return { message: this.messages.remove(i) };
    }
    return undefined;
  }

  terminate(reason: ExitReason, cause: 'fault' | 'signal'): void {
    if (this.dead) return;
    const report = isSoftReason(reason) ? undefined : crashOf(this, reason, cause);
    this.dead = true;
    this.exitReason = reason;
    const name = this.registeredName;
    releaseName(this);
    bindPid(this.pid, undefined);
    this.removeFromSystem();
    for (let receiver = this.#receiver; receiver !== undefined; receiver = receiver.next) {
      receiver.drop();
    }
    this.#receiver = undefined;
    this.messages.clear();
    this.behaviour?.drop?.();
    if (this.#abort !== undefined) this.#abortLater(this.#abort);
    this.behaviour = this.#body = this.#scope = undefined;
    releaseWatches(this);
    if (exitChannel.hasSubscribers) this.#publishExit(name, reason);
    if (report !== undefined) reportCrash(report);
    announceDeath(this);
  }

  /** Runs the body, then messages, until there is nothing to do or the budget is spent. */
  activate(): void {
    const body = this.#body;
    if (body !== undefined) {
      this.#body = undefined;
      this.#begin(body);
    }
    let left = messageBudget;
    let unspent = 1;
    while (!this.dead && this.messages.size > 0) {
      if (this.#receiver !== undefined) this.offer();
      const behaviour = this.behaviour;
      if (this.busy || behaviour === undefined || this.messages.size === 0) break;
      if (unspent === checkInterval) {
        unspent = 0;
        if (spend(checkInterval) || left <= 0) {
          schedule(this);
          return;
        }
      }
      unspent++;
      left--;
      const message = this.messages.shift();
      if (this.#refused > 0) this.#refused--;
      try {
        const pending = behaviour.handle(message);
        if (pending !== undefined) this.#await(pending);
      } catch (error) {
        this.handleFault(message, undefined, error);
      }
    }
    this.#scheduled = false;
    spend(unspent);
  }

  #begin(body: Body): void {
    try {
      const pending = body();
      if (isThenable(pending)) this.#await(pending);
      else if (this.behaviour === undefined) this.terminate('normal', 'fault');
    } catch (error) {
      this.handleFault(undefined, undefined, error);
    }
  }

  #await(pending: PromiseLike<unknown>): void {
    this.busy = true;
    Promise.resolve(pending).then(
      () => this.#resume(),
      (error: unknown) => this.handleFault(undefined, undefined, error),
    );
  }

  #resume(): void {
    this.busy = false;
    if (this.dead) return;
    if (this.behaviour === undefined) {
      this.terminate('normal', 'fault');
    } else if (this.messages.size > 0 && !this.#scheduled) {
      this.#scheduled = true;
      schedule(this);
    }
  }

  /** The first receive that wants a message. */
  #receiverOf(message: unknown): Receiver | undefined {
    let receiver = this.#receiver;
    while (receiver !== undefined && !this.#accepts(receiver, message)) receiver = receiver.next;
    return receiver;
  }

  #accepts(receiver: Receiver, message: unknown): boolean {
    try {
      return receiver.accepts(message);
    } catch (error) {
      this.removeReceiver(receiver);
      receiver.fail(error);
      return false;
    }
  }

  /** Its listeners are user code of this process, and must not run inside the signal that ends it. */
  #abortLater(abort: AbortController): void {
    const later = (): void => queueMicrotask(() => abort.abort());
    if (this.#scope === undefined) later();
    else this.#scope.runInAsyncScope(later);
  }

  #publishSpawn(): void {
    const { pid, label, startedBy } = this;
    spawnChannel.publish({ type: 'spawn', pid, label, parent: startedBy } satisfies SpawnEvent);
  }

  #publishExit(name: Name | undefined, reason: ExitReason): void {
    const { pid, label } = this;
    exitChannel.publish({ type: 'exit', pid, name, label, reason } satisfies ExitEvent);
  }
}

function activate(this: LocalProcess): void {
  this.activate();
}

/** The live process with this number. */
export function processById(id: number): LocalProcess | undefined {
  return actorById(id) as LocalProcess | undefined;
}

/** All live processes, oldest first. */
export function processes(): Iterable<LocalProcess> {
  return liveActors() as Iterable<LocalProcess>;
}

/** How many processes are alive. */
export function processCount(): number {
  return liveCount();
}

/** Whether a target is a process of this program: every {@link Process} is a {@link LocalProcess}. */
export function isProcess(target: unknown): target is Process {
  return target instanceof LocalProcess;
}
