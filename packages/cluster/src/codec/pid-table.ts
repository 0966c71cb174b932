/**
 * The pids of other nodes, and those of this node that others have: one object for each, for as long
 * as anything holds it, since pids are compared by identity.
 */
import { Pid } from '@linnet/otp';
import { isLocal, localPid, thisNode } from '@linnet/otp/distribution';

export class PidTable {
  readonly #byNode = new Map<string, Map<number, WeakRef<Pid>>>();
  readonly #local = new Map<number, WeakRef<Pid>>();
  readonly #registry = new FinalizationRegistry<readonly [node: string, id: number]>(
    ([node, id]) => {
      const pids = this.#byNode.get(node);
      // Another object may have taken the place of the collected one.
      if (pids?.get(id)?.deref() !== undefined) return;
      pids?.delete(id);
      if (pids?.size === 0) this.#byNode.delete(node);
    },
  );

  readonly #localRegistry = new FinalizationRegistry<number>((id) => this.#local.delete(id));

  /** A pid of this node goes to another one, and may come back when its process is dead. */
  keepLocal(pid: Pid): void {
    if (this.#local.has(pid.id)) return;
    this.#local.set(pid.id, new WeakRef(pid));
    this.#localRegistry.register(pid, pid.id);
  }

  /** The pid with these parts. */
  get(node: string, creation: number, id: number): Pid {
    const self = thisNode();
    if (node === self.name && creation === self.creation) {
      const local = localPid(id) ?? this.#local.get(id)?.deref();
      if (local !== undefined) return local;
    }
    const key = keyOf(node, creation);
    const kept = this.#byNode.get(key)?.get(id)?.deref();
    if (kept !== undefined) return kept;
    const pid = new Pid(node, creation, id);
    this.#keep(key, pid);
    return pid;
  }

  #keep(node: string, pid: Pid): void {
    let pids = this.#byNode.get(node);
    if (pids === undefined) this.#byNode.set(node, (pids = new Map<number, WeakRef<Pid>>()));
    pids.set(pid.id, new WeakRef(pid));
    this.#registry.register(pid, [node, pid.id]);
  }
}

const keyOf = (node: string, creation: number): string => `${node} ${creation}`;

/** The name of the node of a pid: a local pid may have been made before this node had one. */
export const nodeOf = (pid: Pid): string => (isLocal(pid) ? thisNode().name : pid.node);
