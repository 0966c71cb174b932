/**
 * A connection to NATS that is replaced as a whole when its server does not answer any more: the client
 * waits with the reconnect until TCP has given up what it had still to write, which takes as long as the
 * network is cut.
 *
 * Source: nats.node, issue 531.
 */
import {
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
  TimeoutError,
} from '@nats-io/transport-node';

/** What such a connection tells. */
export interface ConnectionEvents {
  /** There is a connection again, to this or another server. Subscriptions made by `subscribe` are there. */
  up(): void;
  /** The server has refused something, such as a subject without a permission. */
  refused(error: Error): void;
}

type Subscribe = (connection: NatsConnection) => void;

/** Milliseconds for the client to reconnect by itself, and between two attempts to replace it. */
const patienceMs = 250;

export class KeptConnection {
  readonly #options: NodeConnectionOptions;
  readonly #subscribe: Subscribe;
  readonly #events: ConnectionEvents;
  #connection: NatsConnection;
  #closed = false;

  private constructor(
    connection: NatsConnection,
    options: NodeConnectionOptions,
    subscribe: Subscribe,
    events: ConnectionEvents,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#subscribe = subscribe;
    this.#events = events;
    this.#use(connection);
  }

  static async open(
    options: NodeConnectionOptions,
    subscribe: Subscribe,
    events: ConnectionEvents,
  ): Promise<KeptConnection> {
    return new KeptConnection(await firstConnection(options), options, subscribe, events);
  }

  /** Publishes, if there is a connection; what is lost is noticed by those who wait for it. */
  publish(subject: string, payload: Uint8Array, reply?: string): void {
    if (this.#connection.isClosed()) return;
    this.#connection.publish(subject, payload, reply === undefined ? undefined : { reply });
  }

  flush(): Promise<void> {
    return this.#connection.flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection.close();
  }

  #use(connection: NatsConnection): void {
    this.#connection = connection;
    this.#subscribe(connection);
    void this.#follow(connection);
  }

  async #follow(connection: NatsConnection): Promise<void> {
    let replacing: NodeJS.Timeout | undefined;
    for await (const status of connection.status()) {
      if (this.#closed || connection !== this.#connection) break;
      if (status.type === 'error') this.#events.refused(status.error);
      if (status.type === 'staleConnection') {
        replacing ??= setTimeout(() => void this.#replace(connection), patienceMs);
      }
      if (status.type === 'reconnect') {
        clearTimeout(replacing);
        replacing = undefined;
        this.#events.up();
      }
    }
    clearTimeout(replacing);
    // The client has given up, which it does after certain errors of authorisation.
    if (!this.#closed && connection === this.#connection) void this.#replace(connection);
  }

  async #replace(old: NatsConnection): Promise<void> {
    // The one that does not answer would be waited for.
    let servers = othersThan(old.getServer(), this.#options);
    while (!this.#closed && old === this.#connection) {
      try {
        const connection = await connect({ ...this.#options, ...servers });
        if (this.#closed || old !== this.#connection) {
          await connection.close();
          return;
        }
        this.#use(connection);
        this.#events.up();
        // Not awaited: it may have to wait for the dead socket.
        void old.close();
        return;
      } catch {
        servers = {};
        await new Promise((resolve) => setTimeout(resolve, patienceMs));
      }
    }
  }
}

/**
 * The first connection. A server that does not take the certificate of a client closes the connection only
 * after the handshake of TLS 1.3, which the client tells as a timeout.
 */
async function firstConnection(options: NodeConnectionOptions): Promise<NatsConnection> {
  try {
    return await connect(options);
  } catch (error) {
    const at = `NATS at ${placesOf(options)}`;
    const mayBeCertificate = error instanceof TimeoutError && options.tls !== undefined;
    throw new Error(
      mayBeCertificate
        ? `${at} gives no answer in time over TLS: the server is not there, or wants a client certificate that it knows. ` +
            'Look at `tls.certFile` and `tls.keyFile`, and at the log of the server'
        : `${at} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** The servers, without what they may have of a name and a password. */
function placesOf({ servers = 'localhost:4222' }: NodeConnectionOptions): string {
  return [servers]
    .flat()
    .map((server) => server.replace(/^(\w+:\/\/)?[^@/]*@/, '$1'))
    .join(', ');
}

/** The servers without one of them, if there are others. */
function othersThan(
  server: string,
  { servers = [] }: NodeConnectionOptions,
): { readonly servers?: string[] } {
  const others = [servers].flat().filter((each) => !each.endsWith(server));
  return others.length > 0 ? { servers: others } : {};
}
