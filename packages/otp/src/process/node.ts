/** This node: its name, its incarnation, and the way to other nodes. */
import type { ExitReason } from './exit-reason.ts';
import type { Name } from './name.ts';
import type { Pid } from './pid.ts';

/** The name of a runtime that is not part of a cluster, as in Erlang. */
const localName = 'nonode@nohost';

/** What carries signals to processes of other nodes. None is installed by this package. */
export interface Distribution {
  send(to: Pid | RemoteName, message: unknown): void;
  exit(to: Pid, from: Pid, reason: ExitReason): void;
  link(to: Pid, from: Pid): void;
  unlink(to: Pid, from: Pid): void;
}

/** A name on another node. */
export interface RemoteName {
  readonly name: Name;
  readonly node: string;
}

const identity = {
  name: localName,
  // Distinguishes pids of this run from pids of an earlier run of the same node.
  creation: Date.now() % 2 ** 32,
  distribution: undefined as Distribution | undefined,
};

let lastId = 0;

/** The identity of this node. */
export function thisNode(): { readonly name: string; readonly creation: number } {
  return identity;
}

/** The next process number; never reused. */
export function nextProcessId(): number {
  return ++lastId;
}

/** True when a pid belongs to this incarnation of this node. */
export function isLocal(pid: Pid): boolean {
  return pid.node === identity.name && pid.creation === identity.creation;
}

/** The way to other nodes; undefined while this node is alone. */
export function distribution(): Distribution | undefined {
  return identity.distribution;
}
