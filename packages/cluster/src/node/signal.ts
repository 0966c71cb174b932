/**
 * Signals between nodes: an array of one of these numbers and what belongs to it. The numbers are those
 * of Erlang's distribution, where it has such a signal; calls are one signal here and three there.
 *
 * Processes and aliases of the sender and of the receiver are given by their numbers, processes also by a
 * registered name.
 *
 * Source: Distribution Protocol, Protocol between Connected Nodes.
 */
import type { Pid } from '@linnet/otp';
import { BadArgumentError, currentPid, Pid as PidClass } from '@linnet/otp';
import { inspect } from 'node:util';
import type { RemoteTarget } from '@linnet/otp/distribution';
import { sendable } from '../codec/sendable.ts';

export const signalType = {
  /** from, to */
  link: 1,
  /** to, message, kind of envelope */
  send: 2,
  /** from, to, reason: of a link */
  exit: 3,
  /** from, to, reason: of `exit(pid, reason)` */
  exit2: 8,
  /** ref, to */
  monitor: 19,
  /** ref */
  demonitor: 20,
  /** ref, reason */
  monitorExit: 21,
  /** ref, from, module, arguments, whether it waits for `spawnGo` */
  spawnRequest: 29,
  /** ref, process or undefined, error */
  spawnReply: 31,
  /** alias, message */
  aliasSend: 33,
  /** id, from, to */
  unlink: 35,
  /** id, from, to */
  unlinkAck: 36,
  /** ref: the process may begin */
  spawnGo: 64,
  /** ref, from, to, request, kind of envelope */
  call: 65,
  /** ref, value */
  reply: 66,
  /** ref, why */
  callExit: 67,
  /** ref: the caller does not wait any more */
  dropCall: 68,
} as const;

/** A node by its name, or one run of it. */
export interface NodeRef {
  readonly name: string;
  readonly creation?: number;
}

/** Sends signals to other nodes. */
export interface SignalSender {
  /**
   * False when there is no connection, and none is being opened. Values must be `sendable`.
   *
   * Signals of one sender arrive in their order; one that is too long for a frame may be overtaken by
   * those of other senders.
   * @throws {MessageTooLongError}
   * @param sender The number of the process from which the signal comes; 0 for plain code.
   */
  send(to: NodeRef, signal: readonly unknown[], sender: number): boolean;
}

/** The node of a target, and what the target is there: a number or a name. */
export function addressOf(target: RemoteTarget): {
  readonly node: NodeRef;
  readonly process: number | string;
} {
  if (PidClass.isPid(target)) return { node: refOf(target), process: target.id };
  if (typeof target.name === 'string') {
    return { node: { name: target.node }, process: target.name };
  }
  throw new BadArgumentError('name', target.name, 'a string: symbols are of one node only');
}

export const refOf = ({ node, creation }: Pick<Pid, 'node' | 'creation'>): NodeRef => ({
  name: node,
  creation,
});

/** The number of the process that runs now; 0 for plain code. */
export const currentSender = (): number => currentPid()?.id ?? 0;

/** Sends a signal with an exit reason: no such signal is lost because of what is in it. */
export function sendReason(
  sender: SignalSender,
  to: NodeRef,
  signalWith: (reason: unknown) => readonly unknown[],
  reason: unknown,
  from: number,
): void {
  try {
    sender.send(to, signalWith(sendableReason(reason)), from);
  } catch {
    // It is too long, or nested too deeply for the encoder.
    sender.send(to, signalWith(inWords(reason)), from);
  }
}

/** An exit reason as it travels; what cannot is replaced by words: no exit signal is lost for it. */
function sendableReason(reason: unknown): unknown {
  try {
    return sendable(reason, 'reason');
  } catch {
    return inWords(reason);
  }
}

const inWords = (reason: unknown): readonly unknown[] => [
  'unserialisable',
  inspect(reason, { depth: 2 }).slice(0, mostWords),
];

/** Characters of a reason that is told in words. */
const mostWords = 100_000;
