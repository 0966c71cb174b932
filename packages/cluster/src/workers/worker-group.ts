/** The running workers of one group: each new one gets a port to each of the others. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import type { PortMessage } from './protocol.ts';

export class WorkerGroup {
  readonly #workers = new Set<Worker>();

  /** Connects a worker with the others. */
  add(worker: Worker): void {
    for (const other of this.#workers) {
      const { port1, port2 } = new MessageChannel();
      give(worker, port1);
      give(other, port2);
    }
    this.#workers.add(worker);
  }

  delete(worker: Worker): void {
    this.#workers.delete(worker);
  }
}

function give(worker: Worker, port: PortMessage['port']): void {
  worker.postMessage({ type: 'linnet:port', port } satisfies PortMessage, [port]);
}
