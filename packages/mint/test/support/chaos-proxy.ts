/**
 * A UDP proxy between a client and a server that does to datagrams what bad
 * networks do, by a seed: the same seed makes the same decisions in the same
 * order.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';

/** How likely each is, from 0 to 1, of one datagram. */
export interface ChaosOptions {
  readonly drop?: number;
  readonly duplicate?: number;
  /** Flip some of its bits. */
  readonly corrupt?: number;
  /** Cut its end off, and send it whole, too. */
  readonly truncate?: number;
  /** Send bytes that mean nothing, too. */
  readonly garbage?: number;
  /** Let others overtake it. */
  readonly reorder?: number;
}

export interface ChaosProxy {
  readonly port: number;
  /** How often each was done, and how many datagrams came. */
  readonly counts: Readonly<Record<keyof ChaosOptions | 'datagrams', number>>;
}

/** Numbers from 0 to below 1 that look random (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class ChaosNetwork implements ChaosProxy, AsyncDisposable {
  readonly counts = {
    datagrams: 0,
    drop: 0,
    duplicate: 0,
    corrupt: 0,
    truncate: 0,
    garbage: 0,
    reorder: 0,
  };
  readonly port: number;
  private readonly front: Socket;
  private readonly random: () => number;
  private readonly options: ChaosOptions;
  /** The proxy's socket to the server, by the port of the client. */
  private readonly backs = new Map<number, Socket>();

  /** Begins to pass datagrams on to a server on 127.0.0.1. */
  static async start(
    serverPort: number,
    seed: number,
    options: ChaosOptions,
  ): Promise<ChaosNetwork> {
    const front = createSocket('udp4').bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new ChaosNetwork(front, serverPort, seed, options);
  }

  private constructor(front: Socket, serverPort: number, seed: number, options: ChaosOptions) {
    this.front = front;
    this.port = front.address().port;
    this.random = randomOf(seed);
    this.options = options;
    front.on('error', () => {});
    front.on('message', (datagram, { port }) => {
      const back = this.backTo(port);
      this.pass(datagram, (changed) => back.send(changed, serverPort, '127.0.0.1', () => {}));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [this.front, ...this.backs.values()];
    this.backs.clear();
    await Promise.all(
      sockets.map(async (socket) => {
        const closed = once(socket, 'close');
        socket.close();
        await closed;
      }),
    );
  }

  private backTo(client: number): Socket {
    const known = this.backs.get(client);
    if (known !== undefined) return known;
    const back = createSocket('udp4').bind(0, '127.0.0.1');
    this.backs.set(client, back);
    back.on('error', () => {});
    back.on('message', (datagram) => {
      this.pass(datagram, (changed) => this.front.send(changed, client, '127.0.0.1', () => {}));
    });
    return back;
  }

  private pass(datagram: Buffer, send: (datagram: Buffer) => void): void {
    this.counts.datagrams += 1;
    if (this.happens('drop')) return;
    if (this.happens('garbage')) send(this.garbage());
    if (this.happens('truncate')) {
      const length = Math.floor(this.random() * datagram.length);
      send(Buffer.from(datagram.subarray(0, length)));
    }
    if (this.happens('duplicate')) send(Buffer.from(datagram));
    const changed = this.happens('corrupt') ? this.corrupted(datagram) : datagram;
    if (!this.happens('reorder')) send(changed);
    else setTimeout(() => this.backs.size > 0 && send(changed), this.random() * 10).unref();
  }

  private happens(what: keyof ChaosOptions): boolean {
    const isSo = this.random() < (this.options[what] ?? 0);
    if (isSo) this.counts[what] += 1;
    return isSo;
  }

  private corrupted(datagram: Buffer): Buffer {
    const changed = Buffer.from(datagram);
    for (let flips = 0; flips < 3; flips++) {
      const at = Math.floor(this.random() * changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(this.random() * 8));
    }
    return changed;
  }

  private garbage(): Buffer {
    const length = 1 + Math.floor(this.random() * 1400);
    return Buffer.from(Array.from({ length }, () => Math.floor(this.random() * 256)));
  }
}
