/**
 * The only place that reaches into undici. Its files are imported one by one:
 * the entry point of the package would replace the process-wide fetch
 * dispatcher. undici's version is pinned exactly, since its semantic versioning
 * does not cover any of this; it is typed here as far as the wire uses it.
 */
import type { Socket } from 'node:net';
// @ts-expect-error undici types its entry point only
import undiciSymbols from 'undici/lib/core/symbols.js';
// @ts-expect-error undici types its entry point only
import UndiciClient from 'undici/lib/dispatcher/client.js';

const symbols = undiciSymbols as Readonly<Record<string, symbol>>;

/** Client: opens the connection through its connector now. */
export const kConnect: unique symbol = symbols['kConnect'] as never;
/** Client: the protocol's functions over the open socket, or null. */
export const kHTTPContext: unique symbol = symbols['kHTTPContext'] as never;
/** Client: the line `host: …` of requests without such a header. */
export const kHostHeader: unique symbol = symbols['kHostHeader'] as never;
/** Client: looks what can be sent next. */
export const kResume: unique symbol = symbols['kResume'] as never;
/** Client: idle time in ms while the server gives no hint; 0 means no timer. */
export const kKeepAliveDefaultTimeout: unique symbol = symbols['kKeepAliveDefaultTimeout'] as never;
/** Client: the idle time in ms that holds now. */
export const kKeepAliveTimeoutValue: unique symbol = symbols['kKeepAliveTimeoutValue'] as never;
/** Client: the server's URL; its getters are called several times for each request. */
export const kUrl: unique symbol = symbols['kUrl'] as never;
/** Socket: its response parser. */
export const kParser: unique symbol = symbols['kParser'] as never;
/** Socket: it will be destroyed after the response in progress. */
export const kReset: unique symbol = symbols['kReset'] as never;
/** Socket: a streamed request body is being written. */
export const kWriting: unique symbol = symbols['kWriting'] as never;

/** The parser that undici hangs on a socket, around llhttp in WebAssembly. */
export interface Parser {
  readonly llhttp: {
    readonly memory: { readonly buffer: ArrayBuffer };
    llhttp_errno_name(code: number): number;
    llhttp_get_error_reason(pointer: number): number;
    llhttp_get_http_major(pointer: number): number;
    llhttp_get_http_minor(pointer: number): number;
  };
  readonly ptr: number;
  readonly socket: Socket;
  /** What the fields `connection` of the response hold, joined with commas. */
  readonly connection: string;
  /** Parses bytes; must not be called while it is paused. */
  execute: (this: Parser, chunk: Buffer) => void;
  /** It hands on nothing until it is resumed; what it was given meanwhile is in the socket's stream. */
  readonly paused: boolean;
  readonly hasTransferEncoding: boolean;
  headers: Buffer[] | HeadersBox;
  /** How many bytes of fields came since the last head. */
  headersSize: number;
  statusCode: number;
  contentLength: number;
  onHeadersComplete: (
    this: Parser,
    status: number,
    upgrade: boolean,
    shouldKeepAlive: boolean,
  ) => number;
  createError: (this: Parser, code: number, data: Buffer) => Error;
  /** Called with the length of each piece of a field's name or value. */
  trackHeader: (this: Parser, length: number) => void;
}

/** Header fields in a form that undici passes on unread, since it is no array. */
export interface HeadersBox {
  readonly length: 0;
  list: Buffer[];
}

/** A socket after a client took it. */
export interface ConnectedSocket extends Socket {
  [kParser]: Parser | null;
  [kReset]: boolean;
  [kWriting]: boolean;
}

/** A request in a client's queue. */
export interface QueuedRequest {
  readonly method: string;
  readonly path: string;
  /** The field `host`, if the request brought one. */
  readonly host: string | null;
  /** Flat list, without the fields that undici writes itself. */
  readonly headers: readonly string[];
  readonly contentLength: number | null;
  readonly reset: boolean | null;
  readonly aborted: boolean;
  readonly completed: boolean;
  onRequestStart(abort: (error: Error) => void, context: null): void;
  onRequestSent(): void;
  onResponseError(error: Error): void;
}

/** The functions of HTTP/1 over a client's open socket. */
export interface HTTPContext {
  /** Writes the next request of the queue; `false` if it is not to be sent after all. */
  write: (request: QueuedRequest) => boolean;
}

/** What undici gives the handler of a request to steer it. */
export interface Controller {
  readonly rawTrailers: Buffer[] | null;
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** What undici calls with a response. */
export interface DispatchHandler {
  onRequestStart(controller: Controller): void;
  onRequestSent(): void;
  onResponseStarted(): void;
  onResponseStart(controller: Controller, status: number, headers: unknown): void;
  onResponseData(controller: Controller, chunk: Buffer): void;
  onResponseEnd(controller: Controller): void;
  onResponseError(controller: Controller | null, error: Error): void;
  onRequestUpgrade(controller: Controller, status: number, headers: unknown, socket: Socket): void;
}

interface DispatchOptions {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: unknown;
  readonly blocking: boolean;
  readonly reset: boolean | null;
  readonly upgrade: string | null;
  readonly servername: string;
}

interface ClientOptions {
  readonly allowH2: false;
  readonly pipelining: 1;
  readonly useMilo: false;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly keepAliveMaxTimeout: number;
  readonly keepAliveTimeoutThreshold: number;
  readonly maxHeaderSize: number;
  readonly maxResponseSize: number;
  readonly strictContentLength: true;
  readonly connect: (
    options: unknown,
    callback: { (error: null, socket: Socket): void; (error: Error): void },
  ) => void;
}

/** What undici asks of a client's URL. */
export type ClientUrl = Pick<URL, 'origin' | 'protocol' | 'host' | 'hostname' | 'port'>;

/** undici's client of one connection. */
export interface Client {
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
  destroy(error: Error, callback: () => void): void;
  on(event: 'disconnect', listener: (origin: URL, targets: unknown, error: Error) => void): this;
  [kConnect](callback: () => void): void;
  [kHTTPContext]: HTTPContext | null;
  [kHostHeader]: string;
  [kKeepAliveDefaultTimeout]: number;
  [kUrl]: ClientUrl;
  [kKeepAliveTimeoutValue]: number;
  [kResume](): void;
}

export const Client = UndiciClient as new (origin: string, options: ClientOptions) => Client;
