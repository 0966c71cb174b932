/** NATS as a carrier. */
import { type Msg, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { identityOf } from '../association/greeting.ts';
import type { NodeIdentity } from '../association/identity.ts';
import type { Carrier, CarrierEvents } from '../carrier/carrier.ts';
import { KeptConnection } from './connection.ts';
import { Subjects } from './subjects.ts';

/** Options of {@link nats}: those of the client, and the name of the cluster. */
export interface NatsOptions extends NodeConnectionOptions {
  /** Nodes of one cluster hear of each other. Default `'main'`. */
  readonly cluster?: string;
}

/** Milliseconds in which the nodes that are there answer an announcement. */
const answerMs = 300;
/** Milliseconds for the message that a node sends itself to see that it may. */
const checkMs = 2000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const empty = new Uint8Array();

/** The subjects that lead to a node, and back when it is not there. */
interface Route {
  readonly inbox: string;
  readonly unreachable: string;
}

class NatsCarrier implements Carrier {
  readonly #subjects: Subjects;
  readonly #options: NodeConnectionOptions;
  readonly #reached = new Map<string, NodeIdentity>();
  readonly #routes = new WeakMap<NodeIdentity, Route>();
  #connection: KeptConnection | undefined = undefined;
  #self: NodeIdentity | undefined = undefined;
  #checked: (() => void) | undefined = undefined;
  #refused: ((error: Error) => void) | undefined = undefined;

  constructor({ cluster = 'main', ...options }: NatsOptions) {
    this.#subjects = new Subjects(cluster);
    this.#options = {
      timeout: 2500,
      pingInterval: 1500,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      reconnectJitter: 50,
      ...options,
    };
  }

  async start(self: NodeIdentity, events: CarrierEvents): Promise<number> {
    this.#self = self;
    const options = { name: self.name, ...this.#options };
    this.#connection = await KeptConnection.open(
      options,
      (connection) => this.#subscribe(connection, self, events),
      { up: () => events.up(), refused: (error) => this.#refused?.(error) },
    );
    try {
      await this.#check(self);
    } catch (error) {
      await this.stop();
      throw error;
    }
    return answerMs;
  }

  reaches(): boolean {
    return true;
  }

  send(to: NodeIdentity, frame: Uint8Array, probe: boolean): void {
    if (this.#self === undefined) return;
    const { inbox, unreachable } = this.#routes.get(to) ?? this.#routeTo(to, this.#self);
    if (probe) this.#reached.set(unreachable, to);
    this.#connection?.publish(inbox, frame, probe ? unreachable : undefined);
  }

  announce(): void {
    this.#publish(this.#subjects.hello);
  }

  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    connection.publish(this.#subjects.bye, identityBytes(this.#self));
    // What was published goes out before the end, unless the server is not there.
    await Promise.race([
      connection.flush().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, 500).unref()),
    ]);
    await connection.close();
  }

  #routeTo(to: NodeIdentity, self: NodeIdentity): Route {
    const inbox = this.#subjects.inbox(to);
    const route = { inbox, unreachable: this.#subjects.unreachable(self, to) };
    this.#routes.set(to, route);
    return route;
  }

  #publish(subject: string): void {
    this.#connection?.publish(subject, identityBytes(this.#self));
  }

  #subscribe(connection: NatsConnection, self: NodeIdentity, events: CarrierEvents): void {
    const { hello, bye } = this.#subjects;
    const heard = (act: (node: NodeIdentity) => void) => (error: Error | null, message: Msg) => {
      const node = error === null ? identityIn(message.data) : undefined;
      if (node !== undefined) act(node);
    };
    connection.subscribe(this.#subjects.inbox(self), {
      callback: (error, message) => {
        if (error !== null) this.#refused?.(error);
        else if (message.data.length > 0) events.frame(message.data);
        else this.#checked?.();
      },
    });
    connection.subscribe(this.#subjects.allUnreachable(self), {
      callback: (error, message) => {
        const node = this.#reached.get(message.subject);
        if (error !== null || message.headers?.code !== 503 || node === undefined) return;
        this.#reached.delete(message.subject);
        events.unreachable(node);
      },
    });
    connection.subscribe(hello, { callback: heard((node) => events.announced(node)) });
    connection.subscribe(bye, {
      callback: heard((node) => {
        if (node.name !== self.name) events.gone(node, 'bye');
      }),
    });
  }

  /** Sends itself a message: without a permission, the server takes it and drops it. */
  async #check(self: NodeIdentity): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#checked = resolve;
        this.#refused = reject;
        this.#connection?.publish(this.#subjects.inbox(self), empty);
        timer = setTimeout(() => {
          reject(new Error(`the server does not let this node use ${this.#subjects.inbox(self)}`));
        }, checkMs);
      });
    } finally {
      clearTimeout(timer);
      this.#checked = this.#refused = undefined;
    }
  }
}

const identityBytes = (node: NodeIdentity | undefined): Uint8Array =>
  encoder.encode(JSON.stringify(node));

function identityIn(data: Uint8Array): NodeIdentity | undefined {
  try {
    return identityOf(JSON.parse(decoder.decode(data)));
  } catch {
    return undefined;
  }
}

/**
 * Nodes on NATS servers, on any number of machines. Needs `@nats-io/transport-node`.
 *
 * NATS loses messages when a connection breaks; the cluster notices, and sends them again.
 * @example
 * await using cluster = await Cluster.start({
 *   name: 'api@10.0.0.5',
 *   cookie: 'secret',
 *   carrier: nats({ servers: 'nats://10.0.0.2:4222' }),
 * });
 */
export const nats = (options: NatsOptions = {}): Carrier => new NatsCarrier(options);
