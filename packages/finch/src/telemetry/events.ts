/**
 * Every event that this package publishes: the one place that names and types
 * them.
 *
 * An event `x.y` is published on the channel `finch.x.y` of
 * `node:diagnostics_channel`, synchronously, and only if that channel has subscribers:
 * without them nothing is allocated and no clock is read. Every event has all its keys;
 * one that does not apply is `undefined`. Times and
 * durations are in ms; `time` is monotonic, on the clock of `performance.now`.
 *
 * A span is one `start` and then exactly one of `stop` and `exception`, which has
 * the error.
 *
 * | Finch | here |
 * |---|---|
 * | `[:finch, :request, :start \| :stop \| :exception]` | `request.start`, `request.stop`, `request.exception` |
 * | `[:finch, :queue, …]` | `queue.…`: from asking for a connection to having one, with opening it |
 * | `[:finch, :connect, …]` | `connect.…`: in the connection's process; a failure is `connect.exception` |
 * | `[:finch, :send, …]` | `send.…`: until the last byte of the request is written |
 * | `[:finch, :recv, …]` | `recv.…`: from there to the end of the response |
 * | `[:finch, :reused_connection]` | `connection.reused` |
 * | `[:finch, :conn_max_idle_time_exceeded]` | `connection.idle_timeout` |
 * | `[:finch, :pool_max_idle_time_exceeded]` | `pool.idle_timeout` |
 */
import type { Pid } from '@linnet/otp';
import type { Figures } from '../errors/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Request } from '../request/index.ts';
import type { ResponseHeaders } from '../response/index.ts';

/** What every event has: the pool it is about. */
export interface PoolEvent {
  /** The name of the instance. */
  readonly name: string;
  /** The key of the pool. */
  readonly pool: string;
  readonly tag: string;
  readonly scheme: PoolIdentity['scheme'];
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** When it happened, monotonic, in ms. */
  readonly time: number;
}

/** The start of a span, by the wall clock, too. */
export interface Started {
  /** In ms since 1970. */
  readonly systemTime: number;
}

/** The end of a span. */
export interface Ended {
  /** How long it took, in ms. */
  readonly duration: number;
}

/** The failure of a span. */
export interface Failed extends Ended {
  /** The error that the caller's promise rejects with, or that a function of the caller threw. */
  readonly error: unknown;
}

/** An event of one request; `id` is the same in all of them. */
export interface RequestEvent extends PoolEvent {
  readonly id: number;
  readonly request: Request;
}

/** A request that has not been sent yet. */
export interface Amendable {
  /**
   * Sets a header of this request, such as `traceparent`: it replaces those of its name, is checked
   * as those of `Finch.build` are, and is sent with every attempt. It has an effect while the event is
   * handled. `request` of the events that follow is the one that is sent.
   */
  readonly setHeader: (name: string, value: string) => void;
}

/** The connection of a request. */
export interface OnConnection {
  /** The process of the connection. */
  readonly connection: Pid | undefined;
  /**
   * How long the connection had been idle, in ms: 0 for one that was not; undefined when there
   * was no subscriber when it became idle.
   */
  readonly idleTime: number | undefined;
}

/**
 * How long the phases of an attempt took, in ms; undefined for one that it did not reach. One that
 * failed has the time until then.
 */
export interface RequestPhases {
  /** From asking for a connection to having one, with opening it. */
  readonly queue: number | undefined;
  /** Until the last byte of the request was written. */
  readonly send: number | undefined;
  /** From there to the head of the response. */
  readonly wait: number | undefined;
  /** From the head until the response was read to its end. */
  readonly receive: number | undefined;
}

/** What came of a request. */
export interface RequestOutcome {
  /** The status, once it has come. */
  readonly status: number | undefined;
  /** How often it was sent. */
  readonly attempts: number;
  /** The protocol of the connection that it was sent on last; undefined if it was not sent. */
  readonly protocol: 'http1' | 'http2' | 'http3' | undefined;
  /** The process of that connection. */
  readonly connection: Pid | undefined;
  /** Where the time of its last attempt went. */
  readonly phases: RequestPhases;
  /** How many bytes of the response's body came, as they were sent: compressed, if it is. */
  readonly bytesReceived: number;
}

/** The response, as it was received. */
export interface Received {
  readonly status: number;
  /** Decoded when it is read. */
  readonly headers: ResponseHeaders;
  /** Decoded when it is read. */
  readonly trailers: ResponseHeaders;
}

/** An event of one connection. */
export interface ConnectionEvent extends PoolEvent {
  /** The process of the connection. */
  readonly connection: Pid | undefined;
}

/** The proxy of a connection. */
export interface Through {
  /** The proxy without credentials, `http://proxy.example.com:3128`; undefined without one. */
  readonly proxy: string | undefined;
}

/** Protocol and addresses of an open connection. Addresses are undefined on Unix sockets. */
export interface Opened {
  readonly protocol: 'http1' | 'http2' | 'http3';
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

/** The end of a connection that was open. */
export interface Closed {
  /** The exit reason of its process: `'idle_timeout'`, `'closed'`, `'expired'`, `'killed'`, … */
  readonly reason: string;
  /** How long it was open, in ms. */
  readonly age: number;
  /** How many responses came on it. */
  readonly served: number;
}

/** Another place where the server of a pool can be reached, by HTTP/3. */
export interface SetAside {
  /** Where: `alt.example.com:8443`. */
  readonly alternative: string;
  /** It failed, or fell silent; it was slower than TCP by more than its head start; or it answered 421. */
  readonly reason: 'failed' | 'slower' | 'misdirected';
  /** What it failed with; undefined with another reason. */
  readonly error: unknown;
}

/** A pool's supervisor and owner. */
export interface PoolLife {
  /** The supervisor of the pool. */
  readonly supervisor: Pid | undefined;
  /** True when another supervisor than the instance's owns it. */
  readonly userManaged: boolean;
}

/** The events and what they carry, by name. */
export interface TelemetryEvents {
  /** A request begins. Published in the caller's context, before anything of it is sent. */
  'request.start': RequestEvent & Started & Amendable;
  /** It has its response, or its caller has stopped reading. */
  'request.stop': RequestEvent & Ended & RequestOutcome;
  /** It failed, in any phase; or a function of the caller threw. */
  'request.exception': RequestEvent & Failed & RequestOutcome;
  /** It is about to be sent again, since the server cannot have processed it. */
  'request.retry': RequestEvent & { readonly error: Error; readonly attempts: number };

  'queue.start': RequestEvent & Started;
  'queue.stop': RequestEvent & Ended & OnConnection;
  'queue.exception': RequestEvent & Failed;
  /** A caller was rejected: the queue is full, or `whenFull` is `'fail'`. */
  'queue.full': PoolEvent & Figures;

  'send.start': RequestEvent & Started & OnConnection;
  'send.stop': RequestEvent & Ended & OnConnection;
  'send.exception': RequestEvent & Failed & OnConnection;

  'recv.start': RequestEvent & Started & OnConnection;
  'recv.stop': RequestEvent & Ended & OnConnection & Received;
  'recv.exception': RequestEvent & Failed & OnConnection & { readonly status: number | undefined };

  'connect.start': ConnectionEvent & Started & Through;
  'connect.stop': ConnectionEvent & Ended & Through;
  'connect.exception': ConnectionEvent & Failed & Through;

  'connection.opened': ConnectionEvent & Opened;
  /** A connection that has served before is used for another request or lease. */
  'connection.reused': ConnectionEvent & { readonly idleTime: number | undefined };
  /** It was idle for `connMaxIdleTime`; `connection.closed` follows. */
  'connection.idle_timeout': ConnectionEvent & { readonly idleTime: number | undefined };
  /** A shared connection accepts no further requests; `connection.closed` follows its last one. */
  'connection.draining': ConnectionEvent & { readonly reason: string };
  'connection.closed': ConnectionEvent & Closed;

  /** An alternative service that the server has announced is not used for a while. */
  'alternative.set_aside': PoolEvent & SetAside;

  'lease.start': ConnectionEvent & { readonly holder: Pid | undefined };
  'lease.stop': ConnectionEvent &
    Ended & {
      readonly holder: Pid | undefined;
      /** It was given back, or its holder died. */
      readonly reason: 'released' | 'holder_down';
    };

  'pool.started': PoolEvent & PoolLife;
  /** It was not used for `poolMaxIdleTime`; `pool.stopped` follows. */
  'pool.idle_timeout': PoolEvent & { readonly idleTime: number };
  /** `reason` is the exit reason of its supervisor. */
  'pool.stopped': PoolEvent & PoolLife & { readonly reason: unknown };
}

/** The name of an event; its channel is `finch.` and the name. */
export type TelemetryEventName = keyof TelemetryEvents;
