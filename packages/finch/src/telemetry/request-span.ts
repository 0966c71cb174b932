/**
 * The events of one request. Made only when somebody listens; each event is made
 * only when somebody listens to it.
 */
import { now, type Pid } from '@linnet/otp';
import type { Request } from '../request/index.ts';
import { ResponseHeaders, type RawFields } from '../response/index.ts';
import * as channels from './channels.ts';
import type { OnConnection, RequestEvent, TelemetryEvents } from './events.ts';

/** The connection, as far as events tell of it. */
export interface SpanConnection {
  readonly pid: Pid | undefined;
  readonly idledFor: number | undefined;
}

/** Counts the requests of this program that were listened to. */
const ids = { last: 0 };

const none: RawFields = [];

export class RequestSpan {
  private readonly name: string;
  private readonly request: Request;
  private readonly id: number;
  private readonly startedAt: number;
  private phase: 'queue' | 'send' | 'recv' | undefined = undefined;
  private phaseAt = 0;
  private attempts = 0;
  private connection: Pid | undefined = undefined;
  private idleTime: number | undefined = undefined;
  private status: number | undefined = undefined;
  private headers: RawFields = none;

  /** The request begins. */
  constructor(name: string, request: Request) {
    this.name = name;
    this.request = request;
    this.id = ++ids.last;
    const time = now();
    this.startedAt = time;
    if (channels.requestStart.hasSubscribers) {
      channels.requestStart.publish({ ...this.facts(time), systemTime: Date.now() });
    }
  }

  /** It asks for a connection. */
  asks(): void {
    const time = this.enter('queue');
    if (channels.queueStart.hasSubscribers) {
      channels.queueStart.publish({ ...this.facts(time), systemTime: Date.now() });
    }
  }

  /** It has one, and is sent. */
  sends({ pid, idledFor }: SpanConnection): void {
    this.connection = pid;
    this.idleTime = idledFor;
    this.attempts++;
    const waited = this.phase === 'queue';
    const before = this.phaseAt;
    const time = this.enter('send');
    if (waited && channels.queueStop.hasSubscribers) {
      const duration = time - before;
      channels.queueStop.publish({ ...this.facts(time), duration, ...this.where() });
    }
    if (channels.sendStart.hasSubscribers) {
      const systemTime = Date.now();
      channels.sendStart.publish({ ...this.facts(time), systemTime, ...this.where() });
    }
  }

  /** All of it is written. */
  sent(): void {
    if (this.phase !== 'send') return;
    const before = this.phaseAt;
    const time = this.enter('recv');
    if (channels.sendStop.hasSubscribers) {
      const duration = time - before;
      channels.sendStop.publish({ ...this.facts(time), duration, ...this.where() });
    }
    if (channels.recvStart.hasSubscribers) {
      const systemTime = Date.now();
      channels.recvStart.publish({ ...this.facts(time), systemTime, ...this.where() });
    }
  }

  /** The head of the response has come. */
  answered(status: number, headers: RawFields): void {
    this.status = status;
    this.headers = headers;
  }

  /** The response is complete, or its caller wants no more of it. */
  received(trailers: RawFields): void {
    this.sent();
    if (this.phase !== 'recv') return;
    this.phase = undefined;
    if (channels.recvStop.hasSubscribers) {
      const time = now();
      const facts = { ...this.facts(time), duration: time - this.phaseAt, ...this.where() };
      channels.recvStop.publish(
        Object.assign(new ReceivedEvent(this.status ?? 0, this.headers, trailers), facts),
      );
    }
  }

  /** The phase that it is in has failed. */
  breaks(error: unknown): void {
    const { phase } = this;
    this.phase = undefined;
    if (phase === undefined || !failures[phase].hasSubscribers) return;
    const time = now();
    const facts = { ...this.facts(time), duration: time - this.phaseAt, error };
    if (phase === 'queue') channels.queueException.publish(facts);
    else if (phase === 'send') channels.sendException.publish({ ...facts, ...this.where() });
    else channels.recvException.publish({ ...facts, ...this.where(), status: this.status });
  }

  /** It is about to be sent again. */
  retries(error: Error): void {
    this.status = undefined;
    this.headers = none;
    if (!channels.requestRetry.hasSubscribers) return;
    channels.requestRetry.publish({ ...this.facts(now()), error, attempts: this.attempts });
  }

  /** It is over. */
  ends(): void {
    if (!channels.requestStop.hasSubscribers) return;
    const time = now();
    const { status, attempts } = this;
    const duration = time - this.startedAt;
    channels.requestStop.publish({ ...this.facts(time), duration, status, attempts });
  }

  /** It has failed. */
  fails(error: unknown): void {
    if (!channels.requestException.hasSubscribers) return;
    const time = now();
    const { status, attempts } = this;
    const duration = time - this.startedAt;
    channels.requestException.publish({ ...this.facts(time), duration, error, status, attempts });
  }

  private enter(phase: 'queue' | 'send' | 'recv'): number {
    this.phase = phase;
    this.phaseAt = now();
    return this.phaseAt;
  }

  private facts(time: number): RequestEvent {
    const { name, id, request } = this;
    const { key, tag, scheme, host, port } = request.pool;
    return { name, pool: key, tag, scheme, host, port, time, id, request };
  }

  private where(): OnConnection {
    return { connection: this.connection, idleTime: this.idleTime };
  }
}

const failures = {
  queue: channels.queueException,
  send: channels.sendException,
  recv: channels.recvException,
};

/** Headers cost more than all the rest of an event: read when somebody asks. */
class ReceivedEvent implements Pick<
  TelemetryEvents['recv.stop'],
  'status' | 'headers' | 'trailers'
> {
  readonly status: number;
  readonly #rawHeaders: RawFields;
  readonly #rawTrailers: RawFields;

  constructor(status: number, headers: RawFields, trailers: RawFields) {
    this.status = status;
    this.#rawHeaders = headers;
    this.#rawTrailers = trailers;
  }

  get headers(): ResponseHeaders {
    return new ResponseHeaders(this.#rawHeaders);
  }

  get trailers(): ResponseHeaders {
    return new ResponseHeaders(this.#rawTrailers);
  }
}
