/** Monitors between nodes: those of this one, and those of others. */
import type { Watch } from '@linnet/otp';
import { monitorReceived, type RemoteMonitor, type RemoteTarget } from '@linnet/otp/distribution';
import { liveProcess } from './local.ts';
import { addressOf, sendableReason, signalType, type SignalSender } from './signal.ts';
import { TablesByNode } from './tables.ts';

export class Monitors {
  readonly #sender: SignalSender;
  readonly #ours = new TablesByNode<RemoteMonitor>();
  readonly #refs = new WeakMap<RemoteMonitor, number>();
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
    this.#refs.set(monitor, ref);
    this.#ours.set(node.name, ref, monitor);
    if (this.#sender.send(node, [signalType.monitor, ref, process])) return;
    this.#ours.take(node.name, ref)?.down('noconnection');
  }

  demonitor(target: RemoteTarget, monitor: RemoteMonitor): void {
    const { node } = addressOf(target);
    const ref = this.#refs.get(monitor);
    if (ref === undefined || this.#ours.take(node.name, ref) === undefined) return;
    this.#sender.send(node, [signalType.demonitor, ref]);
  }

  received(from: string, ref: number, process: unknown): void {
    const down = (reason: unknown): void => {
      this.#theirs.take(from, ref);
      this.#sender.send({ name: from }, [signalType.monitorExit, ref, sendableReason(reason)]);
    };
    const pid = liveProcess(process);
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
