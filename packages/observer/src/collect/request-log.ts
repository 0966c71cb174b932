/**
 * Requests of all instances, as far as they are recorded: the last ones, the slowest ones, and figures of
 * each pool. What happens for each request is kept short: it is counted, and an object is made of it only
 * when it is kept. Documents are made when one is asked for.
 */
import {
  isFinchError,
  subscribeTelemetry,
  type TelemetryEvents,
  type TelemetrySubscription,
} from '@linnet/finch';
import type { Pid } from '@linnet/otp';
import type { RequestFigures } from '../protocol/documents.ts';
import { Histogram, type Percentiles } from './histogram.ts';
import { entryOf, type Dial, type RequestEnd, type RequestEntry } from './request-entry.ts';
import { cut } from './show.ts';
import { Top } from './top.ts';

const mostRecent = 100;
const mostSlow = 50;
/** Requests that are kept in one period (in ms), beside those that failed or are among the slowest. */
const mostSampled = 20;
const samplePeriod = 100;
/** Connections whose dialling is remembered until the request that waited for them is over. */
const mostDials = 512;
/** Pools that are recorded one by one. */
const mostPools = 1000;

/** What is recorded of a pool. */
export class PoolRecord {
  readonly instance: string;
  readonly key: string;
  requests = 0;
  failed = 0;
  timeouts = 0;
  connectErrors = 0;
  readonly waits = new Histogram();
  /** Of the window before this one. */
  wait: Percentiles | undefined;

  constructor(instance: string, key: string) {
    this.instance = instance;
    this.key = key;
  }
}

export class RequestLog {
  readonly #reveal: boolean;
  readonly #pools = new Map<string, Map<string, PoolRecord>>();
  #poolCount = 0;
  /** The pool of the request before: most often that of the next one. */
  #lastPool = new PoolRecord('', '');
  readonly #dials = new Map<Pid, Dial>();
  readonly #durations = new Histogram();
  readonly #recent: RequestEntry[] = [];
  #next = 0;
  /** The slowest first; of those that took the same time, the first one first. */
  readonly #slowest = new Top<RequestEntry>(
    mostSlow,
    (one, other) => other.duration - one.duration || one.id - other.id,
  );
  #subscriptions: TelemetrySubscription[] = [];
  #since = 0;
  #count = 0;
  #failed = 0;
  #sampledSince = 0;
  #sampled = 0;
  #window: Percentiles | undefined;

  constructor({ reveal }: { readonly reveal: boolean }) {
    this.#reveal = reveal;
  }

  start(): void {
    this.#since = Date.now();
    this.#subscriptions = [
      subscribeTelemetry('request.stop', this.#onStop),
      subscribeTelemetry('request.exception', this.#onException),
      subscribeTelemetry('connect.stop', this.#onConnect),
      subscribeTelemetry('connect.exception', this.#onConnectException),
    ];
  }

  stop(): void {
    for (const end of this.#subscriptions.splice(0)) end();
    this.#pools.clear();
    this.#poolCount = 0;
    this.#lastPool = new PoolRecord('', '');
    this.#dials.clear();
    this.#recent.length = 0;
    this.#slowest.clear();
    this.#durations.take();
    this.#next = this.#count = this.#failed = 0;
    this.#window = undefined;
  }

  get figures(): RequestFigures | undefined {
    if (this.#subscriptions.length === 0) return undefined;
    return { since: this.#since, count: this.#count, failed: this.#failed, ...this.#window };
  }

  pool(instance: string, key: string): PoolRecord | undefined {
    return this.#pools.get(instance)?.get(key);
  }

  /** Begins a new window of the percentiles. */
  rotate(): void {
    this.#window = this.#durations.take();
    for (const pools of this.#pools.values()) {
      for (const record of pools.values()) record.wait = record.waits.take();
    }
  }

  /** The last ones first. */
  recent(count: number): RequestEntry[] {
    const entries: RequestEntry[] = [];
    for (let i = 1; i <= Math.min(count, this.#recent.length); i++) {
      const entry = this.#recent[(this.#next - i + mostRecent) % mostRecent];
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /** The slowest ones first. */
  slowest(count: number): RequestEntry[] {
    return this.#slowest.list().slice(0, count);
  }

  readonly #onStop = (event: TelemetryEvents['request.stop']): void => {
    this.#ended(event);
    if (this.#isSlow(event.duration) || this.#isSampled(event.time)) this.#keep(event, undefined);
  };

  readonly #onException = (event: TelemetryEvents['request.exception']): void => {
    const error = codeOf(event.error);
    const record = this.#ended(event);
    this.#failed++;
    record.failed++;
    if (error === 'ERR_FINCH_POOL_TIMEOUT') record.timeouts++;
    this.#keep(event, error);
  };

  readonly #onConnect = (event: TelemetryEvents['connect.stop']): void => {
    const { connection, duration, time } = event;
    if (connection === undefined) return;
    this.#dials.set(connection, { duration, time });
    if (this.#dials.size <= mostDials) return;
    const [oldest] = this.#dials.keys();
    if (oldest !== undefined) this.#dials.delete(oldest);
  };

  readonly #onConnectException = ({ name, pool }: TelemetryEvents['connect.exception']): void => {
    this.#poolOf(name, pool).connectErrors++;
  };

  #ended({ name, pool, duration, phases }: RequestEnd): PoolRecord {
    this.#count++;
    this.#durations.add(duration);
    const record = this.#poolOf(name, pool);
    record.requests++;
    if (phases.queue !== undefined) record.waits.add(phases.queue);
    return record;
  }

  #isSlow(duration: number): boolean {
    const { last } = this.#slowest;
    return last === undefined || duration > last.duration;
  }

  /** Of requests that come faster than a page could show them, some are kept; of others, each. */
  #isSampled(time: number): boolean {
    if (time - this.#sampledSince > samplePeriod) {
      this.#sampledSince = time;
      this.#sampled = 0;
    }
    return ++this.#sampled <= mostSampled;
  }

  #keep(event: RequestEnd, error: string | undefined): void {
    const { connection } = event;
    const dial = connection === undefined ? undefined : this.#dials.get(connection);
    if (connection !== undefined && dial !== undefined) this.#dials.delete(connection);
    const entry = entryOf(event, { error, dial, reveal: this.#reveal });
    this.#recent[this.#next] = entry;
    this.#next = (this.#next + 1) % mostRecent;
    this.#slowest.add(entry);
  }

  #poolOf(instance: string, key: string): PoolRecord {
    const last = this.#lastPool;
    if (last.key === key && last.instance === instance) return last;
    let pools = this.#pools.get(instance);
    if (pools === undefined) this.#pools.set(instance, (pools = new Map<string, PoolRecord>()));
    let record = pools.get(key);
    if (record === undefined) {
      record = new PoolRecord(instance, key);
      // A program may have had any number of them.
      if (this.#poolCount < mostPools) {
        pools.set(key, record);
        this.#poolCount++;
      }
    }
    this.#lastPool = record;
    return record;
  }
}

function codeOf(error: unknown): string {
  if (isFinchError(error)) return error.code;
  return error instanceof Error ? cut(error.name, 80) : 'an error that is none';
}
