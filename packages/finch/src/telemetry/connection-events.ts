/** The events of connections and leases. */
import { now, type Pid } from '@linnet/otp';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Wire } from '@linnet/mint';
import * as channels from './channels.ts';
import type { ConnectionEvent } from './events.ts';
import { poolFacts } from './pool-facts.ts';

/** What the events of a connection report of it. */
export interface ObservedConnection {
  readonly owner: {
    readonly instance: string;
    readonly pool: PoolIdentity;
    readonly options: ResolvedPoolOptions;
  };
  readonly pid: Pid | undefined;
  readonly wire: Wire | undefined;
  readonly idledFor: number | undefined;
}

function facts({ owner, pid }: ObservedConnection, time?: number): ConnectionEvent {
  return { ...poolFacts(owner.instance, owner.pool, time), connection: pid };
}

function dialFacts(
  connection: ObservedConnection,
  time?: number,
): ConnectionEvent & { readonly proxy: string | undefined } {
  return { ...facts(connection, time), proxy: connection.owner.options.connOpts.proxy?.url };
}

export function connectStarted(connection: ObservedConnection): void {
  if (!channels.connectStart.hasSubscribers) return;
  channels.connectStart.publish({ ...dialFacts(connection), systemTime: Date.now() });
}

/** The connection is open; the dial began at `since`. */
export function connected(connection: ObservedConnection, since: number): void {
  if (channels.connectStop.hasSubscribers) {
    const time = now();
    channels.connectStop.publish({ ...dialFacts(connection, time), duration: time - since });
  }
  const { wire } = connection;
  if (wire === undefined || !channels.connectionOpened.hasSubscribers) return;
  const { protocol, info } = wire;
  const { localAddress, localPort, remoteAddress, remotePort } = info;
  channels.connectionOpened.publish({
    ...facts(connection),
    protocol,
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
  });
}

export function connectFailed(connection: ObservedConnection, since: number, error: unknown): void {
  if (!channels.connectException.hasSubscribers) return;
  const time = now();
  const duration = time - since;
  channels.connectException.publish({ ...dialFacts(connection, time), duration, error });
}

export function reused(connection: ObservedConnection): void {
  if (!channels.connectionReused.hasSubscribers || !connection.wire?.served) return;
  channels.connectionReused.publish({ ...facts(connection), idleTime: connection.idledFor });
}

export function idleTimedOut(connection: ObservedConnection, idleTime: number | undefined): void {
  if (!channels.connectionIdleTimeout.hasSubscribers) return;
  channels.connectionIdleTimeout.publish({ ...facts(connection), idleTime });
}

/** It accepts no further requests. */
export function drained(connection: ObservedConnection, reason: string): void {
  if (!channels.connectionDraining.hasSubscribers) return;
  channels.connectionDraining.publish({ ...facts(connection), reason });
}

/** A connection that was open since `since` has ended. */
export function closed(connection: ObservedConnection, since: number, reason: string): void {
  const { wire } = connection;
  if (wire === undefined || !channels.connectionClosed.hasSubscribers) return;
  const time = now();
  const { served } = wire;
  channels.connectionClosed.publish({
    ...facts(connection, time),
    reason,
    age: time - since,
    served,
  });
}

/** Returns when the lease began; 0 when no one subscribes to events of leases. */
export function leased(connection: ObservedConnection, holder: Pid | undefined): number {
  if (!channels.leaseStart.hasSubscribers && !channels.leaseStop.hasSubscribers) return 0;
  const time = now();
  if (channels.leaseStart.hasSubscribers) {
    channels.leaseStart.publish({ ...facts(connection, time), holder });
  }
  return time;
}

export function leaseOver(
  connection: ObservedConnection,
  holder: Pid | undefined,
  since: number,
  reason: 'released' | 'holder_down',
): void {
  if (since === 0 || !channels.leaseStop.hasSubscribers) return;
  const time = now();
  channels.leaseStop.publish({
    ...facts(connection, time),
    duration: time - since,
    holder,
    reason,
  });
}
