/** An HTTP/1 connection in the hands of a user who speaks HTTP on it himself. */
import { InvalidRequestError } from '../../errors/index.ts';
import type { LentSocket, WireInfo } from '../../wire.ts';
import { inCleanContext } from '../clean-context.ts';
import { DriverSocket } from './lent-socket.ts';
import type { Lender } from './lent-socket.ts';
import type { SocketDriver } from '../socket/socket-driver.ts';

/** The wire whose connection is lent. */
export interface LendingWire {
  readonly info: WireInfo;
  /** The connection is back; false when it cannot go on. `idleLimit`: see {@link Lender}. */
  returned(idleLimit: number | undefined): boolean;
  /** Ends the connection at once. */
  break(): void;
}

export class Lending implements Lender {
  /** The connection as a stream, while a user has it. */
  socket: DriverSocket | undefined = undefined;
  /** The stream by which it was given back last: it ends with the connection, unless it had another one since. */
  private rested: DriverSocket | undefined = undefined;
  private readonly driver: SocketDriver;
  private readonly wire: LendingWire;

  constructor(driver: SocketDriver, wire: LendingWire) {
    this.driver = driver;
    this.wire = wire;
  }

  get info(): WireInfo {
    return this.wire.info;
  }

  /**
   * Lends it as the stream of `again`, which has no connection at this moment, or as a new one.
   * `unpolled`: what the server sent beyond its last response is to be seen before anything is written.
   */
  begin(unpolled: boolean, again: DriverSocket | undefined): DriverSocket {
    const socket = again ?? inCleanContext(() => new DriverSocket());
    this.socket = socket;
    socket.attach(this.driver, this, !unpolled);
    return socket;
  }

  reclaim(idleLimit: number | undefined): boolean {
    const { socket, rested } = this;
    // The wire is free from here on.
    this.socket = undefined;
    if (this.wire.returned(idleLimit)) {
      this.rested = socket;
      if (rested !== socket) this.discard(rested);
      return true;
    }
    this.socket = socket;
    return false;
  }

  loanLost(): void {
    this.socket = undefined;
    this.wire.break();
  }

  /** The connection ends while a user has it, if one has; without an error the stream just closes. */
  end(error: Error | undefined): void {
    const { socket, rested } = this;
    this.socket = this.rested = undefined;
    socket?.lost(error);
    this.discard(rested);
  }

  /** A stream whose last connection is gone, or another stream's, is of no more use. */
  private discard(socket: DriverSocket | undefined): void {
    if (socket?.restsWith(this) === true) socket.destroy();
  }
}

/** The stream that is to have a connection again. @throws InvalidRequestError when it is none, or has one. */
export function lendable(stream: LentSocket | undefined): DriverSocket | undefined {
  if (stream === undefined) return undefined;
  if (stream instanceof DriverSocket && !stream.lent && !stream.destroyed) return stream;
  throw new InvalidRequestError({
    option: 'again',
    value: stream,
    problem: 'The stream cannot have a connection',
    allowed: 'a stream of createLentSocket, or one of lend that was given back, and not destroyed',
  });
}
