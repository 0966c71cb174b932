/** Processes that are told who joins and leaves groups, on any node. */
import { onDeath, type Pid, send, type Watch } from '@linnet/otp';
import { keyOf } from '@linnet/otp/distribution';

/** The message to a monitor of a group. */
export interface PgMessage {
  readonly type: 'pg';
  readonly ref: PgMonitor;
  readonly event: 'join' | 'leave';
  readonly group: unknown;
  /** Those that have joined or left; a process that has done so twice is there twice. */
  readonly pids: readonly Pid[];
}

/** Identifies a monitor of a group; compare by identity. It ends with the process that has it. */
export class PgMonitor {
  /** Whether a message is of this monitor: a match for `receive`. */
  isGroupMessage(message: unknown): message is PgMessage {
    if (typeof message !== 'object' || message === null) return false;
    const { type, ref } = message as Partial<PgMessage>;
    return type === 'pg' && ref === this;
  }
}

export class GroupMonitors {
  /** Under undefined, those of all groups. */
  readonly #byRef = new Map<
    PgMonitor,
    { readonly owner: Pid; readonly key: unknown; readonly watch: Watch }
  >();

  /** Adds a monitor of a group, or of all. */
  add(owner: Pid, group?: { readonly name: unknown }): PgMonitor {
    const ref = new PgMonitor();
    const key = group === undefined ? undefined : keyOf(group.name);
    const watch = onDeath(owner, () => this.#byRef.delete(ref));
    this.#byRef.set(ref, { owner, key, watch });
    return ref;
  }

  delete(ref: PgMonitor): boolean {
    this.#byRef.get(ref)?.watch.unwatch();
    return this.#byRef.delete(ref);
  }

  tell(change: Pick<PgMessage, 'event' | 'group' | 'pids'>): void {
    const changed = keyOf(change.group);
    for (const [ref, { owner, key }] of this.#byRef) {
      if (key !== undefined && key !== changed) continue;
      send(owner, { type: 'pg', ref, ...change } satisfies PgMessage);
    }
  }
}
