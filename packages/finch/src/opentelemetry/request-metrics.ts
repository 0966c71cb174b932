/** The metrics of requests: those of the conventions for HTTP clients. */
import type { Attributes, Histogram, Meter, UpDownCounter } from '@opentelemetry/api';
import { errorTypeOf, methodOf, versionOf } from '../monitoring/labels.ts';
import type { Subscriptions } from '../monitoring/subscriptions.ts';
import type { Request } from '../request/index.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';
import { serverOf } from './attributes.ts';
import { httpMetrics, requestBuckets } from './metric-names.ts';

type Outcome = TelemetryEvents['request.stop'];
type Template = (request: Request) => string | undefined;

/** `http.client.request.duration`, the stable one. */
export class RequestDuration {
  private readonly duration: Histogram;
  private readonly template: Template;

  constructor(meter: Meter, template: Template) {
    this.template = template;
    this.duration = meter.createHistogram(httpMetrics.requestDuration, {
      description: 'Duration of HTTP client requests.',
      unit: 's',
      advice: { explicitBucketBoundaries: requestBuckets },
    });
  }

  subscribe(subscriptions: Subscriptions): void {
    subscriptions.on('request.stop', (event) => {
      this.duration.record(event.duration / 1000, outcomeOf(event, this.template));
    });
    subscriptions.on('request.exception', (event) => {
      const attributes = outcomeOf(event, this.template);
      attributes['error.type'] = errorTypeOf(event.error);
      this.duration.record(event.duration / 1000, attributes);
    });
  }
}

/** How many requests are under way, and how large their bodies are: in development. */
export class RequestDetails {
  private readonly active: UpDownCounter;
  private readonly requestSize: Histogram;
  private readonly responseSize: Histogram;
  private readonly template: Template;
  /** The requests that count, with the attributes by which they do. */
  private readonly underWay = new Map<number, Attributes>();

  constructor(meter: Meter, template: Template) {
    this.template = template;
    this.active = meter.createUpDownCounter(httpMetrics.activeRequests, {
      description: 'Number of active HTTP requests.',
      unit: '{request}',
    });
    this.requestSize = meter.createHistogram(httpMetrics.requestBodySize, {
      description: 'Size of HTTP client request bodies.',
      unit: 'By',
    });
    this.responseSize = meter.createHistogram(httpMetrics.responseBodySize, {
      description: 'Size of HTTP client response bodies.',
      unit: 'By',
    });
  }

  subscribe(subscriptions: Subscriptions): void {
    subscriptions.on('request.start', ({ id, request }) => {
      const attributes = begunBy(request, this.template);
      this.underWay.set(id, attributes);
      this.active.add(1, attributes);
    });
    subscriptions.on('request.stop', (event) => {
      this.over(event.id);
      const attributes = outcomeOf(event, this.template);
      const { contentLength } = event.request;
      if (contentLength !== undefined) this.requestSize.record(contentLength, attributes);
      this.responseSize.record(event.bytesReceived, attributes);
    });
    subscriptions.on('request.exception', ({ id }) => this.over(id));
  }

  /** Requests that are under way count no more. */
  stop(): void {
    for (const id of this.underWay.keys()) this.over(id);
  }

  private over(id: number): void {
    const attributes = this.underWay.get(id);
    if (attributes === undefined) return;
    this.underWay.delete(id);
    this.active.add(-1, attributes);
  }
}

function begunBy(request: Request, templateOf: Template): Attributes {
  const template = templateOf(request);
  return {
    'http.request.method': methodOf(request.method),
    ...serverOf(request.pool),
    ...(template === undefined ? undefined : { 'url.template': template }),
  };
}

function outcomeOf({ request, status, protocol }: Outcome, template: Template): Attributes {
  const attributes = begunBy(request, template);
  const version = versionOf(protocol);
  if (version !== undefined) attributes['network.protocol.version'] = version;
  if (status !== undefined) attributes['http.response.status_code'] = status;
  if (status !== undefined && status >= 400) attributes['error.type'] = String(status);
  return attributes;
}
