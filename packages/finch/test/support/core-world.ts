/** The core of a pool without a process: connections that are nothing but their machine, waiters that record. */
import { transition } from 'xstate';
import type { PoolOptions } from '../../src/index.ts';
import { connectionMachine, type ConnectionMachineEvent } from '../../src/connection/machine.ts';
import type { CloseReason, ConnectionOwner, ConnectionState } from '../../src/connection/owner.ts';
import { parsePoolOptions } from '../../src/options/index.ts';
import { PoolCore } from '../../src/pool/core.ts';
import type { PoolEffects } from '../../src/pool/effects.ts';
import { HostLimits } from '../../src/pool/host-limits.ts';
import { poolFrom } from '../../src/identity/index.ts';
import type { PoolConnection } from '../../src/pool/pool-connection.ts';
import type { WaitQueue, Waiter } from '../../src/pool/wait-queue.ts';

type Core = ConnectionOwner<BareConnection>;

/** The machine alone: nothing is dialled, and no idle time ends. */
const machine = connectionMachine.provide({
  actions: { connect: () => {}, ignore: () => {}, idleTimeOver: () => {} },
  delays: { idleTime: 1 },
});

/** A connection without process and socket. It takes the transitions of the real machine, and throws at one that is refused. */
export class BareConnection implements PoolConnection<BareConnection> {
  readonly core: Core;
  protocol: 'http1' | 'http2' | 'http3' | undefined = undefined;
  limitKnown = false;
  isExpired = false;
  closeReason: CloseReason = 'closed';
  served = 0;
  overflow = false;
  successor = false;
  lostBefore = 0;
  users = 0;
  unlisted = false;
  list: object | undefined = undefined;
  above: BareConnection | undefined = undefined;
  below: BareConnection | undefined = undefined;
  #snapshot = machine.resolveState({ value: 'connecting' });
  /** What the server allows at a time. */
  #streams = 0;
  /** Its process is dead, of which the core has not been told yet. */
  #isDead = false;

  constructor(core: Core) {
    this.core = core;
  }

  get state(): ConnectionState {
    return this.#snapshot.value as ConnectionState;
  }

  get shared(): boolean {
    return this.protocol === 'http2' || this.protocol === 'http3';
  }

  get reusable(): boolean {
    return (this.state === 'idle' || this.state === 'in_use') && !this.isExpired;
  }

  get limit(): number {
    return this.#streams;
  }

  get acceptsRequests(): boolean {
    return !this.shared || this.#streams > 0;
  }

  get inFlight(): number {
    return this.unlisted ? this.users - 1 : this.users;
  }

  get availableStreams(): number {
    if (this.state !== 'idle' && this.state !== 'in_use') return 0;
    return this.unlisted || this.isExpired ? 0 : Math.max(0, this.#streams - this.users);
  }

  // What happens to it ----------------------------------------------------------------

  /** It is open, and speaks HTTP/1, or HTTP/2 with so many streams at a time. */
  opens(streams?: number): void {
    this.#step({ type: 'OPENED' });
    this.protocol = streams === undefined ? 'http1' : 'http2';
    this.#streams = streams ?? 1;
    this.limitKnown = true;
    this.core.opened(this);
  }

  /** It is open, and speaks HTTP/3. */
  opensHttp3(streams: number): void {
    this.#step({ type: 'OPENED' });
    this.protocol = 'http3';
    this.#streams = streams;
    this.limitKnown = true;
    this.core.opened(this);
  }

  fails(error = new Error('refused')): void {
    this.#step({ type: 'CLOSE' });
    this.core.failed(this, error);
  }

  /** The server allows so many streams at a time from here on. */
  allows(streams: number): void {
    this.#streams = streams;
    this.core.changed(this);
  }

  /** The server announces its end. */
  goesAway(): void {
    this.isExpired = true;
    this.core.changed(this);
  }

  /** Its process is killed. */
  dies(): void {
    this.#step({ type: 'CLOSE' });
    this.core.gone(this, new Error('killed'));
  }

  /** Its process is dead, and the core is told when it next uses the connection. */
  diesUnseen(): void {
    this.#isDead = true;
  }

  // From the core ---------------------------------------------------------------------

  checkout(): boolean {
    if (!this.#alive()) return false;
    this.#step({ type: 'CHECKOUT' });
    this.served++;
    return true;
  }

  reuse(): void {
    this.served++;
  }

  checkin(): boolean {
    if (!this.#alive()) return false;
    this.#step({ type: 'CHECKIN' });
    return true;
  }

  drain(reason: CloseReason): boolean {
    if (!this.#alive()) return false;
    this.closeReason = reason;
    this.#step({ type: 'DRAIN' });
    return true;
  }

  restartIdleTime(): void {
    if (this.#alive()) this.#step({ type: 'IDLE_TIME_CHANGED' });
  }

  close(reason: CloseReason): void {
    if (this.state === 'closed') return;
    this.closeReason = reason;
    this.#isDead = false;
    this.dies();
  }

  #alive(): boolean {
    if (!this.#isDead) return true;
    this.#isDead = false;
    this.dies();
    return false;
  }

  #step(event: ConnectionMachineEvent): void {
    if (!this.#snapshot.can(event)) throw new Error(`${event.type} of one that is ${this.state}`);
    [this.#snapshot] = transition(machine, this.#snapshot, event);
  }
}

/** A waiter that writes down what it is told. */
export class Recorder implements Waiter<BareConnection> {
  queue: WaitQueue<BareConnection> | undefined = undefined;
  ticket = 0;
  previousWaiter: Waiter<BareConnection> | undefined = undefined;
  nextWaiter: Waiter<BareConnection> | undefined = undefined;
  readonly fresh: boolean;
  /** Each thing that it was told. */
  readonly told: string[] = [];
  connection: BareConnection | undefined = undefined;
  onConnected: (connection: BareConnection) => void = () => {};

  constructor(fresh = false) {
    this.fresh = fresh;
  }

  connected(connection: BareConnection): void {
    this.told.push('connected');
    this.connection = connection;
    this.onConnected(connection);
  }

  requeue(): void {
    this.told.push('requeue');
  }

  failed(error: Error): void {
    this.told.push('code' in error ? String(error.code) : error.message);
  }
}

export interface CoreOptions {
  readonly url?: string;
  readonly limits?: HostLimits;
  readonly pool?: PoolOptions;
}

/** A core, with what it does to the world. */
export function startCore({ url = 'http://localhost:1', limits, pool = {} }: CoreOptions = {}) {
  const hostLimits = limits ?? new HostLimits(Number.POSITIVE_INFINITY);
  const dials: BareConnection[] = [];
  const log: string[] = [];
  const clock = { now: 0 };
  const effects: PoolEffects<BareConnection> = {
    open: (core) => {
      const connection = new BareConnection(core);
      dials.push(connection);
      return connection;
    },
    now: () => clock.now,
    random: () => 0,
    queueFull: () => log.push('queueFull'),
    quiet: () => log.push('quiet'),
    closed: () => log.push('closed'),
  };
  const slots = { hostLimits, maxPerHost: 'infinity' } as const;
  const core = new PoolCore<BareConnection>(
    poolFrom(url),
    parsePoolOptions(pool),
    0,
    slots,
    effects,
  );
  const wait = (fresh = false): Recorder => {
    const waiter = new Recorder(fresh);
    if (!fresh || !core.waitForFresh(waiter)) core.wait(waiter);
    return waiter;
  };
  return {
    core,
    limits: hostLimits,
    clock,
    log,
    /** All connections that were ever begun. */
    dials,
    wait,
    dial: (index: number) => dials[index] as BareConnection,
  };
}
