/** A UDP relay between one client and a server, for networks that no loopback is. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';

export interface RelayOptions {
  /** How many bytes a datagram may have: longer ones are lost, and nobody is told. Default: any number. */
  readonly largest?: number;
}

export class UdpRelay implements AsyncDisposable {
  readonly port: number;
  /** Whether everything is lost. */
  isSilent = false;
  private readonly front: Socket;
  private readonly largest: number;
  private client = 0;
  private back: Socket;

  /** Begins to pass datagrams on to a server on 127.0.0.1. */
  static async start(
    serverPort: number,
    { largest = Infinity }: RelayOptions = {},
  ): Promise<UdpRelay> {
    return new UdpRelay(await bound(), await bound(), serverPort, largest);
  }

  private constructor(front: Socket, back: Socket, serverPort: number, largest: number) {
    this.front = front;
    this.port = front.address().port;
    this.largest = largest;
    this.back = this.listen(back);
    front.on('message', (datagram, { port }) => {
      this.client = port;
      if (this.loses(datagram)) return;
      this.back.send(datagram, serverPort, '127.0.0.1', () => {});
    });
  }

  /** From now on the client has another address for the server, as when a router has forgotten it (NAT). */
  async rebind(): Promise<void> {
    const before = this.back;
    this.back = this.listen(await bound());
    await closed(before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([closed(this.front), closed(this.back)]);
  }

  private loses(datagram: Buffer): boolean {
    return this.isSilent || datagram.length > this.largest;
  }

  private listen(back: Socket): Socket {
    return back.on('message', (datagram) => {
      if (this.loses(datagram)) return;
      this.front.send(datagram, this.client, '127.0.0.1', () => {});
    });
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.on('error', () => {});
}

async function closed(socket: Socket): Promise<void> {
  const isClosed = once(socket, 'close');
  socket.close();
  await isClosed;
}
