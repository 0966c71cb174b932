/**
 * A connection: one process that runs the connection machine, and the socket it
 * owns. Its owner is the pool, never whoever asked for it first.
 *
 * There is one way out, `release`: it closes the socket or the dial, frees the
 * slot and tells the pool. `close` takes it, and so does `down` when something
 * else ends the process (its idle time, a kill, the death of its supervisor).
 */
import {
  currentPid,
  exit,
  ignore,
  Machine,
  now,
  SupervisorError,
  Watch,
  type Pid,
  type Startable,
} from '@linnet/otp';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError } from '../errors/index.ts';
import type { ConnectionStack } from '../pool/connection-stack.ts';
import { toNumber } from '../pool/limit.ts';
import type { Waiter } from '../pool/wait-queue.ts';
import { idlenessWatched } from '../telemetry/channels.ts';
import {
  closed,
  connected,
  connectFailed,
  connectStarted,
  drained,
  idleTimedOut,
  reused,
} from '../telemetry/connection-events.ts';
import type { Dial, TlsIdentity, Wire } from '@linnet/mint';
import {
  connectionEvents as events,
  connectionMachine,
  type ConnectionEvent,
  type ConnectionInput,
} from './connection-machine.ts';
import type { CloseReason, ConnectionOwner, ConnectionState } from './connection-owner.ts';
import { ageLimit, describeEnd, endOf, uselessTime } from './ending.ts';
import { Heartbeat } from './heartbeat.ts';
import { connectTimeoutOf, openWire } from './open.ts';
import { Settling } from './settling.ts';
import { tlsIdentityOf } from './tls.ts';

const ConnectionProcess = Machine.define(connectionMachine, {
  engine: 'table',
  onDone: (_output, connection) => ({ shutdown: (connection as Connection).closeReason }),
});

export class Connection extends Watch implements ConnectionInput {
  readonly owner: ConnectionOwner;
  /** Above the pool's size: closed after its use. */
  readonly overflow: boolean;
  closeReason: CloseReason = 'closed';
  /** The waiters for whom it is being opened, those included that have left meanwhile. */
  openedFor: Waiter[] = [];
  /** The open connection; undefined while it is being opened. */
  wire: Wire | undefined;
  /** Whether several may use it at once. */
  shared = false;
  /** How many use it, on HTTP/1 at most one; whoever has unlisted it is one of them. */
  users = 0;
  /** Not for those who ask the pool; taken out of it by `unregisterH2`. */
  unlisted = false;
  /** Called when it is open, or will never be. */
  onSettled: (() => void) | undefined;
  /** Called when it is closed; whoever has unlisted it wants to know. */
  onEnded: (() => void) | undefined;

  /** How long it was idle before its present use, in ms, as far as anybody listens to that. */
  idledFor: number | undefined = 0;

  // Kept by the stack of connections that it is in.
  stack: ConnectionStack | undefined;
  above: Connection | undefined;
  below: Connection | undefined;

  /** The limit on its opening that was asked for, in ms; undefined: the pool's. */
  readonly connectTimeout: number | 'infinity' | undefined;
  private machine: Awaited<ReturnType<typeof startProcess>> | undefined;
  private dialling: Dial<Wire> | undefined;
  /** Who it is in TLS; when that identity is replaced, the connection is used no more. */
  private identity: TlsIdentity | undefined;
  /** When it gets too old, on the runtime's clock. */
  private retireAt = Number.POSITIVE_INFINITY;
  private maxAge = Number.POSITIVE_INFINITY;
  private streamCap = Number.POSITIVE_INFINITY;
  /** What the server is taken to allow until it says so. */
  private assumed = Number.POSITIVE_INFINITY;
  private settling: Settling | undefined;
  private heartbeat: Heartbeat | undefined;
  private over = false;
  /** When it began to be opened; once it is open, since when it is. 0: neither. */
  private since = 0;
  private idleSince: number | undefined = undefined;
  private self: Pid | undefined = undefined;
  /** Kept beside the machine, which is gone when its process is. */
  private state: ConnectionState = 'connecting';

  constructor(
    owner: ConnectionOwner,
    connectTimeout: number | 'infinity' | undefined,
    overflow: boolean,
  ) {
    super();
    this.owner = owner;
    this.connectTimeout = connectTimeout;
    this.overflow = overflow;
  }

  /** The process; undefined until it is started. */
  get pid(): Pid | undefined {
    return this.machine?.pid ?? this.self;
  }

  /** Whether it is closed, or about to be. */
  get ended(): boolean {
    return this.over;
  }

  /** Whether it is being opened, or open and not taken yet. */
  get connecting(): boolean {
    return this.state === 'connecting';
  }

  /** Whether it takes on nobody any more. */
  get draining(): boolean {
    return this.state === 'draining';
  }

  /** Whether further requests may be sent on it, as many at a time as it carries. */
  get fit(): boolean {
    const { wire } = this;
    if (this.over || wire === undefined || !wire.usable || this.draining) return false;
    if (this.identity?.replaced === true) return false;
    const limit = this.owner.options.maxRequestsPerConnection;
    if (limit !== 'infinity' && wire.served >= limit) return false;
    return this.retireAt === Number.POSITIVE_INFINITY || now() < this.retireAt;
  }

  /** How many may use it at once: what the server allows, and this side. */
  get limit(): number {
    const { wire } = this;
    if (wire === undefined) return 0;
    return Math.min(wire.limit, this.streamCap, wire.settled ? wire.limit : this.assumed);
  }

  /** Whether it takes requests at all: a server may allow none for the time being. */
  get takes(): boolean {
    return !this.shared || this.limit > 0;
  }

  /** How many requests and leases have a place on it. */
  get inFlight(): number {
    return this.unlisted ? this.users - 1 : this.users;
  }

  /** How many more may use it beside those who do. */
  get room(): number {
    const { wire } = this;
    if (wire === undefined || this.over || this.draining || !wire.usable || this.unlisted) return 0;
    return Math.max(0, this.limit - this.users);
  }

  /** Starts the process, under the supervisor in which this runs. */
  async start(): Promise<Startable> {
    if (this.over) return ignore;
    const machine = await startProcess(this);
    if (this.ended) {
      exit(machine.pid, 'shutdown');
      return ignore;
    }
    this.machine = machine;
    // Tells at once if it is dead by now.
    this.watch(machine.pid);
    return machine;
  }

  /** No process could be started for it. */
  abandoned(reason: unknown): void {
    if (reason instanceof SupervisorError && reason.reason instanceof Error) {
      this.dialFailed(reason.reason);
    } else {
      this.release(reason);
    }
  }

  /** Somebody takes it. */
  checkout(): void {
    // Opened for somebody: it is idle for no time at all, and needs no timer for that.
    if (this.state === 'connecting') this.step(events.opened);
    else this.idledFor = idlenessWatched() ? this.idleFor() : undefined;
    this.state = 'in_use';
    this.users = 1;
    this.step(events.checkout);
    reused(this);
  }

  /** One more takes it. */
  join(): void {
    this.idledFor = 0;
    this.users++;
    this.step(events.join);
    reused(this);
  }

  /** Whoever has it hands it on. */
  handover(): void {
    this.idledFor = 0;
    this.step(events.handover);
    reused(this);
  }

  /** One of several gives it back. */
  leave(): void {
    this.users--;
    this.step(events.leave);
  }

  /** It takes on nobody any more; whoever uses it may go on. */
  drain(reason: CloseReason): void {
    this.closeReason = reason;
    this.state = 'draining';
    this.step(events.drain);
    drained(this, reason);
  }

  /** Nobody wants it: it is idle from here on. */
  checkin(): void {
    this.users = 0;
    const event = this.state === 'connecting' ? events.opened : events.checkin;
    this.state = 'idle';
    this.idleSince = idlenessWatched() ? now() : undefined;
    this.step(event);
  }

  /** Idle, it is to be idle for all of the owner's idle time from now on. */
  restartIdleTime(): void {
    this.step(events.checkout);
    this.step(events.checkin);
  }

  /** Ends it; what is in flight on it fails. */
  close(reason: CloseReason): void {
    if (this.over) return;
    this.closeReason = reason;
    // Not left to the death of the process: the slot is to be free when this returns.
    this.release(reason);
    this.step(events.close);
  }

  // The machine's input -----------------------------------------------------------

  /** Idle or not, it ends with its age; rounded up, as each delay of its own costs a timer. */
  get idleTime(): number {
    if (this.state === 'connecting') return Number.POSITIVE_INFINITY;
    const idleTime = this.takes ? this.owner.idleTime : uselessTime;
    if (this.retireAt === Number.POSITIVE_INFINITY) return idleTime;
    const grain = Math.max(1, this.maxAge / 16);
    const left = Math.max(1, Math.ceil(Math.max(0, this.retireAt - now()) / grain)) * grain;
    return Math.min(idleTime, Math.ceil(left));
  }

  /** Entry of `connecting`. */
  dial(): void {
    if (this.over) return;
    this.self = currentPid();
    this.since = now();
    connectStarted(this);
    const dialling = openWire(this.owner, this.connectTimeout);
    this.dialling = dialling;
    this.identity = tlsIdentityOf(this.owner);
    dialling.result.then(
      (wire) => this.dialDone(wire),
      (error: unknown) => this.dialFailed(fromMint(error)),
    );
  }

  /** The idle time is over. */
  expired(): void {
    this.closeReason = now() < this.retireAt ? 'idle_timeout' : 'worn';
    if (this.closeReason === 'idle_timeout') idleTimedOut(this, this.idleFor());
  }

  // ---------------------------------------------------------------------------------

  protected override down(_pid: Pid, reason: unknown): void {
    this.release(reason);
  }

  private dialDone(wire: Wire): void {
    this.dialling = undefined;
    if (this.over) wire.destroy();
    else if (wire.settled || !this.owner.options.http2.waitForServerSettings) this.ready(wire);
    else this.awaitSettings(wire);
  }

  /** The server is to say how many requests it takes, in what is left of the time for opening. */
  private awaitSettings(wire: Wire): void {
    const { origin } = this.owner.pool;
    const limit = toNumber(connectTimeoutOf(this.owner.options, this.connectTimeout));
    this.settling = new Settling(wire, origin, limit, now() - this.since, (error) => {
      this.settling = undefined;
      if (error === undefined) this.ready(wire);
      else this.dialFailed(error);
    });
  }

  private ready(wire: Wire): void {
    this.wire = wire;
    this.attach(wire);
    connected(this, this.since);
    this.since = now();
    this.owner.opened(this);
    this.onSettled?.();
    this.onSettled = undefined;
  }

  private attach(wire: Wire): void {
    wire.onClosed = () => this.close('closed');
    const { options } = this.owner;
    const age = ageLimit(options, wire.protocol);
    this.maxAge = age.max;
    // The jitter keeps connections from ending together.
    this.retireAt = now() + age.max + Math.random() * age.jitter;
    this.shared = wire.protocol !== 'http1';
    if (!this.shared) return;
    wire.onChange = () => this.owner.changed(this);
    const { maxConcurrentStreams, pingInterval, pingTimeout } = options.http2;
    this.assumed = this.owner.streams;
    this.streamCap = toNumber(maxConcurrentStreams);
    if (pingInterval === 'infinity') return;
    this.heartbeat = new Heartbeat(wire, pingInterval, pingTimeout, () => {
      this.close('ping_timeout');
    });
  }

  private dialFailed(error: Error): void {
    if (this.over) return;
    this.closeReason = 'connect_failed';
    this.dialOver(error);
    this.owner.failed(this, error);
    this.close('connect_failed');
  }

  /** There will be no open connection; told once. */
  private dialOver(error: Error): void {
    if (this.since !== 0) connectFailed(this, this.since, error);
    this.since = 0;
  }

  private idleFor(): number | undefined {
    return this.idleSince === undefined ? undefined : now() - this.idleSince;
  }

  private step(event: ConnectionEvent): void {
    this.machine?.step(event);
  }

  /** The one way out. */
  private release(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    this.unwatch();
    this.settling?.cancel();
    this.heartbeat?.stop();
    const { wire, owner, openedFor } = this;
    const error = new ConnectionClosedError({
      pool: owner.pool.key,
      origin: owner.pool.origin,
      reason: describeEnd(reason),
      ...(wire === undefined ? { phase: 'connect', requestSent: false } : undefined),
      ...(reason instanceof Error ? { cause: reason } : undefined),
    });
    this.dialling?.cancel(error);
    if (wire === undefined) this.dialOver(error);
    else closed(this, this.since, endOf(reason));
    if (openedFor.length > 0) owner.lost(this, error);
    // First the slot: whoever was using it may look for another one inside of the next call.
    owner.gone(this, this.state);
    this.onSettled?.();
    this.onEnded?.();
    if (wire !== undefined) wire.onClosed = wire.onChange = () => {};
    wire?.destroy(error);
  }
}

function startProcess(connection: Connection) {
  return ConnectionProcess.startLink(connection);
}
