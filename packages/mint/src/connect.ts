/**
 * One HTTP connection, without a pool.
 */
import type { ConnectOptions } from './dial/connect-options.ts';
import { connectRules } from './dial/connect-options.ts';
import { dialPlan, planConnect } from './dial/connect-plan.ts';
import { checkOptions } from './dial/option-rules.ts';
import { dialQuic } from './dial/quic/dial-quic.ts';
import { planQuic } from './dial/quic/quic-plan.ts';
import { forwarding } from './driver/forwarding.ts';
import { createHttp1Wire } from './driver/http1/http1-wire.ts';
import { createHttp2Wire } from './driver/http2/http2-wire.ts';
import { createHttp3Wire } from './driver/http3/http3-wire.ts';
import { Collector } from './response.ts';
import type { CollectedResponse } from './response.ts';
import { wireRules } from './wire-options.ts';
import type { WireOptions } from './wire-options.ts';
import { misshapen } from './request-shape.ts';
import type { Exchange, Wire, WireHandler, WireInfo, WireRequest } from './wire.ts';

/** The options of {@link connect}. */
export interface ConnectionOptions extends ConnectOptions, WireOptions {}

/** A request: `headers` and `body` may be left out. */
export interface ConnectionRequest extends Omit<WireRequest, 'headers'> {
  readonly headers?: readonly string[] | undefined;
}

/**
 * An open connection: HTTP/1.1 with one request at a time, or HTTP/2 or HTTP/3
 * with as many as the server allows.
 *
 * @example
 * await using connection = await connect('https://api.example.com');
 * const { status, body } = await connection.request({ method: 'GET', target: '/users' });
 */
export class Connection implements AsyncDisposable {
  /**
   * What the connection is underneath: whether it is usable, how many requests
   * it carries. Its `onClosed` belongs to the connection: see {@link closed}.
   */
  readonly wire: Wire;
  /** Fulfilled when the connection is closed; with an error when the server or the network ended it. */
  readonly closed: Promise<Error | undefined>;

  /** Takes an open wire; use {@link connect}. */
  constructor(wire: Wire) {
    this.wire = wire;
    this.closed = new Promise((resolve) => {
      wire.onClosed = resolve;
    });
  }

  /** What is spoken. */
  get protocol(): Wire['protocol'] {
    return this.wire.protocol;
  }

  /** Addresses and TLS session. */
  get info(): WireInfo {
    return this.wire.info;
  }

  /**
   * Sends a request and collects its response. A signal gives it up, which costs
   * an HTTP/1 connection its life.
   *
   * Rejects with the signal's reason, or with a `MintError` that says whether
   * any byte of the request may have been sent.
   *
   * @example
   * const ask = (connection: Connection) =>
   *   connection.request({ method: 'POST', target: '/items', body: '{}' });
   */
  request(
    request: ConnectionRequest,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<CollectedResponse> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const collector = new Collector(resolve, reject, signal);
      collector.start((handler) => this.send(request, handler));
    });
  }

  /**
   * Sends a request whose response goes to a handler, piece by piece, with back-pressure. What is
   * wrong with the request goes to its `onError`.
   */
  send(request: ConnectionRequest, handler: WireHandler): Exchange {
    const { headers = [] } = request;
    const refusal = misshapen(request);
    if (refusal === undefined) return this.wire.send({ ...request, headers }, handler);
    handler.onError(refusal);
    return overExchange;
  }

  /** Measures a round trip on HTTP/2 and HTTP/3, in ms. Rejects on HTTP/1, and when the connection ends first. */
  ping(): Promise<number> {
    const { wire } = this;
    return wire.ping?.() ?? Promise.reject(new TypeError('HTTP/1.1 has no PING'));
  }

  /** Closes the connection at once; what is under way fails. Fulfilled when the socket is closed. */
  async close(): Promise<void> {
    this.wire.destroy();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** An exchange that was over before it began. */
const overExchange: Exchange = { abort() {}, resume() {} };

/**
 * Opens one connection: name lookup, TCP with both address families in turn,
 * proxy, TLS, and whichever of HTTP/2 and HTTP/1.1 the server selects; or
 * QUIC and HTTP/3 with `protocols: ['http3']`.
 *
 * Mirrors `Mint.HTTP.connect/4`.
 *
 * Rejects with `OptionsError`, `ConnectError`, `ConnectTimeoutError`,
 * `TlsError`, `ProxyError`, `QuicUnavailableError`, or the reason of
 * `options.signal`.
 *
 * @example
 * const connection = await connect('http://localhost:8080', { connectTimeout: 1000 });
 * const { status } = await connection.request({ method: 'GET', target: '/health' });
 * await connection.close();
 */
export async function connect(
  url: string | URL,
  options: ConnectionOptions = {},
): Promise<Connection> {
  checkOptions(options, { ...connectRules, ...wireRules }, '');
  const {
    maxHeaderSize,
    maxResponseSize,
    keepAliveThreshold,
    obsFold,
    bareLineFeeds,
    streamWindowSize,
    connectionWindowSize,
    ...connectOptions
  } = options;
  const { clock } = options;
  const common = { maxHeaderSize, maxResponseSize, clock };
  const windows = { streamWindowSize, connectionWindowSize };
  if (options.protocols?.includes('http3') === true) {
    const { authority, target, options: dialOptions } = planQuic(url, connectOptions);
    const wireOptions = { ...common, origin: target.origin, authority };
    return dialQuic(
      target,
      { ...dialOptions, ...windows },
      ({ session }) => new Connection(createHttp3Wire(session, wireOptions)),
    ).result;
  }
  const plan = planConnect(url, connectOptions);
  const { scheme, origin, authority, through } = plan;
  return dialPlan(plan, ({ socket }, protocol) => {
    const wireOptions = { ...common, origin, authority };
    if (protocol === 'http2') {
      return new Connection(createHttp2Wire(socket, { ...wireOptions, scheme, ...windows }));
    }
    const rewrite =
      through?.forward === true ? forwarding(authority, through.proxy.headers) : undefined;
    const strictness = { keepAliveThreshold, obsFold, bareLineFeeds };
    return new Connection(createHttp1Wire(socket, { ...wireOptions, rewrite, ...strictness }));
  }).result;
}
