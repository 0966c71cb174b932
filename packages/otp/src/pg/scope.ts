/** The groups of one scope: their members and their monitors. */
import { requireProcess } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { checkPid, processOf, type Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { keyOf } from '../process/values/term-key.ts';
import { attachWatch, Watch } from '../process/links/watch.ts';

/** The message to a monitor of a group, or of all groups of a scope. */
export interface GroupMessage {
  readonly type: 'pg';
  readonly ref: GroupMonitor;
  readonly event: 'join' | 'leave';
  readonly group: unknown;
  /** Those that have joined or left; a process that has done so twice is there twice. */
  readonly pids: readonly Pid[];
}

/** A group: its name as it was given first, and its members, oldest first. */
interface Group {
  readonly name: unknown;
  /** How often each has joined. */
  readonly members: Map<Pid, number>;
}

/** Which groups a process has joined, by their keys. It leaves them in the turn of its death. */
class Member extends Watch {
  readonly pid: Pid;
  readonly keys = new Set<unknown>();
  readonly #scope: Scope;

  constructor(scope: Scope, pid: Pid) {
    super();
    this.#scope = scope;
    this.pid = pid;
  }

  protected override down(): void {
    this.#scope.memberDown(this);
  }
}

/** Identifies a monitor of a group; compare by identity. It ends with the process that has it. */
export class GroupMonitor extends Watch {
  readonly #owner: Process;
  readonly #release: () => void;

  /** @internal */
  constructor(owner: Process, release: () => void) {
    super();
    this.#owner = owner;
    this.#release = release;
    attachWatch(this, owner, undefined);
  }

  /** Whether a message is of this monitor: a match for `receive`. */
  isGroupMessage(message: unknown): message is GroupMessage {
    if (typeof message !== 'object' || message === null) return false;
    try {
      const { type, ref } = message as Partial<GroupMessage>;
      return type === 'pg' && ref === this;
    } catch {
      return false; // a revoked proxy or a getter that throws
    }
  }

  /** @internal */
  tell(event: 'join' | 'leave', group: unknown, pids: readonly Pid[]): void {
    this.#owner.deliver({ type: 'pg', ref: this, event, group, pids } satisfies GroupMessage);
  }

  /** @internal Ends it; returns whether it was on. */
  end(): boolean {
    this.#release();
    return this.unwatch();
  }

  protected override down(): void {
    this.#release();
  }
}

/** All of it is synchronous, as `ets` is for `pg`: to look up a group sends no message. */
export class Scope {
  readonly #groups = new Map<unknown, Group>();
  readonly #members = new Map<Pid, Member>();
  /** Of single groups by their keys. */
  readonly #monitors = new Map<unknown, Set<GroupMonitor>>();
  readonly #monitorsOfAll = new Set<GroupMonitor>();

  /** Adds processes to a group, each once more. */
  join(group: unknown, pids: readonly Pid[]): void {
    const key = keyOf(group);
    for (const pid of pids) {
      checkPid(pid);
      if (processOf(pid) === undefined) {
        throw new BadArgumentError('pid', pid, 'a live process of this node');
      }
    }
    if (pids.length === 0) return;
    const entry = this.#groups.get(key) ?? { name: group, members: new Map<Pid, number>() };
    this.#groups.set(key, entry);
    for (const pid of pids) {
      entry.members.set(pid, (entry.members.get(pid) ?? 0) + 1);
      this.#memberOf(pid).keys.add(key);
    }
    this.#tell(key, 'join', entry.name, pids);
  }

  /** Takes processes out of a group, each once; those that are not in it are left out. */
  leave(group: unknown, pids: readonly Pid[]): readonly Pid[] {
    const key = keyOf(group);
    const entry = this.#groups.get(key);
    const left = entry === undefined ? [] : pids.filter((pid) => this.#leaveOnce(key, entry, pid));
    if (entry !== undefined && left.length > 0) this.#tell(key, 'leave', entry.name, left);
    return left;
  }

  members(group: unknown): Pid[] {
    const entry = this.#groups.get(keyOf(group));
    if (entry === undefined) return [];
    const pids: Pid[] = [];
    for (const [pid, times] of entry.members) for (let i = 0; i < times; i++) pids.push(pid);
    return pids;
  }

  groups(): unknown[] {
    return Array.from(this.#groups.values(), ({ name }) => name);
  }

  /** Tells the current process which processes join and leave a group from here on. */
  monitor(group: unknown): GroupMonitor {
    const key = keyOf(group);
    const monitors = this.#monitors.get(key) ?? new Set<GroupMonitor>();
    this.#monitors.set(key, monitors);
    const monitor: GroupMonitor = new GroupMonitor(requireProcess('Pg.monitor()'), () => {
      monitors.delete(monitor);
      if (monitors.size === 0) this.#monitors.delete(key);
    });
    monitors.add(monitor);
    return monitor;
  }

  monitorAll(): GroupMonitor {
    const monitor: GroupMonitor = new GroupMonitor(requireProcess('Pg.monitorScope()'), () => {
      this.#monitorsOfAll.delete(monitor);
    });
    this.#monitorsOfAll.add(monitor);
    return monitor;
  }

  /** A member has died: it leaves all its groups. */
  memberDown(member: Member): void {
    const { pid, keys } = member;
    this.#members.delete(pid);
    for (const key of keys) {
      const entry = this.#groups.get(key);
      const times = entry?.members.get(pid);
      if (entry === undefined || times === undefined) continue;
      entry.members.delete(pid);
      if (entry.members.size === 0) this.#groups.delete(key);
      const gone = Array.from({ length: times }, () => pid);
      this.#tell(key, 'leave', entry.name, gone);
    }
  }

  /** The scope has ended: its groups are empty, and no monitor is told. */
  close(): void {
    for (const member of this.#members.values()) member.unwatch();
    this.#members.clear();
    this.#groups.clear();
    const monitors = [
      ...this.#monitorsOfAll,
      ...[...this.#monitors.values()].flatMap((set) => [...set]),
    ];
    for (const monitor of monitors) monitor.end();
  }

  #memberOf(pid: Pid): Member {
    let member = this.#members.get(pid);
    if (member === undefined) {
      member = new Member(this, pid);
      this.#members.set(pid, member);
      member.watch(pid);
    }
    return member;
  }

  #leaveOnce(key: unknown, { members }: Group, pid: Pid): boolean {
    const times = members.get(pid);
    if (times === undefined) return false;
    if (times > 1) {
      members.set(pid, times - 1);
      return true;
    }
    members.delete(pid);
    if (members.size === 0) this.#groups.delete(key);
    const member = this.#members.get(pid);
    member?.keys.delete(key);
    if (member?.keys.size === 0) {
      member.unwatch();
      this.#members.delete(pid);
    }
    return true;
  }

  #tell(key: unknown, event: 'join' | 'leave', group: unknown, pids: readonly Pid[]): void {
    for (const monitor of this.#monitors.get(key) ?? []) monitor.tell(event, group, pids);
    for (const monitor of this.#monitorsOfAll) monitor.tell(event, group, pids);
  }
}
