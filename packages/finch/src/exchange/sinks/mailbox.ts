/** `finch.asyncRequest`: a response that comes as messages to the calling process. */
import { currentPid, NoProcessError, receive, send, type Pid } from '@linnet/otp';
import type { Fields } from '@linnet/mint';
import type { Instance } from '../../instance/instance.ts';
import type { ResolvedRequestOptions } from '../../options/index.ts';
import type { Request } from '../../request/index.ts';
import { Exchange } from '../exchange.ts';
import { copyBytes, type Sink } from '../sink.ts';
import {
  dataPart,
  headersPart,
  informationalPart,
  statusPart,
  trailersPart,
  type ResponsePart,
} from './response-part.ts';

/** Survives two copies of the package. */
const brand: unique symbol = Symbol.for('@linnet/finch/async-request') as never;

/** Identifies a request of `finch.asyncRequest`; compare by identity. */
export class AsyncRequestRef {
  /** The process that gets the messages. */
  readonly owner: Pid;

  /** @internal */
  constructor(owner: Pid) {
    this.owner = owner;
    Object.freeze(this);
  }

  /** Whether a message of the mailbox belongs to this request: for a selective `receive`. */
  isMessage(message: unknown): message is AsyncRequestMessage {
    return isAsyncMessage(message) && message.ref === this;
  }
}

Object.defineProperty(AsyncRequestRef.prototype, brand, { value: true });

/** What an async request sends: parts as `finch.stream` hands them on, then how it ended. */
export type AsyncPart =
  | ResponsePart
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: Error };

/** A message of an async request. The last one has the part `done` or `error`. */
export interface AsyncRequestMessage {
  readonly type: 'finch';
  readonly ref: AsyncRequestRef;
  readonly part: AsyncPart;
}

/**
 * Whether a value identifies an async request.
 *
 * Mirrors the guard `Finch.is_request_ref/1`.
 *
 * @example
 * const cancel = (ref: unknown) => isRequestRef(ref) && finch.cancelAsyncRequest(ref);
 */
export function isRequestRef(value: unknown): value is AsyncRequestRef {
  return typeof value === 'object' && value !== null && brand in value;
}

function isAsyncMessage(message: unknown): message is AsyncRequestMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<AsyncRequestMessage>).type === 'finch'
  );
}

/** The requests that are under way, so that a ref itself holds nothing. */
const running = new WeakMap<AsyncRequestRef, Mailbox>();

/** For the error of a caller that could get no message. */
const what = 'finch.asyncRequest, whose response comes as messages to its caller,';

const done: AsyncPart = { type: 'done' };

export class Mailbox implements Sink {
  readonly ref: AsyncRequestRef;
  /** The request whose response is sent. */
  readonly exchange: Exchange;
  /** Set by `cancelAsyncRequest`: nothing is sent from then on. */
  private silent = false;

  constructor(instance: Instance, request: Request, options: ResolvedRequestOptions) {
    const caller = currentPid();
    if (caller === undefined) throw new NoProcessError(what);
    this.ref = new AsyncRequestRef(caller);
    running.set(this.ref, this);
    this.exchange = new Exchange(instance, request, options, this);
  }

  /** Ends the request without a message. */
  silence(): void {
    this.silent = true;
    this.exchange.discard('cancelAsyncRequest');
  }

  interim(status: number, headers: Fields): void {
    this.tell(informationalPart(status, headers));
  }

  head(status: number, headers: Fields): void {
    this.tell(statusPart(status));
    this.tell(headersPart(headers));
  }

  data(bytes: Buffer, from: number, to: number): boolean {
    this.tell(dataPart(copyBytes(bytes, from, to)));
    return true;
  }

  end(raw: Fields): boolean {
    running.delete(this.ref);
    const trailers = trailersPart(raw);
    if (trailers !== undefined) this.tell(trailers);
    this.tell(done);
    return true;
  }

  fail(error: Error): void {
    running.delete(this.ref);
    this.tell({ type: 'error', error });
  }

  private tell(part: AsyncPart): void {
    if (this.silent) return;
    const { ref } = this;
    send(ref.owner, { type: 'finch', ref, part } satisfies AsyncRequestMessage);
  }
}

/** Ends a request and takes those of its messages that came already out of the caller's mailbox. */
export function cancelAsync(ref: AsyncRequestRef, caller: Pid | undefined): Promise<void> {
  running.get(ref)?.silence();
  return caller === ref.owner ? flush(ref) : Promise.resolve();
}

/** Looks and takes within this call, unless the runtime wants the process to pause. */
async function flush(ref: AsyncRequestRef): Promise<void> {
  for (;;) {
    const look = { found: false };
    const over = receive((message) => (look.found = ref.isMessage(message)), { timeout: 0 }).then(
      noop,
      noop,
    );
    if (look.found) continue;
    await over;
    if (!look.found) return;
  }
}

function noop(): void {}
