/**
 * The servers of one name on the other nodes: how servers that keep a table together find each other.
 * Each sends `discover` to the one of a node that comes up; one that is discovered sends its table, and
 * discovers in return. A server that ends, and with it its node, is dropped.
 *
 * Source: `pg` of OTP, whose protocol this is.
 */
import { monitor, type MonitorRef, type Pid, self, send } from '@linnet/otp';
import { requireMember } from '../node/current.ts';
import type { NodeMessage } from '../node/node-monitors.ts';

/** Sent by one server to another. */
export interface CompanionMessage {
  readonly type: 'linnet:companion';
  readonly from: Pid;
  readonly kind: 'discover' | 'sync' | 'update';
  readonly content: unknown;
}

/** What the server does with the news. */
export interface CompanionEvents {
  /** What a server that was discovered is sent: what this node has. */
  ownContent(): unknown;
  /** All that another node has. */
  synced(node: string, content: unknown): void;
  /** Something that another node has has changed. */
  updated(node: string, content: unknown): void;
  /** Another node is gone, and what it had. */
  left(node: string): void;
}

export class Companions {
  readonly #name: string;
  readonly #events: CompanionEvents;
  readonly #byNode = new Map<string, { readonly pid: Pid; readonly ref: MonitorRef }>();

  /** To be made in the server, registered under this name. */
  constructor(name: string, events: CompanionEvents) {
    this.#name = name;
    this.#events = events;
    const member = requireMember(name);
    member.monitors.watchAll(self(), true);
    for (const node of member.list()) this.#discover(node);
  }

  /** The nodes with such a server, this one not among them. */
  nodes(): string[] {
    return [...this.#byNode.keys()];
  }

  /** Tells all others of a change here. */
  update(content: unknown): void {
    for (const { pid } of this.#byNode.values()) this.#send(pid, 'update', content);
  }

  /** Handles a message of the server's mailbox; false when it is none of these. */
  handle(message: unknown): boolean {
    if (typeof message !== 'object' || message === null) return false;
    const { type } = message as { readonly type?: unknown };
    if (type === 'nodeup' || type === 'nodedown') {
      if (type === 'nodeup') this.#discover((message as NodeMessage).node);
      return true;
    }
    if (type === 'linnet:companion') {
      this.#received(message as CompanionMessage);
      return true;
    }
    for (const [node, { ref }] of this.#byNode) {
      if (!ref.isDownMessage(message)) continue;
      this.#byNode.delete(node);
      this.#events.left(node);
      return true;
    }
    return false;
  }

  #received({ from, kind, content }: CompanionMessage): void {
    const { node } = from;
    const known = this.#byNode.get(node);
    if (known?.pid !== from) {
      // Another run of it, whose predecessor's end has not been told yet.
      if (known !== undefined) this.#events.left(node);
      this.#byNode.set(node, { pid: from, ref: monitor(from) });
      if (kind !== 'sync') this.#send(from, 'discover', undefined);
    }
    if (kind === 'discover') this.#send(from, 'sync', this.#events.ownContent());
    else if (kind === 'sync') this.#events.synced(node, content);
    else if (known?.pid === from) this.#events.updated(node, content);
  }

  #discover(node: string): void {
    this.#send({ name: this.#name, node }, 'discover', undefined);
  }

  #send(to: Parameters<typeof send>[0], kind: CompanionMessage['kind'], content: unknown): void {
    const message: CompanionMessage = { type: 'linnet:companion', from: self(), kind, content };
    send(to, message);
  }
}
