/** Monitors between nodes: those of this one, and those of others. */
import type { Watch } from '@linnet/otp';
import { monitorReceived, type RemoteMonitor, type RemoteTarget } from '@linnet/otp/distribution';
import { liveProcess } from './local.ts';
import { addressOf, currentSender, sendReason, signalType, type SignalSender } from './signal.ts';
import { TablesByNode } from './tables.ts';

/** How a monitor was sent: it is taken back by the same process, in whichever context that happens. */
interface Sent {
  readonly ref: number;
  readonly sender: number;
}

export class Monitors {
  readonly #sender: SignalSender;
  readonly #ours = new TablesByNode<RemoteMonitor>();
  readonly #sent = new WeakMap<RemoteMonitor, Sent>();
  readonly #theirs = new TablesByNode<Watch>();
  #lastRef = 0;

  constructor(sender: SignalSender) {
    this.#sender = sender;
  }

  /** How many there are. */
  get size(): number {
    return this.#ours.size + this.#theirs.size;
  }

  monitor(target: RemoteTarget, monitor: RemoteMonitor): void {
    const { node, process } = addressOf(target);
    const ref = ++this.#lastRef;
    // First: to send may turn out to be the end of the connection.
    const sender = currentSender();
    this.#sent.set(monitor, { ref, sender });
    this.#ours.set(node.name, ref, monitor);
    if (this.#sender.send(node, [signalType.monitor, ref, process], sender)) return;
    this.#ours.take(node.name, ref)?.down('noconnection');
  }

  demonitor(target: RemoteTarget, monitor: RemoteMonitor): void {
    const { node } = addressOf(target);
    const sent = this.#sent.get(monitor);
    if (sent === undefined || this.#ours.take(node.name, sent.ref) === undefined) return;
    this.#sender.send(node, [signalType.demonitor, sent.ref], sent.sender);
  }

  received(from: string, ref: number, process: unknown): void {
    const pid = liveProcess(process);
    const sender = pid?.id ?? (typeof process === 'number' ? process : 0);
    const down = (reason: unknown): void => {
      this.#theirs.take(from, ref);
      const signalWith = (sent: unknown) => [signalType.monitorExit, ref, sent];
      sendReason(this.#sender, { name: from }, signalWith, reason, sender);
    };
    if (pid === undefined) down('noproc');
    else this.#theirs.set(from, ref, monitorReceived(pid, down));
  }

  takenBack(from: string, ref: number): void {
    this.#theirs.take(from, ref)?.unwatch();
  }

  exited(from: string, ref: number, reason: unknown): void {
    this.#ours.take(from, ref)?.down(reason);
  }

  nodeDown(node: string): void {
    for (const watch of this.#theirs.takeAll(node)) watch.unwatch();
    for (const monitor of this.#ours.takeAll(node)) monitor.down('noconnection');
  }
}
