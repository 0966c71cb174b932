/** The other nodes by their names, and the connections to them by this node's numbers. */
import { EndedConnections, type Ended } from './ended-connections.ts';
import type { NodeIdentity } from './identity.ts';
import { Peer } from './peer.ts';

export class PeerTable {
  readonly #byName = new Map<string, Peer>();
  readonly #byConnection = new Map<number, Peer>();
  readonly #ended = new EndedConnections();

  /** The node of a name, connected or not. */
  get(name: string): Peer | undefined {
    return this.#byName.get(name);
  }

  /** That of the name of a node, which may be another run; a new one if there is none. */
  obtain(node: NodeIdentity): Peer {
    let peer = this.#byName.get(node.name);
    if (peer === undefined) {
      peer = new Peer(node);
      this.#byName.set(node.name, peer);
    }
    return peer;
  }

  all(): IterableIterator<Peer> {
    return this.#byName.values();
  }

  delete(peer: Peer): void {
    this.#byName.delete(peer.node.name);
  }

  /** The node to which a connection is open, or is being opened. */
  connectedBy(connection: number): Peer | undefined {
    return this.#byConnection.get(connection);
  }

  setConnection(connection: number, peer: Peer): void {
    this.#byConnection.set(connection, peer);
  }

  /** A connection is over; with `ended`, frames of it may still come. */
  deleteConnection(connection: number, ended?: Ended): void {
    this.#byConnection.delete(connection);
    if (ended !== undefined) this.#ended.add(connection, ended);
  }

  /** One of the connections that were over last. */
  ended(connection: number): Ended | undefined {
    return this.#ended.get(connection);
  }

  clear(): void {
    this.#byName.clear();
    this.#byConnection.clear();
  }
}
