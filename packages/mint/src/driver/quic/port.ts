/**
 * Where the datagrams of one QUIC connection come from and go to: a UDP socket
 * that is connected to the peer, or a server's share of one.
 */
import type { QuicPath } from '../../quic/backend.ts';

/** Who reads from a port. */
export interface PortUser {
  /** A datagram came; its buffer is the user's. */
  onDatagram(datagram: Buffer): void;
  /** The network reported that something did not arrive: such a report can be forged. */
  onNetworkError(error: NodeJS.ErrnoException): void;
}

export interface DatagramPort {
  readonly path: QuicPath;
  /** Sends the first `length` bytes, which are not to be written to again. */
  send(datagram: Buffer, length: number): void;
  /** Sends what is given already, and closes. Nothing comes after that. */
  close(): void;
  /** Keeps the program running while it is open. */
  ref(): void;
  unref(): void;
}
