/**
 * Requests of all instances, as far as they are recorded: the last ones, the slowest ones, and figures of
 * each pool. What happens for each request is kept short; documents are made when one is asked for.
 */
import {
  isFinchError,
  subscribeTelemetry,
  type RequestPhases,
  type TelemetryEvents,
  type TelemetrySubscription,
} from '@linnet/finch';
import type { Pid } from '@linnet/otp';
import type { PhaseTimes, RequestFigures, RequestRow } from '../protocol/documents.ts';
import type { Redact } from '../options.ts';
import { round, SampleRing } from './sample-ring.ts';
import { cut, given } from './show.ts';

type End = TelemetryEvents['request.stop'] | TelemetryEvents['request.exception'];

/** What is kept of a request; nothing of its body. */
interface Entry {
  readonly id: number;
  readonly at: number;
  readonly instance: string;
  readonly pool: string;
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly headers: readonly string[] | undefined;
  readonly duration: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly attempts: number;
  readonly protocol: string | undefined;
  readonly connection: Pid | undefined;
  readonly bytes: number;
  readonly phases: RequestPhases;
  readonly connect: number | undefined;
}

const mostRecent = 100;
const mostSlow = 50;
/** Requests that are kept in one period (in ms), beside those that failed or are among the slowest. */
const mostSampled = 20;
const samplePeriod = 100;
/** Headers of one request that are shown. */
const mostHeaders = 50;
/** Connections whose dialling is remembered until the request that waited for them is over. */
const mostDials = 512;

/** What is recorded of a pool. */
export class PoolRecord {
  requests = 0;
  failed = 0;
  timeouts = 0;
  connectErrors = 0;
  readonly waits = new SampleRing();
  /** Of the window before this one. */
  wait: { readonly p50: number; readonly p99: number } | undefined;
}

export class RequestLog {
  readonly #redact: Redact;
  readonly #reveal: boolean;
  readonly #pools = new Map<string, Map<string, PoolRecord>>();
  readonly #dials = new Map<Pid, { readonly duration: number; readonly time: number }>();
  readonly #durations = new SampleRing();
  #subscriptions: TelemetrySubscription[] = [];
  #recent: Entry[] = [];
  #next = 0;
  /** The slowest first. */
  #slowest: Entry[] = [];
  #since = 0;
  #count = 0;
  #sampledSince = 0;
  #sampled = 0;
  #failed = 0;
  #window: { readonly p50: number; readonly p99: number } | undefined;

  constructor(options: { readonly redact: Redact; readonly reveal: boolean }) {
    this.#redact = options.redact;
    this.#reveal = options.reveal;
  }

  start(): void {
    this.#since = Date.now();
    this.#subscriptions = [
      subscribeTelemetry('request.stop', (event) => this.#ended(event, undefined)),
      subscribeTelemetry('request.exception', (event) => this.#ended(event, codeOf(event.error))),
      subscribeTelemetry('connect.stop', ({ connection, duration, time }) => {
        if (connection === undefined) return;
        this.#dials.set(connection, { duration, time });
        if (this.#dials.size <= mostDials) return;
        const [oldest] = this.#dials.keys();
        if (oldest !== undefined) this.#dials.delete(oldest);
      }),
      subscribeTelemetry('connect.exception', ({ name, pool }) => {
        this.#poolOf(name, pool).connectErrors++;
      }),
    ];
  }

  stop(): void {
    for (const end of this.#subscriptions.splice(0)) end();
    this.#pools.clear();
    this.#dials.clear();
    this.#recent = [];
    this.#slowest = [];
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
  recent(count: number): Array<readonly [id: string, row: RequestRow]> {
    const entries: Entry[] = [];
    for (let i = 1; i <= Math.min(count, this.#recent.length); i++) {
      const entry = this.#recent[(this.#next - i + mostRecent) % mostRecent];
      if (entry !== undefined) entries.push(entry);
    }
    return entries.map((entry) => this.#show(entry));
  }

  /** The slowest ones first. */
  slowest(count: number): Array<readonly [id: string, row: RequestRow]> {
    return this.#slowest.slice(0, count).map((entry) => this.#show(entry));
  }

  #ended(event: End, error: string | undefined): void {
    this.#count++;
    this.#durations.add(event.duration);
    const record = this.#poolOf(event.name, event.pool);
    record.requests++;
    const { queue } = event.phases;
    if (queue !== undefined) record.waits.add(queue);
    if (error !== undefined) {
      this.#failed++;
      record.failed++;
      if (error === 'ERR_FINCH_POOL_TIMEOUT') record.timeouts++;
    }
    const slowest = this.#slowest;
    const last = slowest.at(-1);
    const isSlow =
      last === undefined || slowest.length < mostSlow || event.duration > last.duration;
    const isShown = error !== undefined || this.#isSampled(event.time);
    if (!isSlow && !isShown) return;
    const entry = this.#entry(event, error);
    if (isShown) {
      this.#recent[this.#next] = entry;
      this.#next = (this.#next + 1) % mostRecent;
    }
    if (!isSlow) return;
    const index = slowest.findIndex(({ duration }) => duration < event.duration);
    slowest.splice(index < 0 ? slowest.length : index, 0, entry);
    if (slowest.length > mostSlow) slowest.pop();
  }

  /** Of requests that come faster than a page could show them, some are kept; of others, each. */
  #isSampled(time: number): boolean {
    if (time - this.#sampledSince > samplePeriod) {
      this.#sampledSince = time;
      this.#sampled = 0;
    }
    return ++this.#sampled <= mostSampled;
  }

  #entry(event: End, error: string | undefined): Entry {
    const { request, connection, phases } = event;
    const dial = connection === undefined ? undefined : this.#dials.get(connection);
    if (connection !== undefined && dial !== undefined) this.#dials.delete(connection);
    return {
      id: event.id,
      at: Date.now(),
      instance: event.name,
      pool: event.pool,
      method: request.method,
      path: request.path,
      query: request.query,
      headers: this.#reveal ? request.headers : undefined,
      duration: event.duration,
      status: event.status,
      error,
      attempts: event.attempts,
      protocol: event.protocol,
      connection,
      bytes: event.bytesReceived,
      phases,
      connect: dial === undefined ? undefined : connectTime(event, dial),
    };
  }

  #poolOf(instance: string, key: string): PoolRecord {
    let pools = this.#pools.get(instance);
    if (pools === undefined) this.#pools.set(instance, (pools = new Map<string, PoolRecord>()));
    let record = pools.get(key);
    if (record === undefined) pools.set(key, (record = new PoolRecord()));
    return record;
  }

  #show(entry: Entry): readonly [id: string, row: RequestRow] {
    const { id, at, instance, pool, attempts, bytes } = entry;
    const row: RequestRow = {
      at,
      instance,
      pool,
      method: cut(entry.method, 20),
      path: cut(this.#pathOf(entry), 300),
      duration: round(entry.duration),
      ...given('status', entry.status),
      ...given('error', entry.error),
      attempts,
      ...given('protocol', entry.protocol),
      ...given('connection', entry.connection?.toString()),
      bytes,
      phases: phaseTimes(entry),
      ...given('headers', this.#headersOf(entry)),
    };
    return [String(id), row];
  }

  /** Queries carry what users looked for, and now and then a key. */
  #pathOf({ path, query }: Entry): string {
    if (query === undefined || query === '') return path;
    if (!this.#reveal) return `${path}?…`;
    const shown = query.split('&').map((pair) => {
      const [name = '', ...value] = pair.split('=');
      const replaced = this.#redact(decoded(name), decoded(value.join('=')));
      return replaced === undefined ? pair : `${name}=${replaced}`;
    });
    return `${path}?${shown.join('&')}`;
  }

  #headersOf({ headers }: Entry): Array<readonly [string, string]> | undefined {
    if (headers === undefined) return undefined;
    const shown: Array<readonly [string, string]> = [];
    for (let i = 0; i + 1 < headers.length && shown.length < mostHeaders; i += 2) {
      const [name = '', value = ''] = headers.slice(i, i + 2);
      shown.push([cut(name, 100), cut(this.#redact(name, value) ?? value, 500)]);
    }
    return shown;
  }
}

/** How much of the wait for a connection was the opening of the one that it got. */
function connectTime(
  { time, phases }: End,
  dial: { readonly duration: number; readonly time: number },
): number | undefined {
  const { queue = 0, send = 0, wait = 0, receive = 0 } = phases;
  const granted = time - send - wait - receive;
  const overlap =
    Math.min(dial.time, granted) - Math.max(granted - queue, dial.time - dial.duration);
  return overlap > 0 ? overlap : undefined;
}

function phaseTimes({ phases, connect }: Entry): PhaseTimes {
  const { queue, send, wait, receive } = phases;
  const waited = queue === undefined ? undefined : Math.max(0, queue - (connect ?? 0));
  return {
    ...shownTime('queue', waited),
    ...shownTime('connect', connect),
    ...shownTime('send', send),
    ...shownTime('wait', wait),
    ...shownTime('receive', receive),
  };
}

const shownTime = (phase: keyof PhaseTimes, ms: number | undefined): PhaseTimes =>
  ms === undefined ? {} : { [phase]: round(ms) };

function codeOf(error: unknown): string {
  if (isFinchError(error)) return error.code;
  return error instanceof Error ? cut(error.name, 80) : 'an error that is none';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
