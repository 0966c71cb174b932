/**
 * When the frames of a connection are written: all of a turn together at its
 * end, and not while the socket has enough.
 */
import type { SendOutput } from './send-queue.ts';
import { outputSize, SendQueue } from './send-queue.ts';
import type { SocketDriver } from '../socket/socket-driver.ts';
import { turn } from '../turn.ts';
import type { TurnUser } from '../turn.ts';

/** Has frames that wait. */
export interface OutputSource extends SendOutput {
  /** All that waits. */
  take(): Buffer;
  /** The same, in memory that is used again after `written`. */
  lend(): Buffer;
  /** The oldest of what was lent is written. */
  written(): void;
  /** Has a GOAWAY wait. */
  close(reason?: string): void;
}

export class Http2Output implements TurnUser {
  /** Who has bytes for streams. */
  readonly senders = new SendQueue();
  /** How often something was written. */
  writes = 0;

  private readonly source: OutputSource;
  private readonly driver: SocketDriver;
  private readonly onTurn: () => void;
  /** The end of the turn is awaited. */
  private queued = false;
  /** The socket takes no more at this moment. */
  private blocked = false;
  private closed = false;

  /** `onTurn` is called at the end of each turn in which something was scheduled. */
  constructor(source: OutputSource, driver: SocketDriver, onTurn: () => void) {
    this.source = source;
    this.driver = driver;
    this.onTurn = onTurn;
  }

  /** Whether more may be added to what is written at the end of the turn. */
  get hasRoom(): boolean {
    return !this.blocked && this.senders.isEmpty && this.source.waiting < outputSize;
  }

  /** Writes at the end of the turn. */
  schedule(): void {
    if (this.queued) return;
    this.queued = true;
    turn.add(this);
  }

  flush(): void {
    this.queued = false;
    // What is written to a socket that has gone would not be sent.
    if (this.closed || this.driver.isGone) return;
    if (!this.blocked) {
      const hasMore = this.senders.pump(this.source);
      this.write();
      // Others have their turn in between.
      if (hasMore && !this.blocked) this.schedule();
    }
    this.onTurn();
  }

  /** The socket takes more again. */
  drained(): void {
    this.blocked = false;
    if (!this.queued) this.flush();
  }

  /**
   * Says that the connection ends, and closes it after the next turn, whether or not the server
   * reads that. What was not written is dropped, unless the connection ends in order.
   */
  close(reason: string | undefined, isOrderly: boolean): void {
    if (this.closed) return;
    this.closed = true;
    const { source, driver } = this;
    // Without the preface, GOAWAY would be no frame.
    if (this.writes > 0 && !this.blocked) {
      if (!isOrderly) source.take();
      source.close(reason);
      this.send();
    }
    driver.end();
    turn.addAfterPoll({ flush: () => driver.destroy() });
  }

  private write(): void {
    if (this.source.waiting === 0) return;
    this.writes++;
    this.blocked = !this.send();
  }

  private send(): boolean {
    const { source, driver } = this;
    return driver.copiesWrites
      ? driver.write(source.lend(), this.onWritten)
      : driver.write(source.take());
  }

  private readonly onWritten = (error?: Error | null): void => {
    if (error === undefined || error === null) this.source.written();
  };
}
