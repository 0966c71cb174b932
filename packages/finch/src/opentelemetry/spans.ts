/** A client span for each request, whose context the request carries to the server. */
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type TextMapSetter,
  type Tracer,
} from '@opentelemetry/api';
import { errorTypeOf, versionOf } from '../monitoring/labels.ts';
import type { Subscriptions } from '../monitoring/subscriptions.ts';
import type { Request } from '../request/index.ts';
import type { ResponseHeaders } from '../response/index.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';
import { methodAttributes, serverOf, urlOf } from './attributes.ts';
import type { ResolvedOptions } from './options.ts';
import type { Peers } from './peers.ts';

type Started = TelemetryEvents['request.start'];
type Outcome = TelemetryEvents['request.stop'];

const headersOfRequest: TextMapSetter<Started> = {
  set: (event, name, value) => event.setHeader(name, value),
};

/**
 * The span of a request is a child of the span that is active where the request is made: the event of
 * its start comes in the context of the caller, before anything is sent, whether the connection is new or
 * idle, or is waited for. Another attempt is an event of the span, `http.request.retry`.
 */
export class Spans {
  /** The spans of requests that are under way, by the number of the request. */
  private readonly active = new Map<number, Span>();
  private readonly tracer: Tracer;
  private readonly peers: Peers;
  private readonly options: ResolvedOptions;

  constructor(tracer: Tracer, peers: Peers, options: ResolvedOptions) {
    this.tracer = tracer;
    this.peers = peers;
    this.options = options;
  }

  subscribe(subscriptions: Subscriptions): void {
    subscriptions.on('request.start', (event) => this.start(event));
    subscriptions.on('send.start', ({ id, connection }) => {
      const peer = connection === undefined ? undefined : this.peers.of(connection);
      if (peer?.address === undefined) return;
      this.active.get(id)?.setAttributes({
        'network.peer.address': peer.address,
        ...(peer.port === undefined ? undefined : { 'network.peer.port': peer.port }),
      });
    });
    subscriptions.on('request.retry', ({ id, error, attempts }) => {
      this.active.get(id)?.addEvent('http.request.retry', {
        'error.type': errorTypeOf(error),
        'http.request.resend_count': attempts,
      });
    });
    if (this.options.captureHeaders.response.length > 0) {
      subscriptions.on('recv.stop', ({ id, headers }) => {
        const span = this.active.get(id);
        if (span?.isRecording() === true) span.setAttributes(this.responseHeaders(headers));
      });
    }
    subscriptions.on('request.stop', (event) => this.end(event));
    subscriptions.on('request.exception', (event) => this.end(event, event.error));
  }

  /** Ends the spans of requests that are under way. */
  stop(): void {
    for (const span of this.active.values()) span.end();
    this.active.clear();
  }

  private start(event: Started): void {
    const { id, request, systemTime } = event;
    if (this.options.ignore(request)) return;
    const template = this.options.template(request);
    const method = methodAttributes(request.method);
    const name = method['http.request.method'] === '_OTHER' ? 'HTTP' : request.method;
    const parent = context.active();
    const span = this.tracer.startSpan(
      template === undefined ? name : `${name} ${template}`,
      {
        kind: SpanKind.CLIENT,
        startTime: systemTime,
        attributes: {
          ...method,
          ...serverOf(request.pool),
          'url.full': urlOf(request),
          ...(template === undefined ? undefined : { 'url.template': template }),
          ...this.requestHeaders(request),
          ...this.options.attributes(request),
        },
      },
      parent,
    );
    this.active.set(id, span);
    propagation.inject(trace.setSpan(parent, span), event, headersOfRequest);
  }

  private end(event: Outcome, ...failures: readonly unknown[]): void {
    const { id, status, attempts, protocol } = event;
    const span = this.active.get(id);
    if (span === undefined) return;
    this.active.delete(id);
    const version = versionOf(protocol);
    if (version !== undefined) span.setAttribute('network.protocol.version', version);
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (attempts > 1) span.setAttribute('http.request.resend_count', attempts - 1);
    if (failures.length > 0) this.fail(span, failures[0]);
    else if (status !== undefined && status >= 400) {
      span.setAttribute('error.type', String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }

  private fail(span: Span, error: unknown): void {
    span.setAttribute('error.type', errorTypeOf(error));
    if (error instanceof Error) span.recordException(error);
    const message = error instanceof Error ? error.message : String(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  private requestHeaders({ headers }: Request): Attributes {
    const attributes: Attributes = {};
    for (const name of this.options.captureHeaders.request) {
      const values = headers.filter((_, index) => index % 2 === 1 && headers[index - 1] === name);
      if (values.length > 0) attributes[`http.request.header.${name}`] = values;
    }
    return attributes;
  }

  private responseHeaders(headers: ResponseHeaders): Attributes {
    const attributes: Attributes = {};
    for (const name of this.options.captureHeaders.response) {
      const values = headers.getAll(name);
      if (values.length > 0) attributes[`http.response.header.${name}`] = values;
    }
    return attributes;
  }
}
