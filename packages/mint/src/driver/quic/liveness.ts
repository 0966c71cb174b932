/**
 * Whether the peer of a QUIC connection is still there: PINGs that are asked
 * for, those that keep a connection with requests from idling, and those that
 * find out whether the network is right when it says that the peer is gone.
 */
import type { QuicConnection } from '../../quic/backend.ts';
import { inCleanContext } from '../clean-context.ts';
import type { Alarm, Clock } from '../clock.ts';
import { QuicPings } from './pings.ts';

/** How long the peer may be silent after the network said that nothing listens there, in ms. */
const probeTime = 1000;

export class QuicLiveness {
  private readonly connection: QuicConnection;
  private readonly clock: Clock;
  private readonly interval: number;
  private readonly schedule: () => void;
  private readonly pings = new QuicPings();
  private isWanted = false;
  private keepAlive: Alarm | undefined;
  /** Waits for packets beyond these, after the network said that the peer is gone. */
  private probe: Alarm | undefined;
  private packetsBefore = 0;
  private isProbed = false;

  /** `interval` is how often a connection that is wanted is kept from idling, in ms; `schedule` has a PING sent. */
  constructor(connection: QuicConnection, clock: Clock, interval: number, schedule: () => void) {
    this.connection = connection;
    this.clock = clock;
    this.interval = interval;
    this.schedule = schedule;
  }

  /** A PING that is answered after so many ms. */
  ping(): Promise<number> {
    const answered = this.pings.add(this.clock.now());
    this.send();
    return answered;
  }

  /** There are requests, or none any more. The timer is left to go off: requests come and go more often. */
  want(isWanted: boolean): void {
    this.isWanted = isWanted;
    if (isWanted && this.keepAlive === undefined) inCleanContext(this.arm);
  }

  /** The network says that nothing listens there. ICMP is not authenticated: a peer that answers is there. */
  doubt(): void {
    if (this.probe !== undefined) return;
    this.packetsBefore = this.connection.packetsReceived;
    this.send();
    const judge = (): void => {
      this.probe = undefined;
      this.isProbed = true;
      this.schedule();
    };
    this.probe = this.clock.after(probeTime, judge, true);
  }

  /** Whether the doubt has proved right. Asked when the sockets were polled. */
  isGone(): boolean {
    if (!this.isProbed) return false;
    this.isProbed = false;
    return this.connection.packetsReceived === this.packetsBefore;
  }

  /** Datagrams were taken. */
  received(): void {
    if (this.pings.isEmpty) return;
    this.pings.received(this.connection.packetsReceived, this.clock.now());
  }

  /** All that was due has been sent. */
  sent(): void {
    if (!this.pings.isEmpty) this.pings.sent(this.connection.packetsReceived);
  }

  /** The connection is over. */
  end(error: () => Error): void {
    this.isWanted = false;
    this.keepAlive?.cancel();
    this.probe?.cancel();
    this.pings.end(error);
  }

  private send(): void {
    this.connection.ping();
    this.schedule();
  }

  private readonly arm = (): void => {
    if (this.interval === Infinity) return;
    const idle = this.connection.peerIdleTimeout ?? Infinity;
    this.keepAlive = this.clock.after(Math.min(this.interval, idle / 3), this.onKeepAlive, true);
  };

  private readonly onKeepAlive = (): void => {
    this.keepAlive = undefined;
    if (!this.isWanted) return;
    this.send();
    this.arm();
  };
}
