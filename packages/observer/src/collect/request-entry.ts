/** What is kept of one request; nothing of its body. */
import type { RequestPhases, TelemetryEvents } from '@linnet/finch';
import type { Pid } from '@linnet/otp';

/** The end of a request, as it is told. */
export type RequestEnd = TelemetryEvents['request.stop'] | TelemetryEvents['request.exception'];

/** How long a connection took to open, and when it was open. */
export interface Dial {
  readonly duration: number;
  readonly time: number;
}

export interface RequestEntry {
  readonly id: number;
  readonly at: number;
  readonly instance: string;
  readonly pool: string;
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  /** Name, value, name, value, … */
  readonly headers: readonly string[] | undefined;
  readonly duration: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly attempts: number;
  readonly protocol: string | undefined;
  readonly connection: Pid | undefined;
  readonly bytes: number;
  readonly phases: RequestPhases;
  /** How much of its wait for a connection was the opening of the one that it got. */
  readonly connect: number | undefined;
}

export interface EntryFacts {
  /** The code of what it failed with. */
  readonly error: string | undefined;
  /** The opening of its connection, when it was the first on it. */
  readonly dial: Dial | undefined;
  /** Whether its headers are kept. */
  readonly reveal: boolean;
}

export function entryOf(event: RequestEnd, { error, dial, reveal }: EntryFacts): RequestEntry {
  const { request } = event;
  return {
    id: event.id,
    at: Date.now(),
    instance: event.name,
    pool: event.pool,
    method: request.method,
    path: request.path,
    query: request.query,
    headers: reveal ? request.headers : undefined,
    duration: event.duration,
    status: event.status,
    error,
    attempts: event.attempts,
    protocol: event.protocol,
    connection: event.connection,
    bytes: event.bytesReceived,
    phases: event.phases,
    connect: dial === undefined ? undefined : connectTime(event, dial),
  };
}

function connectTime({ time, phases }: RequestEnd, dial: Dial): number | undefined {
  const { queue = 0, send = 0, wait = 0, receive = 0 } = phases;
  const granted = time - send - wait - receive;
  const overlap =
    Math.min(dial.time, granted) - Math.max(granted - queue, dial.time - dial.duration);
  return overlap > 0 ? overlap : undefined;
}
