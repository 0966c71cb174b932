/** What the main thread and its workers tell each other to become nodes. */
import type { MessagePort } from 'node:worker_threads';
import type { AssociationOptions } from '../association/options.ts';

/** In the `workerData` of a worker. */
export interface WorkerSettings {
  readonly linnetCluster: {
    readonly name: string;
    readonly cookie: string;
    readonly associations: AssociationOptions;
    /** Leads to the main thread. */
    readonly port: MessagePort;
  };
}

/** Posted to a worker: a port that leads to another worker. */
export interface PortMessage {
  readonly type: 'linnet:port';
  readonly port: MessagePort;
}

export function isPortMessage(value: unknown): value is PortMessage {
  return (
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'linnet:port'
  );
}

export function settingsIn(data: unknown): WorkerSettings['linnetCluster'] | undefined {
  return typeof data === 'object' && data !== null && 'linnetCluster' in data
    ? (data as WorkerSettings).linnetCluster
    : undefined;
}
