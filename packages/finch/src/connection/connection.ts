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
import { ConnectionClosedError } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Waiter } from '../pool/wait-queue.ts';
import { idlenessWatched } from '../telemetry/channels.ts';
import {
  closed,
  connected,
  connectFailed,
  connectStarted,
  idleTimedOut,
  reused,
} from '../telemetry/connection-events.ts';
import type { Dial, Dialled, Wire } from '../transport/index.ts';
import {
  connectionMachine,
  type ConnectionEvent,
  type ConnectionInput,
} from './connection-machine.ts';
import { dialFor, wireOver } from './open.ts';

/** Why a connection ended; the exit reason of its process is `{ shutdown: reason }`. */
export type CloseReason =
  /** It was idle for `connMaxIdleTime`. */
  | 'idle_timeout'
  /** It could not be opened. */
  | 'connect_failed'
  /** The server or the network ended it. */
  | 'closed'
  /** Its age, its number of requests, or a response said that it is not to be used again. */
  | 'worn'
  /** It was found unusable when it was about to be used. */
  | 'stale'
  /** The pool winds down or shrinks. */
  | 'drained'
  /** It made room for a connection to another server. */
  | 'evicted'
  /** Whoever had it gave up in the middle of an exchange. */
  | 'abandoned'
  | 'pool_down';

/** The pool, as a connection sees it. */
export interface ConnectionOwner {
  /** The name of the instance. */
  readonly instance: string;
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** The time in `idle` after which a connection closes, in ms; Infinity for never. */
  readonly idleTime: number;
  /** It is open; it is the owner's turn to use it or to keep it idle. */
  opened(connection: Connection): void;
  /** It could not be opened. */
  failed(connection: Connection, error: Error): void;
  /** Its process died while it was being opened; `gone` follows. */
  lost(connection: Connection, error: Error): void;
  gone(connection: Connection, from: ConnectionState): void;
}

/** The states of a connection that its owner sees. */
export type ConnectionState = 'connecting' | 'idle' | 'in_use';

const opened: ConnectionEvent = { type: 'OPENED' };
const checkout: ConnectionEvent = { type: 'CHECKOUT' };
const handover: ConnectionEvent = { type: 'HANDOVER' };
const checkin: ConnectionEvent = { type: 'CHECKIN' };
const close: ConnectionEvent = { type: 'CLOSE' };

const ConnectionProcess = Machine.define(connectionMachine, {
  engine: 'table',
  onDone: (_output, connection) => ({ shutdown: (connection as Connection).closeReason }),
});

export class Connection extends Watch implements ConnectionInput {
  readonly owner: ConnectionOwner;
  /** Above the pool's size: closed after its use. */
  readonly overflow: boolean;
  closeReason: CloseReason = 'closed';
  /** The waiter for which it is being opened. */
  openedFor: Waiter | undefined;
  /** The open connection; undefined while it is being opened. */
  wire: Wire | undefined;

  /** Called when it is open, or will never be. */
  onSettled: (() => void) | undefined;

  /** How long it was idle before its present use, in ms, as far as anybody listens to that. */
  idledFor: number | undefined = 0;

  // Kept by the stack of idle connections.
  stacked = false;
  above: Connection | undefined;
  below: Connection | undefined;

  private readonly connectTimeout: number | 'infinity' | undefined;
  private machine: Awaited<ReturnType<typeof startProcess>> | undefined;
  private dialled: Dial | undefined;
  /** When it gets too old, on the runtime's clock. */
  private retireAt = Number.POSITIVE_INFINITY;
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

  /** Whether another request may be sent on it. */
  get fit(): boolean {
    const { wire } = this;
    if (this.over || wire === undefined || !wire.usable) return false;
    const limit = this.owner.options.maxRequestsPerConnection;
    if (limit !== 'infinity' && wire.served >= limit) return false;
    return this.retireAt === Number.POSITIVE_INFINITY || now() < this.retireAt;
  }

  /** Starts the process, under the supervisor in which this runs. */
  async start(): Promise<Startable> {
    if (this.over) return ignore;
    const machine = await startProcess(this);
    if (this.isOver()) {
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
    if (this.state === 'connecting') this.step(opened);
    else this.idledFor = idlenessWatched() ? this.idleFor() : undefined;
    this.state = 'in_use';
    this.step(checkout);
    reused(this);
  }

  /** Whoever has it hands it on. */
  handover(): void {
    this.idledFor = 0;
    this.step(handover);
    reused(this);
  }

  /** Nobody wants it: it is idle from here on. */
  checkin(): void {
    const event = this.state === 'connecting' ? opened : checkin;
    this.state = 'idle';
    this.idleSince = idlenessWatched() ? now() : undefined;
    this.step(event);
  }

  /** Idle, it is to be idle for all of the owner's idle time from now on. */
  restartIdleTime(): void {
    this.step(checkout);
    this.step(checkin);
  }

  /** Ends it; what is in flight on it fails. */
  close(reason: CloseReason): void {
    if (this.over) return;
    this.closeReason = reason;
    // Not left to the death of the process: the slot is to be free when this returns.
    this.release(reason);
    this.step(close);
  }

  // The machine's input -----------------------------------------------------------

  /** Idle or not, it ends with its age; rounded up, as each delay of its own costs a timer. */
  get idleTime(): number {
    if (this.state === 'connecting') return Number.POSITIVE_INFINITY;
    const { idleTime, options } = this.owner;
    if (this.retireAt === Number.POSITIVE_INFINITY) return idleTime;
    const grain = Math.max(1, (options.maxConnectionAge as number) / 16);
    const left = Math.max(1, Math.ceil(Math.max(0, this.retireAt - now()) / grain)) * grain;
    return Math.min(idleTime, Math.ceil(left));
  }

  /** Entry of `connecting`. */
  dial(): void {
    if (this.over) return;
    this.self = currentPid();
    this.since = now();
    connectStarted(this);
    const dialling = dialFor(this.owner, this.connectTimeout);
    this.dialled = dialling;
    dialling.result.then(
      (dialled) => this.dialDone(dialled),
      (error: unknown) => this.dialFailed(error as Error),
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

  private dialDone(dialled: Dialled): void {
    if (this.over) {
      dialled.socket.destroy();
      return;
    }
    try {
      this.wire = wireOver(this.owner, dialled);
    } catch (error) {
      this.dialFailed(error as Error);
      return;
    }
    this.wire.onClosed = () => this.close('closed');
    this.retireAt = retirement(this.owner.options);
    connected(this, this.since);
    this.since = now();
    this.owner.opened(this);
    this.onSettled?.();
    this.onSettled = undefined;
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

  // A method, since the compiler takes a field that was false before an await for false after it.
  private isOver(): boolean {
    return this.over;
  }

  private step(event: ConnectionEvent): void {
    this.machine?.step(event);
  }

  /** The one way out. */
  private release(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    this.unwatch();
    this.dialled?.cancel();
    const { wire, owner, openedFor } = this;
    const error = new ConnectionClosedError({
      pool: owner.pool.key,
      origin: owner.pool.origin,
      reason: describeEnd(reason),
      ...(wire === undefined ? { phase: 'connect', requestSent: false } : undefined),
      ...(reason instanceof Error ? { cause: reason } : undefined),
    });
    if (wire === undefined) this.dialOver(error);
    else closed(this, this.since, endOf(reason));
    if (openedFor !== undefined) owner.lost(this, error);
    // First the slot: whoever was using it may look for another one inside of the next call.
    owner.gone(this, this.state);
    this.onSettled?.();
    if (wire === undefined) return;
    wire.onClosed = noop;
    wire.destroy(error);
  }
}

function startProcess(connection: Connection) {
  return ConnectionProcess.startLink(connection);
}

/** The time of its end by `maxConnectionAge`; the jitter keeps connections from ending together. */
function retirement(options: ResolvedPoolOptions): number {
  const { maxConnectionAge, maxConnectionAgeJitter } = options;
  if (maxConnectionAge === 'infinity') return Number.POSITIVE_INFINITY;
  return now() + maxConnectionAge + Math.random() * maxConnectionAgeJitter;
}

/** The exit reason in one word. */
function endOf(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'crashed';
}

function describeEnd(reason: unknown): string {
  if (typeof reason === 'string') return `its process ended: ${reason}`;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'its process ended';
}

function noop(): void {}
