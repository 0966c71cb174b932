/** A new HTTP/2 connection whose server has not said yet how many requests it takes at a time. */
import { arm, type Timer, type TimeoutTarget } from '@linnet/otp';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError, ConnectTimeoutError } from '../errors/index.ts';
import type { Wire } from '@linnet/mint';

export class Settling implements TimeoutTarget {
  private readonly wire: Wire;
  private readonly origin: string;
  private readonly limit: number;
  private readonly done: (error?: Error) => void;
  private readonly timer: Timer | undefined;

  /**
   * Calls `done` when the wire is settled, or with an error when it ends first or when opening it,
   * which took `waited` ms so far, takes more than `limit` in all.
   */
  constructor(
    wire: Wire,
    origin: string,
    limit: number,
    waited: number,
    done: (error?: Error) => void,
  ) {
    this.wire = wire;
    this.origin = origin;
    this.limit = limit;
    this.done = done;
    if (limit !== Number.POSITIVE_INFINITY) {
      this.timer = arm(this, Math.max(1, Math.ceil(limit - waited)));
    }
    wire.onChange = () => {
      if (wire.settled) this.settle();
    };
    wire.onClosed = (cause) => {
      const phase = 'connect';
      const details = {
        origin,
        phase,
        requestSent: false,
        cause: cause && fromMint(cause),
      } as const;
      this.settle(new ConnectionClosedError(details));
    };
  }

  onTimeout(): void {
    const { origin, limit, wire } = this;
    this.settle(new ConnectTimeoutError({ origin, waited: limit, limit }));
    wire.destroy();
  }

  /** Nobody wants the connection any more. */
  cancel(): void {
    this.detach();
    this.wire.destroy();
  }

  private settle(error?: Error): void {
    this.detach();
    this.done(error);
  }

  private detach(): void {
    this.timer?.cancel();
    this.wire.onChange = this.wire.onClosed = () => {};
  }
}
