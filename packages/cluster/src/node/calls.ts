/**
 * Calls between nodes. The node of the server watches over it: the caller gets one signal, which is the
 * answer or the end of the server. An answer to a call that is no longer waited for is dropped.
 */
import {
  envelopeOf,
  openEnvelope,
  receiveCall,
  type RemoteCall,
  type RemoteTarget,
} from '@linnet/otp/distribution';
import type { Pid } from '@linnet/otp';
import { sendable } from '../codec/sendable.ts';
import { liveProcess } from './local.ts';
import { addressOf, currentSender, sendReason, signalType, type SignalSender } from './signal.ts';
import { TablesByNode } from './tables.ts';

export class Calls {
  readonly #sender: SignalSender;
  readonly #ours = new TablesByNode<RemoteCall>();
  readonly #theirs = new TablesByNode<() => void>();
  #lastRef = 0;

  constructor(sender: SignalSender) {
    this.#sender = sender;
  }

  /** How many are under way. */
  get size(): number {
    return this.#ours.size + this.#theirs.size;
  }

  call(target: RemoteTarget, call: RemoteCall): void {
    const { node, process } = addressOf(target);
    const envelope = envelopeOf(call.request);
    const request = sendable(envelope === undefined ? call.request : envelope.content, 'request');
    const ref = ++this.#lastRef;
    const signal: unknown[] = [signalType.call, ref, call.pid.id, process, request];
    if (envelope !== undefined) signal.push(envelope.kind);
    // First: to send may turn out to be the end of the connection.
    call.ticket = ref;
    this.#ours.set(node.name, ref, call);
    let isSent: boolean;
    try {
      isSent = this.#sender.send(node, signal, call.pid.id);
    } catch (error) {
      this.#ours.take(node.name, ref);
      throw error;
    }
    if (!isSent) this.#ours.take(node.name, ref)?.fail(['nodedown', node.name]);
  }

  drop(target: RemoteTarget, call: RemoteCall): void {
    const ref = call.ticket;
    if (ref === undefined) return; // as each answered call does
    const { node } = addressOf(target);
    if (this.#ours.take(node.name, ref) === undefined) return;
    this.#sender.send(node, [signalType.dropCall, ref], call.pid.id);
  }

  received(
    node: string,
    from: Pid,
    ref: number,
    process: unknown,
    request: unknown,
    kind: unknown,
  ): void {
    const pid = liveProcess(process);
    const server = pid?.id ?? 0;
    const outcome = {
      reply: (value: unknown): void => {
        this.#theirs.take(node, ref);
        try {
          const signal = [signalType.reply, ref, sendable(value, 'reply')];
          // Another process than the server may answer.
          this.#sender.send({ name: node }, signal, currentSender() || server);
        } catch (error) {
          // The error is the server's, which goes on, but the caller must hear of it.
          outcome.fail(error);
        }
      },
      fail: (why: unknown): void => {
        this.#theirs.take(node, ref);
        const signalWith = (reason: unknown) => [signalType.callExit, ref, reason];
        sendReason(this.#sender, { name: node }, signalWith, why, server);
      },
    };
    if (pid === undefined) {
      outcome.fail('noproc');
      return;
    }
    const opened =
      kind === undefined ? request : openEnvelope({ kind: kind as 'system', content: request });
    this.#theirs.set(node, ref, receiveCall(pid, opened, from, outcome));
  }

  dropped(node: string, ref: number): void {
    this.#theirs.take(node, ref)?.();
  }

  replied(node: string, ref: number, value: unknown): void {
    const call = this.#ours.take(node, ref);
    if (call === undefined) return;
    call.ticket = undefined;
    call.reply(value);
  }

  failed(node: string, ref: number, why: unknown): void {
    this.#ours.take(node, ref)?.fail(why);
  }

  nodeDown(node: string): void {
    for (const drop of this.#theirs.takeAll(node)) drop();
    for (const call of this.#ours.takeAll(node)) call.fail(['nodedown', node]);
  }
}
