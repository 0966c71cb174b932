/**
 * A UDP socket that takes QUIC connections. Each client has a socket of its
 * own, so a connection is known by the address that its datagrams come from.
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { systemClock } from '../driver/clock.ts';
import { QuicDriver } from '../driver/quic/quic-driver.ts';
import type { DatagramPort } from '../driver/quic/port.ts';
import type { QuicAddress, QuicConfig, QuicPath } from '../quic/backend.ts';
import { Waiting } from './waiting.ts';

/** One client's share of the socket. */
class ClientPort implements DatagramPort {
  readonly path: QuicPath;
  private readonly socket: SharedSocket;
  private readonly onClosed: () => void;

  constructor(socket: SharedSocket, path: QuicPath, onClosed: () => void) {
    this.socket = socket;
    this.path = path;
    this.onClosed = onClosed;
  }

  send(datagram: Buffer, length: number): void {
    this.socket.send(datagram, length, this.path.remote);
  }

  close(): void {
    this.onClosed();
  }

  ref(): void {}

  unref(): void {}
}

/** The socket; what is sent leaves before it closes. */
class SharedSocket {
  private readonly socket: Socket;
  private pending = 0;
  private readonly waiting = new Waiting();

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(datagram: Buffer, length: number, { host, port }: QuicAddress): void {
    this.pending += 1;
    // What the network does not take is lost, as anything may be.
    this.socket.send(datagram, 0, length, port, host, this.onSent);
  }

  async close(): Promise<void> {
    while (this.pending > 0) await this.waiting.next();
    this.socket.close();
    await once(this.socket, 'close');
  }

  private readonly onSent = (): void => {
    this.pending -= 1;
    this.waiting.wake();
  };
}

export class QuicListener {
  readonly port: number;
  private readonly socket: SharedSocket;
  private readonly local: QuicAddress;
  private readonly config: QuicConfig;
  private readonly accept: (driver: QuicDriver) => void;
  private readonly clients = new Map<string, QuicDriver>();
  private isClosed = false;

  /** Binds a free port of an address, which is an IPv4 or IPv6 one. */
  static async open(
    host: string,
    config: QuicConfig,
    accept: (driver: QuicDriver) => void,
  ): Promise<QuicListener> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind({ port: 0, address: host, exclusive: true });
    await once(socket, 'listening');
    return new QuicListener(socket, host, config, accept);
  }

  private constructor(
    socket: Socket,
    host: string,
    config: QuicConfig,
    accept: (driver: QuicDriver) => void,
  ) {
    this.socket = new SharedSocket(socket);
    this.port = socket.address().port;
    this.local = { host, port: this.port };
    this.config = config;
    this.accept = accept;
    socket.on('message', (datagram, from) => this.onDatagram(datagram, from));
    socket.on('error', () => {});
  }

  /** Stops at once: connections that are open are told nothing, and then nothing listens here. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const driver of this.clients.values()) driver.abandon();
    await this.socket.close();
  }

  private onDatagram(datagram: Buffer, from: RemoteInfo): void {
    if (this.isClosed) return;
    const client = `${from.address} ${from.port}`;
    let driver = this.clients.get(client);
    // A packet of a connection that is over is not taken for a new one: those begin with a long header.
    if (driver === undefined && ((datagram[0] ?? 0) & 0x80) === 0) return;
    if (driver === undefined) {
      driver = this.open(client, { host: from.address, port: from.port });
      this.accept(driver);
    }
    driver.onDatagram(datagram);
  }

  private open(client: string, remote: QuicAddress): QuicDriver {
    const path = { local: this.local, remote };
    const port = new ClientPort(this.socket, path, () => this.clients.delete(client));
    const driver = new QuicDriver(this.config.accept(path), port, {
      info: {
        localAddress: path.local.host,
        localPort: path.local.port,
        remoteAddress: remote.host,
        remotePort: remote.port,
        tls: undefined,
      },
      role: 'server',
      clock: systemClock,
      keepAliveInterval: Infinity,
    });
    this.clients.set(client, driver);
    return driver;
  }
}
