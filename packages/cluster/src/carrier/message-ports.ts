/** Message ports as a carrier: each leads to one node, of another thread as a rule. */
import type { MessagePort } from 'node:worker_threads';
import { identityOf } from '../association/greeting.ts';
import type { NodeIdentity } from '../association/identity.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import { FramesInTurns } from './frames-in-turns.ts';

/** What goes through a port beside frames. */
interface Hello {
  readonly hello: NodeIdentity;
}

/**
 * Carries frames through message ports: to a worker, or between two of them. A port that closes is the
 * end of its node.
 *
 * Source: `MessagePort` of `node:worker_threads`.
 */
export class PortCarrier implements Carrier {
  readonly #ports = new Set<MessagePort>();
  readonly #byNode = new Map<string, MessagePort>();
  #self: NodeIdentity | undefined = undefined;
  #events: CarrierEvents | undefined = undefined;

  start(self: NodeIdentity, events: CarrierEvents): Promise<number> {
    this.#self = self;
    this.#events = events;
    for (const port of this.#ports) this.#open(port);
    return Promise.resolve(0);
  }

  /** Takes a port whose other end another node has. */
  add(port: MessagePort): void {
    this.#ports.add(port);
    if (this.#events !== undefined) this.#open(port);
  }

  reaches(node: NodeIdentity): boolean {
    return this.#byNode.has(keyOf(node));
  }

  send(to: NodeIdentity, frame: Uint8Array, probe: boolean): void {
    const port = this.#byNode.get(keyOf(to));
    if (port !== undefined) port.postMessage(frame);
    else if (probe) queueMicrotask(() => this.#events?.unreachable(to));
  }

  /** The buffer of the frame moves to the other thread: it is not copied, and costs no memory here. */
  handOver(to: NodeIdentity, frame: Uint8Array<ArrayBuffer>, probe: boolean): boolean {
    const port = this.#byNode.get(keyOf(to));
    if (port === undefined) this.send(to, frame, probe);
    else port.postMessage(frame, [frame.buffer]);
    return port !== undefined;
  }

  announce(): void {
    for (const port of this.#ports) this.#greet(port);
  }

  stop(): Promise<void> {
    this.#events = undefined;
    for (const port of this.#ports) port.close();
    this.#ports.clear();
    this.#byNode.clear();
    return Promise.resolve();
  }

  #open(port: MessagePort): void {
    let node: NodeIdentity | undefined;
    const frames = new FramesInTurns((frame) => this.#events?.frame(frame));
    port.on('message', (message: unknown) => {
      if (message instanceof Uint8Array) {
        frames.push(message);
        return;
      }
      const heard = identityOf((message as Partial<Hello> | null)?.hello);
      if (heard === undefined) return;
      const isNew = node === undefined;
      node = heard;
      this.#byNode.set(keyOf(heard), port);
      if (isNew) this.#greet(port);
      this.#events?.announced(heard);
    });
    port.on('close', () => {
      frames.end();
      this.#ports.delete(port);
      if (node === undefined || this.#byNode.get(keyOf(node)) !== port) return;
      this.#byNode.delete(keyOf(node));
      this.#events?.gone(node, 'gone');
    });
    this.#greet(port);
  }

  #greet(port: MessagePort): void {
    if (this.#self !== undefined) port.postMessage({ hello: this.#self } satisfies Hello);
  }
}

const keyOf = ({ name, creation }: NodeIdentity): string => `${name} ${creation}`;
