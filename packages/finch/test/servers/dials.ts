/** How many connections this process opens to a port: Node.js tells it, and not the client's own figures. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const channel = 'net.client.socket';

export class Dials implements Disposable {
  readonly #port: number;
  #count = 0;

  /** Counts from now on. */
  constructor(port: number) {
    this.#port = port;
    subscribe(channel, this.#onSocket);
  }

  /** How many connections were opened so far. */
  get count(): number {
    return this.#count;
  }

  readonly #onSocket = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    socket.once('connect', () => {
      if (socket.remotePort === this.#port) this.#count += 1;
    });
  };

  [Symbol.dispose](): void {
    unsubscribe(channel, this.#onSocket);
  }
}
