/** The way of signals to and from other nodes. */
import { detached, type Pid, send } from '@linnet/otp';
import {
  envelopeOf,
  exitReceived,
  localPid,
  openEnvelope,
  type Distribution,
  type RemoteAlias,
  type RemoteCall,
  type RemoteMonitor,
  type RemoteTarget,
} from '@linnet/otp/distribution';
import type { Addresses } from '../codec/address-table.ts';
import { sendable } from '../codec/sendable.ts';
import type { NodeIdentity } from '../association/identity.ts';
import { Calls } from './calls.ts';
import { Links } from './links.ts';
import { liveProcess } from './local.ts';
import type { Modules } from './modules.ts';
import { Monitors } from './monitors.ts';
import { addressOf, currentSender, refOf, signalType, type SignalSender } from './signal.ts';
import { Spawns } from './spawns.ts';

export class Distributor implements Distribution {
  readonly spawns: Spawns;
  readonly #sender: SignalSender;
  readonly #addresses: Addresses;
  readonly #monitors: Monitors;
  readonly #links: Links;
  readonly #calls: Calls;

  constructor(sender: SignalSender, addresses: Addresses, modules: Modules) {
    this.#sender = sender;
    this.#addresses = addresses;
    this.#monitors = new Monitors(sender);
    this.#links = new Links(sender);
    this.#calls = new Calls(sender);
    this.spawns = new Spawns(sender, modules);
  }

  /** How many links, monitors and calls go to other nodes or come from them. */
  figures(): { readonly links: number; readonly monitors: number; readonly calls: number } {
    return { links: this.#links.size, monitors: this.#monitors.size, calls: this.#calls.size };
  }

  // Of processes of this node -------------------------------------------------------

  send(to: RemoteTarget, message: unknown): void {
    const { node, process } = addressOf(to);
    const envelope = envelopeOf(message);
    if (envelope === undefined) {
      const signal = [signalType.send, process, sendable(message, 'message')];
      this.#sender.send(node, signal, currentSender());
    } else {
      const content = sendable(envelope.content, 'request');
      const signal = [signalType.send, process, content, envelope.kind];
      this.#sender.send(node, signal, currentSender());
    }
  }

  aliasSend(to: RemoteAlias, message: unknown): void {
    const signal = [signalType.aliasSend, to.id, sendable(message, 'message')];
    this.#sender.send(refOf(to), signal, currentSender());
  }

  exit(to: Pid, from: Pid, reason: unknown): void {
    this.#addresses.pids.keepLocal(from);
    const signal = [signalType.exit2, from.id, to.id, sendable(reason, 'reason')];
    this.#sender.send(refOf(to), signal, from.id);
  }

  link(to: Pid, from: Pid): void {
    this.#addresses.pids.keepLocal(from);
    this.#links.link(to, from);
  }

  unlink(to: Pid, from: Pid): void {
    this.#links.unlink(to, from);
  }

  linkDown(to: Pid, from: Pid, reason: unknown): void {
    this.#links.down(to, from, reason);
  }

  monitor(to: RemoteTarget, monitor: RemoteMonitor): void {
    this.#monitors.monitor(to, monitor);
  }

  demonitor(to: RemoteTarget, monitor: RemoteMonitor): void {
    this.#monitors.demonitor(to, monitor);
  }

  call(to: RemoteTarget, call: RemoteCall): void {
    this.#addresses.pids.keepLocal(call.pid);
    this.#calls.call(to, call);
  }

  dropCall(to: RemoteTarget, call: RemoteCall): void {
    this.#calls.drop(to, call);
  }

  // Of other nodes ------------------------------------------------------------------

  /**
   * Does what a signal says; to be called as plain code.
   * @throws for one that cannot be read.
   */
  received(from: NodeIdentity, signal: unknown): void {
    if (!Array.isArray(signal)) throw new TypeError('no signal');
    this.#dispatch(from, signal);
  }

  /** The connection to a node is gone, or could not be opened. */
  nodeDown(node: string): void {
    detached(() => {
      this.#links.nodeDown(node);
      this.#monitors.nodeDown(node);
      this.#calls.nodeDown(node);
      this.spawns.nodeDown(node);
    });
  }

  #dispatch(from: NodeIdentity, signal: readonly unknown[]): void {
    const { name } = from;
    const [type, first, second, third, fourth, fifth] = signal;
    switch (type) {
      case signalType.send:
        this.#sent(first, second, third);
        return;
      case signalType.aliasSend:
        this.#sentThrough(numberOf(first), second);
        return;
      case signalType.call:
        this.#calls.received(
          name,
          this.#remote(from, second),
          numberOf(first),
          third,
          fourth,
          fifth,
        );
        return;
      case signalType.reply:
        this.#calls.replied(name, numberOf(first), second);
        return;
      case signalType.callExit:
        this.#calls.failed(name, numberOf(first), second);
        return;
      case signalType.dropCall:
        this.#calls.dropped(name, numberOf(first));
        return;
      case signalType.link:
        this.#links.received(this.#remote(from, first), numberOf(second));
        return;
      case signalType.unlink:
        this.#links.unlinked(this.#remote(from, second), numberOf(third), numberOf(first));
        return;
      case signalType.unlinkAck:
        this.#links.acknowledged(this.#remote(from, second), numberOf(third), numberOf(first));
        return;
      case signalType.exit:
        this.#links.exited(this.#remote(from, first), numberOf(second), third);
        return;
      case signalType.exit2:
        this.#exited(numberOf(second), this.#remote(from, first), third);
        return;
      case signalType.monitor:
        this.#monitors.received(name, numberOf(first), second);
        return;
      case signalType.demonitor:
        this.#monitors.takenBack(name, numberOf(first));
        return;
      case signalType.monitorExit:
        this.#monitors.exited(name, numberOf(first), second);
        return;
      case signalType.spawnRequest:
        this.spawns.requested(name, signal.slice(1));
        return;
      case signalType.spawnReply:
        this.spawns.replied(name, signal.slice(1));
        return;
      case signalType.spawnGo:
        this.spawns.released(name, numberOf(first));
        return;
      default:
        throw new TypeError(`a signal of the unknown type ${String(type)}`);
    }
  }

  #remote({ name, creation }: NodeIdentity, id: unknown): Pid {
    return this.#addresses.pids.get(name, creation, numberOf(id));
  }

  #sent(process: unknown, content: unknown, kind: unknown): void {
    const pid = liveProcess(process);
    if (pid === undefined) return;
    const message = kind === undefined ? content : openEnvelope({ kind: kind as 'cast', content });
    send(pid, message as object);
  }

  #sentThrough(id: number, message: unknown): void {
    const alias = this.#addresses.aliases.local(id);
    if (alias !== undefined) send(alias, message as object);
  }

  #exited(to: number, from: Pid, reason: unknown): void {
    const pid = localPid(to);
    if (pid !== undefined) exitReceived(pid, from, reason);
  }
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError('a signal without a number');
}
