/** A line for each request that was slow or failed, for pino, `console` and the like. */
import { boolean, custom, finiteDuration, invalid } from '@linnet/otp/options';
import { defineSchema } from '../options/schema.ts';
import type { Request } from '../request/index.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';
import type { TelemetrySubscription } from '../telemetry/subscribe.ts';
import { Subscriptions } from './subscriptions.ts';
import {
  allowedInstances,
  areInstances,
  WatchedInstances,
  type InstancesOption,
} from './watched-instances.ts';

/** Options of `logSlowRequests`. */
export interface SlowRequestOptions {
  /** Where the lines go: pino, `console`, … Default: `console`. */
  readonly logger?: { warn(fields: object, message: string): void };
  /** From how many ms on a request is slow. Default: 1000. */
  readonly slowerThan?: number;
  /** Whether requests that fail are logged, however long they took. Default: true. */
  readonly failures?: boolean;
  /** The instances to watch. Default: all. */
  readonly finch?: InstancesOption;
}

const optionsSchema = defineSchema('options of logSlowRequests', {
  logger: custom<NonNullable<SlowRequestOptions['logger']>>({
    doc: 'Where the lines go.',
    defaultText: '`console`',
    type: '{ warn(fields, message): void }',
    allowed: 'a logger with a method warn(fields, message)',
    parse: (value) => (isLogger(value) ? value : invalid),
  }),
  slowerThan: finiteDuration({ default: 1000, doc: 'From how many ms on a request is slow.' }),
  failures: boolean({ default: true, doc: 'Whether requests that fail are logged.' }),
  finch: custom<NonNullable<InstancesOption>>({
    doc: 'The instances to watch.',
    type: 'Finch | readonly Finch[]',
    allowed: allowedInstances,
    parse: (value) => (areInstances(value) ? value : invalid),
  }),
});

function isLogger(value: unknown): value is NonNullable<SlowRequestOptions['logger']> {
  return typeof (value as { warn?: unknown } | null)?.warn === 'function';
}

/** What a line says of a request; times in ms. */
export interface SlowRequest {
  readonly method: string;
  /** Without the query, which may have secrets. */
  readonly url: string;
  readonly pool: string;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly duration: number;
  /** Until it had a connection, opening one included. */
  readonly waited: number;
  /** Until its last byte was written. */
  readonly sent: number;
  /** From there until the response was complete. */
  readonly received: number;
  /** Why it failed. */
  readonly err?: unknown;
}

/**
 * Logs requests that take long, with where the time went, and those that fail: `warn(fields, message)`.
 * Call what it returns to end it.
 *
 * @throws OptionsError for an option that does not exist or is not allowed.
 *
 * @example
 * const stop = logSlowRequests({ slowerThan: 500 });
 * await finch.get('https://api.example.com/report');
 * // GET https://api.example.com/report: 200 in 812 ms (790 waiting for a connection, 0 sending, 22 receiving)
 * stop();
 */
export function logSlowRequests(options?: SlowRequestOptions): TelemetrySubscription {
  const { logger = console, slowerThan, failures, finch } = optionsSchema.parse(options);
  const subscriptions = new Subscriptions(new WatchedInstances(finch));
  const phases = new Phases();
  phases.subscribe(subscriptions);
  const log = (event: TelemetryEvents['request.stop'], failure?: { err: unknown }): void => {
    const times = phases.take(event.id);
    const isSlow = event.duration >= slowerThan;
    if (!isSlow && !(failures && failure !== undefined)) return;
    const fields: SlowRequest = { ...factsOf(event), ...times, ...failure };
    logger.warn(fields, sentenceOf(fields));
  };
  subscriptions.on('request.stop', (event) => log(event));
  subscriptions.on('request.exception', (event) => log(event, { err: event.error }));
  const stop = (): void => subscriptions.end();
  return Object.assign(stop, { [Symbol.dispose]: stop });
}

interface Times {
  waited: number;
  sent: number;
  received: number;
}

/** How long the phases of requests took, over all attempts. */
class Phases {
  private readonly underWay = new Map<number, Times>();

  subscribe(subscriptions: Subscriptions): void {
    subscriptions.on('request.start', ({ id }) => {
      this.underWay.set(id, { waited: 0, sent: 0, received: 0 });
    });
    for (const end of ['stop', 'exception'] as const) {
      subscriptions.on(`queue.${end}`, ({ id, duration }) => this.add(id, 'waited', duration));
      subscriptions.on(`send.${end}`, ({ id, duration }) => this.add(id, 'sent', duration));
      subscriptions.on(`recv.${end}`, ({ id, duration }) => this.add(id, 'received', duration));
    }
  }

  take(id: number): Times {
    const times = this.underWay.get(id) ?? { waited: 0, sent: 0, received: 0 };
    this.underWay.delete(id);
    return times;
  }

  private add(id: number, phase: keyof Times, duration: number): void {
    const times = this.underWay.get(id);
    if (times !== undefined) times[phase] += duration;
  }
}

function factsOf(event: TelemetryEvents['request.stop']) {
  const { request, pool, status, attempts, duration } = event;
  return { method: request.method, url: urlOf(request), pool, status, attempts, duration };
}

function urlOf({ pool, path }: Request): string {
  return `${pool.origin}${path}`;
}

function sentenceOf(request: SlowRequest): string {
  const { method, url, status, err, duration, waited, sent, received } = request;
  const outcome = err === undefined ? String(status) : `failed${codeOf(err)}`;
  const ms = (time: number): string => time.toFixed(0);
  return (
    `${method} ${url}: ${outcome} in ${ms(duration)} ms ` +
    `(${ms(waited)} waiting for a connection, ${ms(sent)} sending, ${ms(received)} receiving)`
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` with ${String(error.code)}` : '';
}
