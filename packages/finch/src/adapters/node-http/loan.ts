/** One stream of an agent: it waits for a connection, has it for a request, and gives it back. */
import type { Duplex } from 'node:stream';
import type { LentSocket } from '@linnet/mint';
import type { AwaitedCheckout } from '../../exchange/awaited-checkout.ts';
import { callerContext, type CallerContext } from '../../exchange/caller-context.ts';
import { awaitLease } from '../../exchange/checkout-lease.ts';
import type { Lease } from '../../exchange/lease.ts';
import type { PoolIdentity } from '../../identity/index.ts';
import type { InstanceRef } from '../../instance/instance-ref.ts';
import type { ResolvedCheckoutOptions } from '../../options/index.ts';
import { asNode } from '../adapter-error.ts';

/** By stream, of all agents. */
export const loans = new WeakMap<Duplex, Loan>();

export class Loan {
  private readonly socket: LentSocket;
  private readonly ref: InstanceRef;
  private readonly pool: PoolIdentity;
  private readonly limits: ResolvedCheckoutOptions;
  /** Set from the beginning of a request to its end. */
  private awaited: AwaitedCheckout<Lease> | undefined = undefined;
  private lease: Lease | undefined = undefined;
  /** How long the server keeps the connection while it is idle, in ms, as its response said. */
  private idleLimit: number | undefined = undefined;
  /** Where a request that has to wait goes on; what comes at once is there already. */
  private inCaller: CallerContext | undefined = undefined;

  constructor(
    socket: LentSocket,
    ref: InstanceRef,
    pool: PoolIdentity,
    limits: ResolvedCheckoutOptions,
  ) {
    this.socket = socket;
    this.ref = ref;
    this.pool = pool;
    this.limits = limits;
    socket.once('close', () => this.over());
  }

  /** A request has the stream: a connection is waited for. What fails, fails by the stream. */
  begin(): void {
    const { leased, refused } = this;
    this.inCaller = undefined;
    try {
      const instance = this.ref.running();
      this.awaited = awaitLease(instance, this.pool, this.limits, false, leased, refused);
      if (this.lease === undefined) this.inCaller = callerContext();
    } catch (error) {
      this.refused(error as Error);
    }
  }

  /** Another request has the stream. */
  beginAgain(): void {
    this.socket.awaitConnection();
    this.begin();
  }

  /** A response has begun. */
  responded(idleLimit: number | undefined): void {
    this.idleLimit = idleLimit;
  }

  /** The request is over. False when its connection cannot go on: then the stream is to be destroyed. */
  giveBack(): boolean {
    if (!this.socket.giveBack(this.idleLimit)) return false;
    this.lease?.release();
    this.awaited = this.lease = undefined;
    return true;
  }

  /** @internal */
  attach(lease: Lease): void {
    this.lease = lease;
    try {
      lease.socket(this.socket);
    } catch (error) {
      this.socket.destroy(asNode(error as Error));
    }
  }

  private readonly leased = (lease: Lease): void => {
    if (this.inCaller === undefined) this.attach(lease);
    else this.inCaller(attach, this, lease);
  };

  private readonly refused = (error: Error): void => {
    // Node.js listens to the stream from the next tick on.
    const fail = (): void => void this.socket.destroy(asNode(error));
    if (this.inCaller === undefined) queueMicrotask(fail);
    else this.inCaller(queueMicrotask, fail);
  };

  /** The stream is closed: by the request, which may still be waiting, or with its connection. */
  private over(): void {
    this.awaited?.cancel('the request was destroyed');
    this.lease?.release();
  }
}

function attach(loan: Loan, lease: Lease): void {
  loan.attach(lease);
}
