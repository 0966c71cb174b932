/** What the cluster tells: free of cost without subscribers. */
import { channel } from 'node:diagnostics_channel';
import type { DownReason } from './association/down-reason.ts';

/** A connection to a node is open. */
export interface NodeUpEvent {
  readonly node: string;
  readonly creation: number;
}

/** A connection to a node is over. */
export interface NodeDownEvent extends NodeUpEvent {
  readonly reason: DownReason;
}

/** More, or no longer more, than half of what may wait for a node waits. */
export interface NodeBusyEvent {
  readonly node: string;
  readonly busy: boolean;
}

/** A handshake was refused, or no connection could be opened. */
export interface NodeRefusedEvent {
  readonly node: string;
  readonly reason: string;
}

export const nodeUpChannel = channel('cluster.node.up');
export const nodeDownChannel = channel('cluster.node.down');
export const nodeBusyChannel = channel('cluster.node.busy');
export const nodeRefusedChannel = channel('cluster.node.refused');
