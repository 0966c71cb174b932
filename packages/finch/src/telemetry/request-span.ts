/**
 * The events of one request. A span is made only when its events have subscribers, and
 * each event only when it has.
 */
import { Fields } from '@linnet/mint';
import { now, type Pid } from '@linnet/otp';
import { withHeader, withHeaders, type Request } from '../request/index.ts';
import { ResponseHeaders } from '../response/index.ts';
import * as channels from './channels.ts';
import type {
  Amendable,
  Ended,
  OnConnection,
  Received,
  RequestEvent,
  RequestOutcome,
  RequestPhases,
  Started,
} from './events.ts';

/** What the events of a request report of its connection. */
export interface SpanConnection {
  readonly pid: Pid | undefined;
  readonly idledFor: number | undefined;
  readonly protocol: RequestOutcome['protocol'];
}

/** The clock is read once for the events of one moment. */
export class RequestSpan {
  /** Counts the requests whose events had subscribers. */
  private static lastId = 0;
  private readonly name: string;
  /** The request, with what the subscribers of its start have added. */
  request: Request;
  private readonly id: number;
  private readonly startedAt: number;
  /** The difference of wall clock and monotonic clock; to read a clock takes longer than all else here. */
  private epoch: number | undefined = undefined;
  private phase: 'queue' | 'send' | 'recv' | undefined = undefined;
  private phaseAt = 0;
  /** Set until it is known that it has to wait for a connection. */
  private atOnce = false;
  private attempts = 0;
  private connection: Pid | undefined = undefined;
  private idleTime: number | undefined = undefined;
  private status: number | undefined = undefined;
  private protocol: RequestOutcome['protocol'] = undefined;
  private headers: Fields = Fields.none;
  // How long the phases of this attempt took, once they are over; `answeredAt` when the head came.
  private queueTime: number | undefined = undefined;
  private sendTime: number | undefined = undefined;
  private answeredAt: number | undefined = undefined;
  private waitTime: number | undefined = undefined;
  private receiveTime: number | undefined = undefined;

  /** The request begins. */
  constructor(name: string, request: Request) {
    this.name = name;
    this.request = request;
    this.id = ++RequestSpan.lastId;
    const time = now();
    this.startedAt = time;
    if (channels.requestStart.hasSubscribers) this.announce(time);
  }

  /** It waits for a connection; the first time from its start on. */
  asks(): void {
    const time = this.attempts === 0 ? this.startedAt : now();
    this.sendTime = this.answeredAt = this.waitTime = this.receiveTime = undefined;
    this.enter('queue', time);
    this.atOnce = this.attempts === 0;
    if (channels.queueStart.hasSubscribers) channels.queueStart.publish(this.started(time));
  }

  /** There was no connection at once. */
  waits(): void {
    this.atOnce = false;
  }

  /** It has a connection and is being sent. */
  sends({ pid, idledFor, protocol }: SpanConnection): void {
    this.connection = pid;
    this.protocol = protocol;
    this.idleTime = idledFor;
    this.attempts++;
    // To take a connection that is idle takes no time worth a look at the clock.
    const time = this.atOnce ? this.phaseAt : now();
    this.leave(time);
    if (this.phase === 'queue' && channels.queueStop.hasSubscribers) {
      channels.queueStop.publish(this.stopped(time));
    }
    this.enter('send', time);
    if (channels.sendStart.hasSubscribers) channels.sendStart.publish(this.startedOn(time));
  }

  /** All bytes of the request are written. */
  sent(): void {
    if (this.phase !== 'send') return;
    // A request without a body is written at once: that takes no time worth a look at the clock.
    const time = this.request.body === null && !phasesWatched() ? this.phaseAt : now();
    this.leave(time);
    if (channels.sendStop.hasSubscribers) channels.sendStop.publish(this.stopped(time));
    this.enter('recv', time);
    if (channels.recvStart.hasSubscribers) channels.recvStart.publish(this.startedOn(time));
  }

  /** The head of the response has come. */
  answered(status: number, headers: Fields): void {
    this.status = status;
    this.headers = headers;
    this.answeredAt = now();
  }

  /** The response is complete, or its caller has stopped reading. */
  received(trailers: Fields): void {
    this.sent();
    if (this.phase !== 'recv' || !channels.recvStop.hasSubscribers) return;
    const time = now();
    this.leave(time);
    this.phase = undefined;
    const event = this.stopped(time);
    const status = this.status ?? 0;
    channels.recvStop.publish(new ReceivedEvent(event, status, this.headers, trailers));
  }

  /** The current phase has failed. */
  breaks(error: unknown): void {
    const { phase, status } = this;
    if (phase === undefined) return;
    const time = now();
    this.leave(time);
    this.phase = undefined;
    if (!failures[phase].hasSubscribers) return;
    const { connection, idleTime, ...event } = this.stopped(time);
    if (phase === 'queue') channels.queueException.publish({ ...event, error });
    else if (phase === 'send') {
      channels.sendException.publish({ ...event, connection, idleTime, error });
    } else {
      channels.recvException.publish({ ...event, connection, idleTime, error, status });
    }
  }

  /** It failed, and is about to be sent again. */
  retries(error: Error): void {
    this.breaks(error);
    this.status = undefined;
    this.headers = Fields.none;
    if (channels.requestRetry.hasSubscribers) {
      const { attempts } = this;
      const { systemTime: _, ...event } = this.started(now());
      channels.requestRetry.publish({ ...event, error, attempts });
    }
    this.asks();
  }

  /** The request has ended, with a failure or without one. */
  over(failure: { readonly error: unknown } | undefined, bytesReceived: number): void {
    if (failure === undefined) {
      this.received(Fields.none);
      if (!channels.requestStop.hasSubscribers) return;
      const time = now();
      this.leave(time);
      channels.requestStop.publish(this.ended(bytesReceived, time));
      return;
    }
    const { error } = failure;
    this.breaks(error);
    if (!channels.requestException.hasSubscribers) return;
    channels.requestException.publish({ ...this.ended(bytesReceived, now()), error });
  }

  /** Subscribers may set headers until this returns. */
  private announce(time: number): void {
    let isOpen = true;
    const setHeader = (name: string, value: string): void => {
      if (!isOpen) return;
      const { request } = this;
      this.request = withHeaders(request, withHeader(request.headers, name, value));
    };
    const event: RequestEvent & Started & Amendable = { ...this.started(time), setHeader };
    channels.requestStart.publish(event);
    isOpen = false;
  }

  private systemTimeOf(time: number): number {
    this.epoch ??= Date.now() - now();
    return this.epoch + time;
  }

  private enter(phase: 'queue' | 'send' | 'recv', time: number): void {
    this.phase = phase;
    this.phaseAt = time;
  }

  /** The present phase is over, or fails. */
  private leave(time: number): void {
    const since = this.phaseAt;
    if (this.phase === 'queue') this.queueTime = time - since;
    else if (this.phase === 'send') this.sendTime = time - since;
    else if (this.phase === 'recv') {
      // A head may come before the request is sent.
      const answeredAt = Math.max(since, this.answeredAt ?? time);
      this.waitTime = answeredAt - since;
      this.receiveTime = this.answeredAt === undefined ? undefined : time - answeredAt;
    }
  }

  private phases(): RequestPhases {
    const { queueTime: queue, sendTime: send, waitTime: wait, receiveTime: receive } = this;
    return { queue, send, wait, receive };
  }

  /** What all events of a request have. */
  private about(time: number): RequestEvent {
    const { name, id, request } = this;
    const { key: pool, tag, scheme, host, port } = request.pool;
    return { name, pool, tag, scheme, host, port, time, id, request };
  }

  private started(time: number): RequestEvent & Started {
    return { ...this.about(time), systemTime: this.systemTimeOf(time) };
  }

  private startedOn(time: number): RequestEvent & Started & OnConnection {
    const { connection, idleTime } = this;
    return { ...this.about(time), systemTime: this.systemTimeOf(time), connection, idleTime };
  }

  private stopped(time: number): RequestEvent & Ended & OnConnection {
    const { connection, idleTime } = this;
    return { ...this.about(time), duration: time - this.phaseAt, connection, idleTime };
  }

  private ended(bytesReceived: number, time: number): RequestEvent & Ended & RequestOutcome {
    const { status, attempts, protocol, connection } = this;
    return {
      ...this.about(time),
      duration: time - this.startedAt,
      status,
      attempts,
      protocol,
      connection,
      phases: this.phases(),
      bytesReceived,
    };
  }
}

/** Whether an event of sending or receiving has subscribers. */
function phasesWatched(): boolean {
  return (
    channels.sendStop.hasSubscribers ||
    channels.sendException.hasSubscribers ||
    channels.recvStart.hasSubscribers ||
    channels.recvStop.hasSubscribers ||
    channels.recvException.hasSubscribers
  );
}

const failures = {
  queue: channels.queueException,
  send: channels.sendException,
  recv: channels.recvException,
};

/** Decoding headers costs more than the rest of an event, so they are decoded when they are read. */
class ReceivedEvent implements RequestEvent, Ended, OnConnection, Received {
  readonly name: string;
  readonly pool: string;
  readonly tag: string;
  readonly scheme: RequestEvent['scheme'];
  readonly host: string;
  readonly port: number;
  readonly time: number;
  readonly id: number;
  readonly request: Request;
  readonly duration: number;
  readonly connection: Pid | undefined;
  readonly idleTime: number | undefined;
  readonly status: number;
  readonly #rawHeaders: Fields;
  readonly #rawTrailers: Fields;

  constructor(
    event: RequestEvent & Ended & OnConnection,
    status: number,
    headers: Fields,
    trailers: Fields,
  ) {
    this.name = event.name;
    this.pool = event.pool;
    this.tag = event.tag;
    this.scheme = event.scheme;
    this.host = event.host;
    this.port = event.port;
    this.time = event.time;
    this.id = event.id;
    this.request = event.request;
    this.duration = event.duration;
    this.connection = event.connection;
    this.idleTime = event.idleTime;
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
