/** Listening to events, with their types. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { nearestOf } from '@linnet/otp/options';
import { OptionsError } from '../errors/input-errors.ts';
import { channelName, eventNames } from './channels.ts';
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
 * @throws OptionsError for a name that no event has, and without a function.
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
  checkName(name);
  if (typeof handler !== 'function') {
    const allowed = 'a function of the event';
    throw new OptionsError({ option: 'handler', value: handler, allowed });
  }
  const listener = (event: unknown): void => handler(event as TelemetryEvents[N]);
  subscribe(channelName(name), listener);
  const end = (): void => void unsubscribe(channelName(name), listener);
  return Object.assign(end, { [Symbol.dispose]: end });
}

function checkName(name: string): void {
  if (eventNames.has(name)) return;
  const nearest = nearestOf(String(name), eventNames);
  throw new OptionsError({
    option: 'name',
    value: name,
    scope: 'arguments of subscribeTelemetry',
    detail: nearest === undefined ? undefined : `did you mean ${nearest}?`,
    allowed: [...eventNames].join(', '),
  });
}
