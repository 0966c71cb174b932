/** Processes that are told when nodes come and go. */
import { detached, onDeath, type Pid, send } from '@linnet/otp';
import type { DownReason } from '../association/down-reason.ts';

/** A node is connected. */
export interface NodeUpMessage {
  readonly type: 'nodeup';
  readonly node: string;
}

/** The connection to a node is over. */
export interface NodeDownMessage {
  readonly type: 'nodedown';
  readonly node: string;
  /** Why; `'noconnection'` for a node that was not connected when it was monitored. */
  readonly reason: DownReason | 'noconnection';
}

/** The message to a process that monitors nodes. */
export type NodeMessage = NodeUpMessage | NodeDownMessage;

export class NodeMonitors {
  /** Of all nodes. */
  readonly #all = new Set<Pid>();
  /** How often each process monitors a single node: each time is one message. */
  readonly #single = new Map<string, Map<Pid, number>>();
  readonly #watched = new Set<Pid>();
  readonly #listeners = new Set<(message: NodeMessage) => void>();

  /** Calls a function of this package for each; it must not throw. */
  listen(listener: (message: NodeMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watchAll(pid: Pid, on: boolean): void {
    if (on) {
      this.#all.add(pid);
      this.#releaseWith(pid);
    } else this.#all.delete(pid);
  }

  watch(node: string, pid: Pid): void {
    const watchers = this.#single.get(node) ?? new Map<Pid, number>();
    this.#single.set(node, watchers);
    watchers.set(pid, (watchers.get(pid) ?? 0) + 1);
    this.#releaseWith(pid);
  }

  unwatch(node: string, pid: Pid): boolean {
    const watchers = this.#single.get(node);
    const times = watchers?.get(pid);
    if (watchers === undefined || times === undefined) return false;
    if (times > 1) watchers.set(pid, times - 1);
    else watchers.delete(pid);
    if (watchers.size === 0) this.#single.delete(node);
    return true;
  }

  /** Tells one process of a node that is not connected: its monitor is over. */
  tellOne(pid: Pid, message: NodeDownMessage): void {
    this.unwatch(message.node, pid);
    detached(() => send(pid, message));
  }

  tell(message: NodeMessage): void {
    detached(() => {
      for (const listener of this.#listeners) listener(message);
      for (const pid of this.#all) send(pid, message);
      if (message.type === 'nodeup') return;
      const watchers = this.#single.get(message.node);
      this.#single.delete(message.node);
      for (const [pid, times] of watchers ?? []) {
        for (let i = 0; i < times; i++) send(pid, message);
      }
    });
  }

  #releaseWith(pid: Pid): void {
    if (this.#watched.has(pid)) return;
    this.#watched.add(pid);
    onDeath(pid, () => {
      this.#watched.delete(pid);
      this.#all.delete(pid);
      for (const [node, watchers] of this.#single) {
        watchers.delete(pid);
        if (watchers.size === 0) this.#single.delete(node);
      }
    });
  }
}
