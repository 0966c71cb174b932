/** Where connections lead, by their processes. */
import type { Pid } from '@linnet/otp';
import type { Subscriptions } from '../monitoring/subscriptions.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';

/** The other end of a connection. */
export interface Peer {
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly protocol: TelemetryEvents['connection.opened']['protocol'];
}

/** Knows the connections that were opened since it subscribed. */
export class Peers {
  private readonly peers = new WeakMap<Pid, Peer>();

  subscribe(subscriptions: Subscriptions): void {
    subscriptions.on('connection.opened', ({ connection, remoteAddress, remotePort, protocol }) => {
      if (connection === undefined) return;
      this.peers.set(connection, { address: remoteAddress, port: remotePort, protocol });
    });
  }

  of(connection: Pid): Peer | undefined {
    return this.peers.get(connection);
  }
}
