/**
 * Being told once that a process died: what monitors, calls, leases and starts are built on.
 *
 * While it watches, a watch has a link in two intrusive lists: that of the watched process, and that
 * of its owner if it has one, so that either death finds it without a search and releasing it is O(1).
 */
import { detached } from '../context.ts';
import { currentLogger } from '../reports/crash-report.ts';
import type { ExitReason } from '../exit-reason.ts';
import { distribution, isLocal, type RemoteMonitor, type RemoteTarget } from '../node.ts';
import { checkPid, Pid, processOf } from '../pid.ts';
import type { Process, WatchLink } from '../process.ts';
import { flushDeferred } from '../time/deferred.ts';

/** What a watch has while it is on. */
interface Hold extends WatchLink {
  /** What is watched, in words. */
  readonly object: string;
  /** Takes it out of its lists. */
  release(): void;
}

/** A watch on a local process: its place in the list of its target, and in that of its owner. */
class Link implements Hold {
  readonly watch: Watch;
  readonly target: Process;
  readonly owner: Process | undefined;
  readonly monitor: boolean;
  newerOnTarget: WatchLink | undefined = undefined;
  olderOnTarget: WatchLink | undefined;
  newerOfOwner: WatchLink | undefined = undefined;
  olderOfOwner: WatchLink | undefined = undefined;

  constructor(watch: Watch, target: Process, owner: Process | undefined, monitor: boolean) {
    this.watch = watch;
    this.target = target;
    this.owner = owner;
    this.monitor = monitor;
    this.olderOnTarget = target.newestWatch;
    if (this.olderOnTarget !== undefined) this.olderOnTarget.newerOnTarget = this;
    target.newestWatch = this;
    if (owner !== undefined) addToOwner(this, owner);
  }

  get object(): string {
    return String(this.target.pid);
  }

  tell(pid: Pid, reason: ExitReason): void {
    tell(this.watch, pid, reason);
  }

  tellOwnerDown(): void {
    tellOwnerDown(this.watch);
  }

  /** Takes it out of both lists. */
  release(): void {
    const { target, owner, newerOnTarget, olderOnTarget } = this;
    if (olderOnTarget !== undefined) olderOnTarget.newerOnTarget = newerOnTarget;
    if (newerOnTarget === undefined) target.newestWatch = olderOnTarget;
    else newerOnTarget.olderOnTarget = olderOnTarget;
    if (owner !== undefined) removeFromOwner(this, owner);
  }
}

/**
 * A watch on what is not in this runtime: it is in the list of its owner only, and the way to other
 * nodes tells it of the end.
 */
class RemoteLink implements Hold, RemoteMonitor {
  readonly watch: Watch;
  readonly owner: Process | undefined;
  readonly monitor: boolean;
  readonly target: RemoteTarget;
  newerOnTarget: WatchLink | undefined = undefined;
  olderOnTarget: WatchLink | undefined = undefined;
  newerOfOwner: WatchLink | undefined = undefined;
  olderOfOwner: WatchLink | undefined = undefined;
  #on = true;

  constructor(watch: Watch, target: RemoteTarget, owner: Process | undefined, monitor: boolean) {
    this.watch = watch;
    this.target = target;
    this.owner = owner;
    this.monitor = monitor;
    if (owner !== undefined) addToOwner(this, owner);
  }

  get object(): string {
    const { target } = this;
    return Pid.isPid(target) ? String(target) : `${String(target.name)} on ${target.node}`;
  }

  down(reason: ExitReason): void {
    if (!this.#on) return;
    this.#on = false;
    this.watch.unwatch();
    const { target } = this;
    const pid = Pid.isPid(target) ? target : new Pid(target.node, 0, 0);
    detached(() => tellSafely(this, pid, reason));
  }

  tell(pid: Pid, reason: ExitReason): void {
    tell(this.watch, pid, reason);
  }

  tellOwnerDown(): void {
    tellOwnerDown(this.watch);
  }

  release(): void {
    if (this.owner !== undefined) removeFromOwner(this, this.owner);
    if (!this.#on) return;
    this.#on = false;
    distribution()?.demonitor(this.target, this);
  }
}

function addToOwner(link: WatchLink, owner: Process): void {
  link.olderOfOwner = owner.newestOwned;
  if (link.olderOfOwner !== undefined) link.olderOfOwner.newerOfOwner = link;
  owner.newestOwned = link;
}

function removeFromOwner({ newerOfOwner, olderOfOwner }: WatchLink, owner: Process): void {
  if (olderOfOwner !== undefined) olderOfOwner.newerOfOwner = newerOfOwner;
  if (newerOfOwner === undefined) owner.newestOwned = olderOfOwner;
  else newerOfOwner.olderOfOwner = olderOfOwner;
}

let hold: (watch: Watch, hold: Hold) => void;
let tell: (watch: Watch, pid: Pid, reason: ExitReason) => void;
let tellOwnerDown: (watch: Watch) => void;

/**
 * A resource that learns of the death of a process, in the turn of that death, before links and
 * monitors do, and without a mailbox: for resources that a process holds (a lease, a slot) and that must come back whatever
 * happens to the holder.
 *
 * `down` runs inside the runtime, as plain code: it must not throw, block, or call user code.
 *
 * Source: `enif_monitor_process` and the `down` callback of NIF resources.
 * @example
 * class Slot extends Watch {
 *   protected override down() { pool.release(this); }
 * }
 * const slot = new Slot();
 * slot.watch(self());
 */
export abstract class Watch {
  // One field; those of the lists are in the link: every lease and every call makes a watch.
  #link: Hold | undefined = undefined;

  static {
    hold = (watch, link) => {
      watch.#link = link;
    };
    tell = (watch, pid, reason) => watch.down(pid, reason);
    tellOwnerDown = (watch) => watch.ownerDown();
  }

  /** Called once when the watched process dies; the watch has been released by then. */
  protected abstract down(pid: Pid, reason: ExitReason): void;

  /** Called instead of {@link down} when the owner dies first; the watch has been released. */
  protected ownerDown(): void {}

  /**
   * Watches a process; `down` comes at once with `'noproc'` when it is dead, and with `'noconnection'`
   * when it is of a node to which there is no connection.
   * @throws when it is already watching one: release it first; {BadArgumentError} for what is no pid.
   */
  watch(pid: Pid): void {
    if (this.#link !== undefined) {
      throw new Error(`already watching ${this.#link.object}: call unwatch() first`);
    }
    checkPid(pid);
    const target = processOf(pid);
    if (target !== undefined) attachWatch(this, target, undefined);
    else if (isLocal(pid)) this.down(pid, 'noproc');
    else watchRemote(this, pid, undefined, false);
  }

  /** Releases the watch; harmless when it is not watching. Returns whether it was. */
  unwatch(): boolean {
    const link = this.#link;
    if (link === undefined) return false;
    this.#link = undefined;
    link.release();
    return true;
  }
}

/** Makes a watch on a live process; it goes away with its owner. */
export const attachWatch = (watch: Watch, target: Process, owner: Process | undefined): void =>
  hold(watch, new Link(watch, target, owner, false));

/** The same for a monitor: it is told after the links of the process. */
export const attachMonitor = (watch: Watch, target: Process, owner: Process | undefined): void =>
  hold(watch, new Link(watch, target, owner, true));

/** The same for a process of another node, which may turn out not to be reachable before this returns. */
export function watchRemote(
  watch: Watch,
  target: RemoteTarget,
  owner: Process | undefined,
  monitor: boolean,
): void {
  const link = new RemoteLink(watch, target, owner, monitor);
  hold(watch, link);
  const remote = distribution();
  if (remote === undefined) link.down('noconnection');
  else remote.monitor(target, link);
}

/** The watches on a process, newest first. */
export function watchesOn(process: Process): Array<WatchLink['watch']> {
  flushDeferred();
  const watches: Array<WatchLink['watch']> = [];
  for (let link = process.newestWatch; link !== undefined; link = link.olderOnTarget) {
    watches.push(link.watch);
  }
  return watches;
}

/** The watches that a process owns, newest first. */
export function watchesOf(process: Process): Array<WatchLink['watch']> {
  flushDeferred();
  const watches: Array<WatchLink['watch']> = [];
  for (let link = process.newestOwned; link !== undefined; link = link.olderOfOwner) {
    watches.push(link.watch);
  }
  return watches;
}

/** Tells every watch on a dead process but its monitors, in the order in which they were made. */
export function notifyWatches(process: Process, reason: ExitReason): void {
  notify(process, reason, false);
}

/** Tells the monitors of a dead process, in the order in which they were made. */
export function notifyMonitors(process: Process, reason: ExitReason): void {
  notify(process, reason, true);
}

function notify(process: Process, reason: ExitReason, monitors: boolean): void {
  flushDeferred();
  if (process.newestWatch === undefined) return;
  const links: WatchLink[] = [];
  let link: WatchLink | undefined = process.newestWatch;
  for (; link !== undefined; link = link.olderOnTarget) {
    if (link.monitor === monitors) links.push(link);
  }
  detached(() => {
    for (const each of links.toReversed()) {
      // One of the earlier ones may have released it.
      if (!each.watch.unwatch()) continue;
      tellSafely(each, process.pid, reason);
    }
  });
}

/** A watch that fails does not keep others from hearing of the death. */
function tellSafely(link: WatchLink, pid: Pid, reason: ExitReason): void {
  try {
    link.tell(pid, reason);
  } catch (error) {
    currentLogger().error({ pid, error }, `a watch on ${String(pid)} failed in its down()`);
  }
}

/** Releases every watch that a dead process owned. */
export function releaseWatches(process: Process): void {
  flushDeferred();
  if (process.newestOwned === undefined) return;
  detached(() => {
    while (process.newestOwned !== undefined) {
      const link = process.newestOwned;
      link.watch.unwatch();
      link.tellOwnerDown();
    }
  });
}
