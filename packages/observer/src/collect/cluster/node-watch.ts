/**
 * What was heard of other nodes since the observer began: which were lost, and why. The channels are those
 * of `@linnet/cluster`, which need not be there to be listened to.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { NodeBusyEvent, NodeDownEvent, NodeUpEvent } from '@linnet/cluster';

export interface HeardNode {
  readonly isUp: boolean;
  /** In ms since 1970. */
  readonly since: number;
  readonly reason: string | undefined;
  readonly isBusy: boolean;
}

/** Nodes that are remembered. */
const mostNodes = 1000;

export class NodeWatch {
  readonly #nodes = new Map<string, HeardNode>();

  start(): void {
    subscribe('cluster.node.up', this.#onUp);
    subscribe('cluster.node.down', this.#onDown);
    subscribe('cluster.node.busy', this.#onBusy);
  }

  stop(): void {
    unsubscribe('cluster.node.up', this.#onUp);
    unsubscribe('cluster.node.down', this.#onDown);
    unsubscribe('cluster.node.busy', this.#onBusy);
    this.#nodes.clear();
  }

  get(node: string): HeardNode | undefined {
    return this.#nodes.get(node);
  }

  /** Those that are not connected any more. */
  get lost(): string[] {
    return [...this.#nodes].filter(([, { isUp }]) => !isUp).map(([node]) => node);
  }

  readonly #onUp = (event: unknown): void => {
    const { node } = event as NodeUpEvent;
    this.#set(node, { isUp: true, since: Date.now(), reason: undefined, isBusy: false });
  };

  readonly #onDown = (event: unknown): void => {
    const { node, reason } = event as NodeDownEvent;
    this.#set(node, { isUp: false, since: Date.now(), reason, isBusy: false });
  };

  readonly #onBusy = (event: unknown): void => {
    const { node, busy: isBusy } = event as NodeBusyEvent;
    const known = this.#nodes.get(node);
    if (known !== undefined) this.#set(node, { ...known, isBusy });
  };

  /** The last one that something was heard of comes last; the first ones make room. */
  #set(node: string, heard: HeardNode): void {
    this.#nodes.delete(node);
    this.#nodes.set(node, heard);
    if (this.#nodes.size <= mostNodes) return;
    const [oldest] = this.#nodes.keys();
    if (oldest !== undefined) this.#nodes.delete(oldest);
  }
}
