/**
 * Links between nodes. Each side has its half of a link; `unlink` is acknowledged, so that a `link` of
 * the other side that crosses it does not leave one half.
 *
 * Source: Distribution Protocol, the link protocol since OTP 23.3.
 */
import type { Pid } from '@linnet/otp';
import {
  hasLink,
  linkDownReceived,
  linkReceived,
  localPid,
  unlinkReceived,
} from '@linnet/otp/distribution';
import { refOf, sendReason, signalType, type SignalSender } from './signal.ts';

/** Of one process of another node: the local processes that are linked with it, and the unlinks under way. */
interface Half {
  readonly linked: Set<Pid>;
  readonly unlinking: Map<Pid, number>;
}

export class Links {
  readonly #sender: SignalSender;
  readonly #halves = new Map<Pid, Half>();
  #lastUnlink = 0;

  constructor(sender: SignalSender) {
    this.#sender = sender;
  }

  /** How many there are. */
  get size(): number {
    let size = 0;
    for (const { linked } of this.#halves.values()) size += linked.size;
    return size;
  }

  link(remote: Pid, local: Pid): void {
    const half = this.#halfOf(remote);
    half.linked.add(local);
    const signal = [signalType.link, local.id, remote.id];
    if (this.#sender.send(refOf(remote), signal, local.id)) return;
    half.linked.delete(local);
    this.#tidy(remote, half);
    // A signal arrives after the call that causes it.
    queueMicrotask(() => linkDownReceived(local, remote, 'noconnection'));
  }

  unlink(remote: Pid, local: Pid): void {
    const half = this.#halves.get(remote);
    if (half?.linked.delete(local) !== true) return;
    const id = ++this.#lastUnlink;
    half.unlinking.set(local, id);
    this.#sender.send(refOf(remote), [signalType.unlink, id, local.id, remote.id], local.id);
  }

  /** A local process has died. */
  down(remote: Pid, local: Pid, reason: unknown): void {
    const half = this.#halves.get(remote);
    if (half === undefined) return;
    half.linked.delete(local);
    this.#tidy(remote, half);
    const signalWith = (sent: unknown) => [signalType.exit, local.id, remote.id, sent];
    sendReason(this.#sender, refOf(remote), signalWith, reason, local.id);
  }

  received(remote: Pid, to: number): void {
    const local = localPid(to);
    if (local === undefined) {
      this.#sender.send(refOf(remote), [signalType.exit, to, remote.id, 'noproc'], to);
      return;
    }
    const half = this.#halfOf(remote);
    // It crosses our unlink, which ends it when it arrives there.
    if (half.unlinking.has(local)) return;
    if (linkReceived(local, remote)) half.linked.add(local);
  }

  unlinked(remote: Pid, to: number, id: number): void {
    const local = localPid(to);
    const half = this.#halves.get(remote);
    if (local !== undefined && half?.linked.delete(local) === true) unlinkReceived(local, remote);
    if (half !== undefined) this.#tidy(remote, half);
    this.#sender.send(refOf(remote), [signalType.unlinkAck, id, to, remote.id], to);
  }

  acknowledged(remote: Pid, to: number, id: number): void {
    const half = this.#halves.get(remote);
    if (half === undefined) return;
    for (const [local, pending] of half.unlinking) {
      if (local.id === to && pending === id) half.unlinking.delete(local);
    }
    this.#tidy(remote, half);
  }

  exited(remote: Pid, to: number, reason: unknown): void {
    const local = localPid(to);
    const half = this.#halves.get(remote);
    if (local === undefined || half === undefined) return;
    half.linked.delete(local);
    this.#tidy(remote, half);
    if (hasLink(local, remote)) linkDownReceived(local, remote, reason);
  }

  nodeDown(node: string): void {
    for (const [remote, half] of this.#halves) {
      if (remote.node !== node) continue;
      this.#halves.delete(remote);
      for (const local of half.linked) linkDownReceived(local, remote, 'noconnection');
    }
  }

  #halfOf(remote: Pid): Half {
    let half = this.#halves.get(remote);
    if (half === undefined) {
      half = { linked: new Set(), unlinking: new Map() };
      this.#halves.set(remote, half);
    }
    return half;
  }

  #tidy(remote: Pid, { linked, unlinking }: Half): void {
    if (linked.size === 0 && unlinking.size === 0) this.#halves.delete(remote);
  }
}
