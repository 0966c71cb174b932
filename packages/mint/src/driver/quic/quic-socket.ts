/**
 * A UDP socket that is connected to one peer: the system passes on only what
 * comes from there, and says when nothing listens there (ICMP).
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { QuicAddress, QuicPath } from '../../quic/backend.ts';
import type { DatagramPort, PortUser } from './port.ts';

/** What the system holds for the socket, in bytes: a turn of the event loop at full speed. */
const bufferSize = 1 << 20;

/** Who waits for the socket to be open. */
export interface SocketOpening extends PortUser {
  /** Datagrams can be sent. */
  onOpen(path: QuicPath): void;
}

export class QuicSocket implements DatagramPort {
  path: QuicPath;
  /** Who is told of datagrams and errors, from now on. */
  user: PortUser;
  private readonly socket: Socket;
  private isOpen = false;
  private isClosing = false;
  /** Datagrams that the system has not taken. */
  private pending = 0;

  /** Opens it, to an address (not a name), as if from the local one if there is one. Call it in a clean async context. */
  constructor(remote: QuicAddress, localAddress: string | undefined, opening: SocketOpening) {
    this.user = opening;
    this.path = { local: { host: '', port: 0 }, remote: withoutZone(remote) };
    const socket = createSocket({
      type: isIPv6(remote.host.split('%')[0] ?? '') ? 'udp6' : 'udp4',
    });
    this.socket = socket;
    socket
      .on('message', this.onMessage)
      .on('error', this.onError)
      .once('connect', () => {
        if (this.isClosing) return;
        this.isOpen = true;
        this.enlarge();
        const { address, port } = socket.address();
        this.path = { ...this.path, local: withoutZone({ host: address, port }) };
        opening.onOpen(this.path);
      });
    const connect = (): void => {
      if (this.isClosing) return;
      try {
        socket.connect(remote.port, remote.host);
      } catch (error) {
        // A port out of range. It is told as other errors are, and not to the constructor's caller, who could not close the socket.
        queueMicrotask(() => this.onError(error as Error));
      }
    };
    if (localAddress === undefined) connect();
    else socket.bind({ address: localAddress, port: 0, exclusive: true }, connect);
  }

  send(datagram: Buffer, length: number): void {
    if (!this.isOpen || this.isClosing) return;
    this.pending += 1;
    this.socket.send(datagram, 0, length, this.onSent);
  }

  close(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    if (this.pending === 0) this.socket.close();
  }

  ref(): void {
    if (!this.isClosing) this.socket.ref();
  }

  unref(): void {
    if (!this.isClosing) this.socket.unref();
  }

  private enlarge(): void {
    try {
      this.socket.setRecvBufferSize(bufferSize);
      this.socket.setSendBufferSize(bufferSize);
    } catch {
      // The system allows less: what does not fit is lost, and sent again.
    }
  }

  private readonly onMessage = (datagram: Buffer): void => {
    if (!this.isClosing) this.user.onDatagram(datagram);
  };

  private readonly onSent = (error: Error | null): void => {
    this.pending -= 1;
    if (this.isClosing) {
      if (this.pending === 0) this.socket.close();
    } else if (error !== null) this.onError(error);
  };

  private readonly onError = (error: Error): void => {
    if (!this.isClosing) this.user.onNetworkError(error);
  };
}

/** Without the zone of a link-local IPv6 address (`%eth0`), which only the system needs. */
function withoutZone({ host, port }: QuicAddress): QuicAddress {
  const [address = host] = host.split('%', 1);
  return { host: address, port };
}
