/**
 * What receives a response that is dispatched: the handlers of undici's `Dispatcher`, in the shape
 * of undici 7 and 8. That of undici 6, which Node 22 and 24 have inside, is adapted to it.
 */
import type { Duplex } from 'node:stream';

/** Fields by name in lower case; of one that came more than once a list. */
export type ParsedFields = Record<string, string | string[] | undefined>;

/** How a handler steers its response. */
export interface DispatchController {
  /** Whether it was given up. */
  readonly aborted: boolean;
  /** Whether the reading pauses. */
  readonly paused: boolean;
  /** Why it was given up. */
  readonly reason: Error | null;
  /** The headers as the server sent them: name, value, name, value…. Interceptors change them. */
  rawHeaders: string[] | null;
  /** The trailers likewise. */
  rawTrailers: string[] | null;
  /** Gives it up, in the queue as well: `onResponseError` is called with this reason. */
  abort(reason?: Error): void;
  /** No further piece comes, and the server has to wait. */
  pause(): void;
  /** Goes on after a pause. */
  resume(): void;
}

/** A handler in the shape of undici 7 and 8. */
export interface ResponseHandler {
  /** Called first, before a connection is waited for. */
  onRequestStart?(controller: DispatchController, context: object): void;
  /** The server switched protocols; the last call. */
  onRequestUpgrade?(
    controller: DispatchController,
    status: number,
    headers: ParsedFields,
    socket: Duplex,
  ): void;
  /** The head of the response, or an interim response (1xx) before it. */
  onResponseStart?(
    controller: DispatchController,
    status: number,
    headers: ParsedFields,
    statusText?: string,
  ): void;
  /** A piece of the body, which is the handler's to keep. */
  onResponseData?(controller: DispatchController, chunk: Buffer): void;
  /** The last call, unless it is `onRequestUpgrade` or `onResponseError`. */
  onResponseEnd?(controller: DispatchController, trailers: ParsedFields): void;
  /** It failed, or was given up; the last call. */
  onResponseError?(controller: DispatchController, error: Error): void;
  /** The response begins to come. */
  onResponseStarted?(): void;
}

/** A handler in the shape of undici 6. */
export interface LegacyHandler {
  /** Called first, with the function that gives it up. */
  onConnect?(abort: (reason?: Error) => void, context?: object): void;
  /** The server switched protocols; the last call. */
  onUpgrade?(status: number, headers: Buffer[], socket: Duplex): void;
  /** The head of the response, or an interim response; false pauses the reading until `resume`. */
  onHeaders?(
    status: number,
    headers: Buffer[],
    resume: () => void,
    statusText: string,
  ): boolean | void;
  /** A piece of the body; false pauses the reading. */
  onData?(chunk: Buffer): boolean | void;
  /** The trailers as bytes: undici's own types have them as strings, which they never were. */
  onComplete?(trailers: unknown): void;
  /** It failed, or was given up; the last call. */
  onError?(error: Error): void;
}

/** What `dispatch` takes: either shape. */
export type DispatchHandler = ResponseHandler & LegacyHandler;
