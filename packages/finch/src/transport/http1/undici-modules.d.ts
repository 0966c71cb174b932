/**
 * The files of undici that the HTTP/1 wire imports one by one (importing its
 * entry point would replace the process-wide fetch dispatcher), typed as far as
 * the wire uses them. undici's version is pinned exactly: none of this is
 * covered by its semantic versioning.
 */

declare module 'undici/lib/core/symbols.js' {
  const kConnect: unique symbol;
  const kHTTPContext: unique symbol;
  const kHostHeader: unique symbol;
  const kKeepAliveDefaultTimeout: unique symbol;
  const kKeepAliveTimeoutValue: unique symbol;
  const kParser: unique symbol;
  const kReset: unique symbol;
  const kResume: unique symbol;
  const kSocket: unique symbol;
  const kWriting: unique symbol;

  const symbols: {
    /** Client: opens the connection through its connector now. */
    readonly kConnect: typeof kConnect;
    /** Client: the protocol's functions over the open socket, or null. */
    readonly kHTTPContext: typeof kHTTPContext;
    /** Client: the line `host: …` of requests without such a header. */
    readonly kHostHeader: typeof kHostHeader;
    /** Client: idle time in ms while the server gives no hint; 0 means no timer. */
    readonly kKeepAliveDefaultTimeout: typeof kKeepAliveDefaultTimeout;
    /** Client: idle time in ms that holds now. */
    readonly kKeepAliveTimeoutValue: typeof kKeepAliveTimeoutValue;
    /** Socket: its response parser. */
    readonly kParser: typeof kParser;
    /** Socket: it will be destroyed after the response in progress. */
    readonly kReset: typeof kReset;
    /** Client: looks what can be sent next. */
    readonly kResume: typeof kResume;
    /** Client: its socket, or null. */
    readonly kSocket: typeof kSocket;
    /** Socket: a streamed request body is being written. */
    readonly kWriting: typeof kWriting;
  };
  export default symbols;
}

declare module 'undici/lib/dispatcher/client.js' {
  import type { Socket } from 'node:net';
  import symbols from 'undici/lib/core/symbols.js';

  /** The parser that undici hangs on a socket, around llhttp in WebAssembly. */
  interface Parser {
    readonly llhttp: {
      readonly memory: { readonly buffer: ArrayBuffer };
      llhttp_get_http_major(pointer: number): number;
      llhttp_get_http_minor(pointer: number): number;
      llhttp_get_error_reason(pointer: number): number;
      llhttp_errno_name(code: number): number;
    };
    readonly ptr: number;
    readonly socket: Socket;
    /** What the headers `connection` held, joined with commas. */
    readonly connection: string;
    readonly hasTransferEncoding: boolean;
    headers: Buffer[] | HeadersBox;
    contentLength: number;
    onHeadersComplete(status: number, upgrade: boolean, shouldKeepAlive: boolean): number;
    createError(code: number, data: Buffer): Error;
  }

  /** Anything that is no array passes undici unread. */
  interface HeadersBox {
    readonly length: 0;
    list: Buffer[];
  }

  interface ConnectedSocket extends Socket {
    [symbols.kParser]: Parser | null;
    [symbols.kReset]: boolean;
    [symbols.kWriting]: boolean;
  }

  interface Controller {
    readonly rawHeaders: Buffer[] | HeadersBox | null;
    readonly rawTrailers: Buffer[] | null;
    pause(): void;
    resume(): void;
    abort(reason: Error): void;
  }

  /** A request in the client's queue. */
  interface QueuedRequest {
    readonly method: string;
    readonly path: string;
    readonly host: string | null;
    readonly headers: readonly string[];
    readonly contentLength: number | null;
    readonly reset: boolean | null;
    readonly aborted: boolean;
    readonly completed: boolean;
    onRequestStart(abort: (error: Error) => void, context: null): void;
    onRequestSent(): void;
    onResponseError(error: Error): void;
  }

  interface HTTPContext {
    write(request: QueuedRequest): boolean;
  }

  interface DispatchHandler {
    onRequestStart(controller: Controller): void;
    onRequestSent(): void;
    onResponseStart(controller: Controller, status: number, headers: unknown): void;
    onResponseData(controller: Controller, chunk: Buffer): void;
    onResponseEnd(controller: Controller): void;
    onResponseError(controller: Controller | null, error: Error): void;
    onRequestUpgrade(
      controller: Controller,
      status: number,
      headers: unknown,
      socket: Socket,
    ): void;
  }

  interface DispatchOptions {
    method: string;
    path: string;
    headers: readonly string[];
    body: unknown;
    blocking: boolean;
    reset: boolean | null;
    upgrade: string | null;
  }

  interface ClientOptions {
    allowH2: false;
    pipelining: 1;
    useMilo: false;
    headersTimeout: number;
    bodyTimeout: number;
    keepAliveMaxTimeout: number;
    keepAliveTimeoutThreshold: number;
    maxHeaderSize: number;
    maxResponseSize: number;
    strictContentLength: true;
    connect(
      options: unknown,
      callback: { (error: null, socket: Socket): void; (error: Error): void },
    ): void;
  }

  class Client {
    constructor(origin: string, options: ClientOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    destroy(error: Error, callback: () => void): void;
    on(
      event: 'disconnect',
      listener: (origin: URL, targets: unknown, error: Error) => void,
    ): this;
    [symbols.kConnect](callback: () => void): void;
    [symbols.kHTTPContext]: HTTPContext | null;
    [symbols.kHostHeader]: string;
    [symbols.kKeepAliveDefaultTimeout]: number;
    [symbols.kKeepAliveTimeoutValue]: number;
    [symbols.kResume](): void;
    [symbols.kSocket]: ConnectedSocket | null;
  }

  export type {
    Client,
    ConnectedSocket,
    Controller,
    DispatchHandler,
    DispatchOptions,
    HeadersBox,
    HTTPContext,
    Parser,
    QueuedRequest,
  };
  export default Client;
}
