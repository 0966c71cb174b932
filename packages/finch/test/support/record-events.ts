/** Records telemetry events for one test. */
import { onTestFinished } from 'vitest';
import { subscribeTelemetry } from '../../src/index.ts';
import type { TelemetryEventName, TelemetryEvents } from '../../src/index.ts';

const pool = ['name', 'pool', 'tag', 'scheme', 'host', 'port', 'time'];
const request = [...pool, 'id', 'request'];
const outcome = ['status', 'attempts', 'protocol', 'connection', 'phases', 'bytesReceived'];
const where = ['connection', 'idleTime'];
const connection = [...pool, 'connection'];

/** All keys of each event. */
const keys: Readonly<Record<TelemetryEventName, readonly string[]>> = {
  'request.start': [...request, 'systemTime', 'setHeader'],
  'request.stop': [...request, 'duration', ...outcome],
  'request.exception': [...request, 'duration', 'error', ...outcome],
  'request.retry': [...request, 'error', 'attempts'],
  'queue.start': [...request, 'systemTime'],
  'queue.stop': [...request, 'duration', ...where],
  'queue.exception': [...request, 'duration', 'error'],
  'queue.full': [...pool, 'size', 'inUse', 'inFlight', 'idle', 'connecting', 'queued'],
  'send.start': [...request, 'systemTime', ...where],
  'send.stop': [...request, 'duration', ...where],
  'send.exception': [...request, 'duration', 'error', ...where],
  'recv.start': [...request, 'systemTime', ...where],
  'recv.stop': [...request, 'duration', ...where, 'status', 'headers', 'trailers'],
  'recv.exception': [...request, 'duration', 'error', ...where, 'status'],
  'connect.start': [...connection, 'proxy', 'systemTime'],
  'connect.stop': [...connection, 'proxy', 'duration'],
  'connect.exception': [...connection, 'proxy', 'duration', 'error'],
  'connection.opened': [
    ...connection,
    'protocol',
    'localAddress',
    'localPort',
    'remoteAddress',
    'remotePort',
  ],
  'connection.reused': [...connection, 'idleTime'],
  'connection.idle_timeout': [...connection, 'idleTime'],
  'connection.draining': [...connection, 'reason'],
  'connection.closed': [...connection, 'reason', 'age', 'served'],
  'lease.start': [...connection, 'holder'],
  'lease.stop': [...connection, 'duration', 'holder', 'reason'],
  'alternative.set_aside': [...pool, 'alternative', 'reason', 'error'],
  'pool.started': [...pool, 'supervisor', 'userManaged'],
  'pool.idle_timeout': [...pool, 'idleTime'],
  'pool.stopped': [...pool, 'supervisor', 'userManaged', 'reason'],
};

/** The names of all events. */
export const eventNames = Object.keys(keys) as TelemetryEventName[];

export interface Recorded {
  /** The names, in order. */
  readonly names: TelemetryEventName[];
  /** All events of a name. */
  of<N extends TelemetryEventName>(name: N): TelemetryEvents[N][];
  /** The first event of a name. */
  first<N extends TelemetryEventName>(name: N): TelemetryEvents[N];
  /** Keys that were missing or too many. */
  readonly wrongKeys: string[];
  clear(): void;
}

/** Listens to events, to all of them by default, until the end of the test. */
export function recordEvents(names: readonly TelemetryEventName[] = eventNames): Recorded {
  const recorded: { name: TelemetryEventName; event: unknown }[] = [];
  const wrongKeys: string[] = [];
  const subscriptions = names.map((name) =>
    subscribeTelemetry(name, (event) => {
      recorded.push({ name, event });
      for (const key of keys[name]) if (!(key in event)) wrongKeys.push(`${name} lacks ${key}`);
      for (const key of Object.keys(event)) {
        if (!keys[name].includes(key)) wrongKeys.push(`${name} has ${key}`);
      }
    }),
  );
  onTestFinished(() => {
    for (const end of subscriptions) end();
  });
  const of = <N extends TelemetryEventName>(name: N): TelemetryEvents[N][] =>
    recorded.filter((it) => it.name === name).map((it) => it.event as TelemetryEvents[N]);
  return {
    get names() {
      return recorded.map(({ name }) => name);
    },
    of,
    first: (name) => {
      const [event] = of(name);
      if (event === undefined) throw new Error(`no event ${name}`);
      return event;
    },
    wrongKeys,
    clear: () => void (recorded.length = 0),
  };
}
