/** The channels of all events. */
import { channel, type Channel } from 'node:diagnostics_channel';
import type { TelemetryEventName, TelemetryEvents } from './events.ts';

/** The name of an event's channel in `node:diagnostics_channel`. */
export function channelName<N extends TelemetryEventName>(name: N): `finch.${N}` {
  return `finch.${name}`;
}

/** One channel. Check `hasSubscribers` before making an event. */
export type EventChannel<N extends TelemetryEventName> = Omit<Channel<unknown>, 'publish'> & {
  publish(event: TelemetryEvents[N]): void;
};

const names = new Set<string>();

/** The names of all events. */
export const eventNames: ReadonlySet<string> = names;

function open<N extends TelemetryEventName>(name: N): EventChannel<N> {
  names.add(name);
  return channel(channelName(name));
}

export const requestStart: EventChannel<'request.start'> = open('request.start');
export const requestStop: EventChannel<'request.stop'> = open('request.stop');
export const requestException: EventChannel<'request.exception'> = open('request.exception');
export const requestRetry: EventChannel<'request.retry'> = open('request.retry');
export const queueStart: EventChannel<'queue.start'> = open('queue.start');
export const queueStop: EventChannel<'queue.stop'> = open('queue.stop');
export const queueException: EventChannel<'queue.exception'> = open('queue.exception');
export const queueFull: EventChannel<'queue.full'> = open('queue.full');
export const sendStart: EventChannel<'send.start'> = open('send.start');
export const sendStop: EventChannel<'send.stop'> = open('send.stop');
export const sendException: EventChannel<'send.exception'> = open('send.exception');
export const recvStart: EventChannel<'recv.start'> = open('recv.start');
export const recvStop: EventChannel<'recv.stop'> = open('recv.stop');
export const recvException: EventChannel<'recv.exception'> = open('recv.exception');
export const connectStart: EventChannel<'connect.start'> = open('connect.start');
export const connectStop: EventChannel<'connect.stop'> = open('connect.stop');
export const connectException: EventChannel<'connect.exception'> = open('connect.exception');
export const connectionOpened: EventChannel<'connection.opened'> = open('connection.opened');
export const connectionReused: EventChannel<'connection.reused'> = open('connection.reused');
export const connectionIdleTimeout: EventChannel<'connection.idle_timeout'> =
  open('connection.idle_timeout');
export const connectionDraining: EventChannel<'connection.draining'> = open('connection.draining');
export const connectionClosed: EventChannel<'connection.closed'> = open('connection.closed');
export const alternativeSetAside: EventChannel<'alternative.set_aside'> =
  open('alternative.set_aside');
export const leaseStart: EventChannel<'lease.start'> = open('lease.start');
export const leaseStop: EventChannel<'lease.stop'> = open('lease.stop');
export const poolStarted: EventChannel<'pool.started'> = open('pool.started');
export const poolIdleTimeout: EventChannel<'pool.idle_timeout'> = open('pool.idle_timeout');
export const poolStopped: EventChannel<'pool.stopped'> = open('pool.stopped');

/** Whether any event of requests has subscribers. */
export function requestsWatched(): boolean {
  return (
    requestStop.hasSubscribers ||
    requestStart.hasSubscribers ||
    requestException.hasSubscribers ||
    requestRetry.hasSubscribers ||
    queueStart.hasSubscribers ||
    queueStop.hasSubscribers ||
    queueException.hasSubscribers ||
    sendStart.hasSubscribers ||
    sendStop.hasSubscribers ||
    sendException.hasSubscribers ||
    recvStart.hasSubscribers ||
    recvStop.hasSubscribers ||
    recvException.hasSubscribers
  );
}

/** Whether any event with the idle time of a connection has subscribers. */
export function idlenessWatched(): boolean {
  return (
    queueStop.hasSubscribers ||
    sendStart.hasSubscribers ||
    sendStop.hasSubscribers ||
    sendException.hasSubscribers ||
    recvStart.hasSubscribers ||
    recvStop.hasSubscribers ||
    recvException.hasSubscribers ||
    connectionReused.hasSubscribers ||
    connectionIdleTimeout.hasSubscribers
  );
}
