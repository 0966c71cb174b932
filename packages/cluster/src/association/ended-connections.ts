/** Connections that have ended, of which frames may still come: their senders are told. */
import type { NodeIdentity } from './identity.ts';
import type { FrameSigner } from './signing.ts';

export interface Ended {
  readonly node: NodeIdentity;
  /** The other node's number of the connection. */
  readonly remote: number;
  readonly signer: FrameSigner | undefined;
}

/** The last ones only. */
const most = 256;

export class EndedConnections {
  readonly #byConnection = new Map<number, Ended>();

  add(connection: number, ended: Ended): void {
    this.#byConnection.set(connection, ended);
    if (this.#byConnection.size <= most) return;
    const [oldest] = this.#byConnection.keys();
    if (oldest !== undefined) this.#byConnection.delete(oldest);
  }

  get(connection: number): Ended | undefined {
    return this.#byConnection.get(connection);
  }
}
