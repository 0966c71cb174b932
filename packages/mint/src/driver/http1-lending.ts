/** An HTTP/1 connection in the hands of a user who speaks HTTP on it himself. */
import type { WireInfo } from '../wire.ts';
import { inCleanContext } from './clean-context.ts';
import { DriverSocket } from './lent-socket.ts';
import type { Lender } from './lent-socket.ts';
import type { SocketDriver } from './socket-driver.ts';

/** The wire whose connection is lent. */
export interface LendingWire {
  readonly info: WireInfo;
  /** The connection is back; false when it cannot go on. */
  returned(): boolean;
  /** Ends the connection at once. */
  break(): void;
}

export class Lending implements Lender {
  /** The connection as a stream, while a user has it. */
  socket: DriverSocket | undefined = undefined;
  private readonly driver: SocketDriver;
  private readonly wire: LendingWire;

  constructor(driver: SocketDriver, wire: LendingWire) {
    this.driver = driver;
    this.wire = wire;
  }

  get info(): WireInfo {
    return this.wire.info;
  }

  /** `unpolled`: what the server sent beyond its last response is to be seen before anything is written. */
  begin(unpolled: boolean): DriverSocket {
    const socket = inCleanContext(() => new DriverSocket(this.driver, this));
    if (unpolled) socket.cork();
    this.socket = socket;
    return socket;
  }

  reclaim(): boolean {
    const { socket } = this;
    // The wire is free from here on.
    this.socket = undefined;
    if (this.wire.returned()) return true;
    this.socket = socket;
    return false;
  }

  loanLost(): void {
    this.socket = undefined;
    this.wire.break();
  }

  /** The connection ends while a user has it, if one has; without an error the stream just closes. */
  end(error: Error | undefined): void {
    const { socket } = this;
    this.socket = undefined;
    socket?.lost(error);
  }
}
