/** This node: its name, its run, and the way to other nodes. */
import { BadArgumentError } from './errors.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Name } from './names/name.ts';
import { processOf, type Pid } from './pid.ts';
import type { Process } from './process.ts';

/** The name of a runtime that is not part of a cluster, as in Erlang. */
const localName = 'nonode@nohost';

/** A name on another node. */
export interface RemoteName {
  readonly name: Name;
  readonly node: string;
}

/** A process of another node: by its pid, or by the name that it has there. */
export type RemoteTarget = Pid | RemoteName;

/** An alias of a process of another node. */
export interface RemoteAlias {
  readonly node: string;
  readonly creation: number;
  readonly id: number;
}

/** A monitor on a process of another node. */
export interface RemoteMonitor {
  /** The process has died, or the node has gone (`'noconnection'`); once, and not after it was taken back. */
  down(reason: ExitReason): void;
}

/** A call to a process of another node. */
export interface RemoteCall {
  /** The calling process; `#PID<0.0.0>` for plain code. */
  readonly pid: Pid;
  readonly request: unknown;
  /** For the distribution: its number of the call, until that is answered. */
  ticket: number | undefined;
  reply(value: unknown): void;
  fail(why: ExitReason): void;
}

/**
 * What carries signals to processes of other nodes. This package has none; `@linnet/cluster` is one.
 *
 * None of these waits, and all that one process sends to another arrives in that order. What cannot be
 * sent, because the node is not there, is dropped by `send`, `aliasSend`, `exit`, `unlink` and `demonitor`; it is an
 * exit signal `'noconnection'` for `link`, a `down('noconnection')` for `monitor`, and a
 * `fail(['nodedown', node])` for `call`. What cannot be sent at all, such as a function, throws.
 */
export interface Distribution {
  /** Sends a message; one of the runtime's own has an envelope, see `envelopeOf`. */
  send(to: RemoteTarget, message: unknown): void;
  /** Sends a message through an alias. */
  aliasSend(to: RemoteAlias, message: unknown): void;
  /** An exit signal of `exit(pid, reason)`. */
  exit(to: Pid, from: Pid, reason: ExitReason): void;
  link(to: Pid, from: Pid): void;
  unlink(to: Pid, from: Pid): void;
  /** The exit signal of a link: `from` has died. */
  linkDown(to: Pid, from: Pid, reason: ExitReason): void;
  monitor(to: RemoteTarget, monitor: RemoteMonitor): void;
  /** Takes a monitor back; harmless after its `down`. */
  demonitor(to: RemoteTarget, monitor: RemoteMonitor): void;
  call(to: RemoteTarget, call: RemoteCall): void;
  /** The caller does not wait any more; harmless after the answer. */
  dropCall(to: RemoteTarget, call: RemoteCall): void;
}

const identity = {
  name: localName,
  // Distinguishes pids of this run from pids of an earlier run of the same node: 32 bits, never 0.
  creation: 1 + Math.floor(Math.random() * (2 ** 32 - 1)),
  distribution: undefined as Distribution | undefined,
};

/** The names that this node has had: its pids keep the one under which they were made. */
const names = new Set([localName]);

let lastId = 0;

/** The identity of this node. */
export function thisNode(): { readonly name: string; readonly creation: number } {
  return identity;
}

/** The next process number; never reused. */
export function nextProcessId(): number {
  return ++lastId;
}

/** True when a pid or an alias belongs to this incarnation of this node. */
export function isLocal({ node, creation }: Pick<Pid, 'node' | 'creation'>): boolean {
  return creation === identity.creation && names.has(node);
}

/**
 * The live process of a pid, for what only a process of this node can be asked; undefined when it is dead.
 * @throws {BadArgumentError} for a process of another node.
 */
export function processHere(pid: Pid): Process | undefined {
  const process = processOf(pid);
  // One of an earlier incarnation of this node is dead.
  if (process !== undefined || names.has(pid.node)) return process;
  throw new BadArgumentError('pid', pid, 'a process of this node');
}

/**
 * Makes this runtime a node of a cluster, by a name and what carries signals to other nodes, until the
 * returned function is called. Processes go on as they are, and their pids stay local.
 * @throws when it is one already.
 */
export function startDistribution(name: string, carrier: Distribution): () => void {
  if (identity.distribution !== undefined) {
    throw new Error(`this runtime is the node ${identity.name} already: a runtime is one node`);
  }
  names.add(name);
  identity.name = name;
  identity.distribution = carrier;
  return () => {
    if (identity.distribution !== carrier) return;
    identity.name = localName;
    identity.distribution = undefined;
  };
}

/** The way to other nodes; undefined while this node is alone. */
export function distribution(): Distribution | undefined {
  return identity.distribution;
}
