/**
 * Being told once that a process died: what monitors, calls, leases and starts are built on.
 *
 * A watch sits in two intrusive lists: that of the watched process, and that of its owner if it
 * has one, so that either death finds it without a search and releasing it is O(1).
 */
import { detached } from './context.ts';
import { currentLogger } from './crash-report.ts';
import type { ExitReason } from './exit-reason.ts';
import { processOf, type Pid } from './pid.ts';
import type { Process } from './process.ts';
import { catchUp } from './put-off.ts';

let attach: (watch: Watch, target: Process, owner: Process | undefined) => void;
let collect: (process: Process) => Watch[];
let tell: (watch: Watch, pid: Pid, reason: ExitReason) => void;
let tellOwnerDown: (watch: Watch) => void;
let ownedBy: (process: Process) => Watch[];

/**
 * A resource that learns of the death of a process, in the turn of that death and without a
 * mailbox: for resources that a process holds (a lease, a slot) and that must come back whatever
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
  #target: Process | undefined;
  #previousOfTarget: Watch | undefined;
  #nextOfTarget: Watch | undefined;
  #owner: Process | undefined;
  #previousOfOwner: Watch | undefined;
  #nextOfOwner: Watch | undefined;

  static {
    attach = (watch, target, owner) => {
      watch.#target = target;
      watch.#nextOfTarget = target.firstWatch;
      if (target.firstWatch !== undefined) target.firstWatch.#previousOfTarget = watch;
      target.firstWatch = watch;
      if (owner === undefined) return;
      watch.#owner = owner;
      watch.#nextOfOwner = owner.firstOwned;
      if (owner.firstOwned !== undefined) owner.firstOwned.#previousOfOwner = watch;
      owner.firstOwned = watch;
    };
    collect = (process) => {
      const watches: Watch[] = [];
      for (let watch = process.firstWatch; watch !== undefined; watch = watch.#nextOfTarget) {
        watches.push(watch);
      }
      return watches;
    };
    ownedBy = (process) => {
      const watches: Watch[] = [];
      for (let watch = process.firstOwned; watch !== undefined; watch = watch.#nextOfOwner) {
        watches.push(watch);
      }
      return watches;
    };
    tell = (watch, pid, reason) => watch.down(pid, reason);
    tellOwnerDown = (watch) => watch.ownerDown();
  }

  /** Called once when the watched process dies; the watch has been released by then. */
  protected abstract down(pid: Pid, reason: ExitReason): void;

  /** Called instead of {@link down} when the owner dies first; the watch has been released. */
  protected ownerDown(): void {}

  /**
   * Watches a process; `down` comes at once with `'noproc'` when it is dead.
   * @throws when it is already watching one: release it first.
   */
  watch(pid: Pid): void {
    if (this.#target !== undefined) {
      throw new Error(`already watching ${String(this.#target.pid)}: call unwatch() first`);
    }
    const target = processOf(pid);
    if (target === undefined) this.down(pid, 'noproc');
    else attach(this, target, undefined);
  }

  /** Releases the watch; harmless when it is not watching. Returns whether it was. */
  unwatch(): boolean {
    const target = this.#target;
    if (target === undefined) return false;
    if (this.#previousOfTarget === undefined) target.firstWatch = this.#nextOfTarget;
    else this.#previousOfTarget.#nextOfTarget = this.#nextOfTarget;
    if (this.#nextOfTarget !== undefined) {
      this.#nextOfTarget.#previousOfTarget = this.#previousOfTarget;
    }
    this.#target = this.#previousOfTarget = this.#nextOfTarget = undefined;
    const owner = this.#owner;
    if (owner === undefined) return true;
    if (this.#previousOfOwner === undefined) owner.firstOwned = this.#nextOfOwner;
    else this.#previousOfOwner.#nextOfOwner = this.#nextOfOwner;
    if (this.#nextOfOwner !== undefined) {
      this.#nextOfOwner.#previousOfOwner = this.#previousOfOwner;
    }
    this.#owner = this.#previousOfOwner = this.#nextOfOwner = undefined;
    return true;
  }
}

/** Makes a watch on a live process; it goes away with its owner. */
export const attachWatch = (watch: Watch, target: Process, owner: Process | undefined): void =>
  attach(watch, target, owner);

/** The watches on a process, newest first. */
export function watchesOn(process: Process): Watch[] {
  catchUp();
  return collect(process);
}

/** The watches that a process owns, newest first. */
export function watchesOf(process: Process): Watch[] {
  catchUp();
  return ownedBy(process);
}

/** Tells every watch on a dead process, in the order in which they were made. */
export function notifyWatches(process: Process, reason: ExitReason): void {
  catchUp();
  if (process.firstWatch === undefined) return;
  detached(() => {
    for (const watch of watchesOn(process).toReversed()) {
      // One of the earlier ones may have released it.
      if (!watch.unwatch()) continue;
      try {
        tell(watch, process.pid, reason);
      } catch (error) {
        // The others must hear of the death all the same.
        const { pid } = process;
        currentLogger().error({ pid, error }, `a watch on ${String(pid)} failed in its down()`);
      }
    }
  });
}

/** Releases every watch that a dead process owned. */
export function releaseWatches(process: Process): void {
  catchUp();
  if (process.firstOwned === undefined) return;
  detached(() => {
    while (process.firstOwned !== undefined) {
      const watch = process.firstOwned;
      watch.unwatch();
      tellOwnerDown(watch);
    }
  });
}
