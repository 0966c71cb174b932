/** Listening to events, with their types. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channelName } from './channels.ts';
import type { TelemetryEventName, TelemetryEvents } from './events.ts';

/** Ends a subscription when it is called, or disposed of. */
export interface TelemetrySubscription extends Disposable {
  (): void;
}

/**
 * Calls a function with each event of a name, of all instances. Use it for
 * metrics, traces and logs; it is `diagnostics_channel.subscribe`, typed.
 *
 * The function runs synchronously where the event happens: keep it short. What it
 * throws becomes an `uncaughtException` and does not harm the request.
 *
 * Mirrors `:telemetry.attach/4`; see {@link TelemetryEvents} for the names.
 *
 * @example
 * const stop = subscribeTelemetry('request.stop', ({ pool, status, duration }) => {
 *   console.log(pool, status, duration);
 * });
 * stop();
 */
export function subscribeTelemetry<N extends TelemetryEventName>(
  name: N,
  handler: (event: TelemetryEvents[N]) => void,
): TelemetrySubscription {
  const listener = (event: unknown): void => handler(event as TelemetryEvents[N]);
  subscribe(channelName(name), listener);
  const end = (): void => void unsubscribe(channelName(name), listener);
  return Object.assign(end, { [Symbol.dispose]: end });
}
