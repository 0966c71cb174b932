/**
 * A connection: one process that runs the connection machine, and the socket it
 * owns. Its owner is the pool, never the caller that asked for it first.
 *
 * Its state is the machine's. Each change is a transition of the machine first,
 * and has its consequences after that. There is one way out, `release`: it
 * closes the socket or gives up the dial, and tells the pool. `close` takes it,
 * and so does `down` when something else ends the process (its idle time, a
 * kill, the death of its supervisor).
 */
import type { Duplex } from 'node:stream';
import {
  detached,
  exit,
  ignore,
  now,
  SupervisorError,
  Watch,
  type MachineRef,
  type Pid,
  type Startable,
} from '@linnet/otp';
import type { Fields, TlsIdentity, Wire } from '@linnet/mint';
import type { AlternativeService } from '../alt-svc/store.ts';
import { toNumber } from '../options/limit.ts';
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
import { Connect, type ConnectUser } from './connect.ts';
import { requestFailed } from './dial-wire.ts';
import { blockedTime, endedBy, endOf } from './ending.ts';
import { Heartbeat } from './health.ts';
import { hear } from './hear.ts';
import { LateCheckin } from './late-checkin.ts';
import { Lifetime } from './lifetime.ts';
import {
  connectionEvents as events,
  ConnectionProcess,
  type ConnectionMachineEvent,
  type ConnectionInput,
} from './machine.ts';
import type { CloseReason, ConnectionOwner, ConnectionState } from './owner.ts';
import { tlsIdentityOf } from './tls.ts';

export class Connection extends Watch implements ConnectionInput, ConnectUser {
  readonly owner: ConnectionOwner<Connection>;
  closeReason: CloseReason = 'closed';
  /** The open connection; undefined while it is being opened. */
  wire: Wire | undefined = undefined;
  /** Whether several callers may use it at once. */
  shared = false;
  /** Whether what responses say of alternatives of the server is of use: over TLS with a verified certificate. */
  discovers = false;
  /** How long it was idle before its present use, in ms, if a listener wants to know. */
  idledFor: number | undefined = 0;
  /** Called when it is closed. */
  onEnded: (() => void) | undefined = undefined;

  // Kept by the core of the pool, see PoolConnection.
  overflow = false;
  successor = false;
  lostBefore = 0;
  users = 0;
  unlisted = false;
  list: object | undefined = undefined;
  above: Connection | undefined = undefined;
  below: Connection | undefined = undefined;

  /** Undefined until the process runs. */
  private machine: MachineRef<ConnectionMachineEvent> | undefined = undefined;
  /** Its process ended, or will never start: what the machine said last counts no more. */
  private released = false;
  private connecting: Connect | undefined = undefined;
  private opening: PromiseWithResolvers<void> | undefined = undefined;
  /** The alternative of the server that it leads to, if it does not lead to the server itself. */
  private alternative: AlternativeService | undefined = undefined;
  /** Its TLS identity; when that is replaced, the connection is not used again. */
  private identity: TlsIdentity | undefined = undefined;
  /** Undefined while it is being opened. */
  private lifetime: Lifetime | undefined = undefined;
  private streamCap = Number.POSITIVE_INFINITY;
  /** How many requests the server is assumed to allow until it says so. */
  private assumedLimit = Number.POSITIVE_INFINITY;
  /** Its socket, after a switch to another protocol. */
  private handed: Duplex | undefined = undefined;
  private heartbeat: Heartbeat | undefined = undefined;
  private openSince = 0;
  /** Those who waited for it have it: a caller that takes it from now on finds it idle. */
  private hasOpened = false;
  private idleSince: number | undefined = undefined;
  private readonly lateCheckin = new LateCheckin();
  /** It became idle while its server took no requests. */
  private idlesBlocked = false;
  /** When it was decided to open it. */
  readonly begunAt = now();

  constructor(owner: ConnectionOwner<Connection>) {
    super();
    this.owner = owner;
  }

  /** The machine's state; `closed` also when the process ended without the machine. */
  get state(): ConnectionState {
    if (this.released) return 'closed';
    if (this.lateCheckin.isPending) return 'idle';
    const { machine } = this;
    return machine === undefined ? 'connecting' : (machine.value as ConnectionState);
  }

  /** The process; undefined until it is started. */
  get pid(): Pid | undefined {
    return this.machine?.pid;
  }

  /** What it speaks; undefined while it is being opened. */
  get protocol(): Wire['protocol'] | undefined {
    return this.wire?.protocol;
  }

  /** Whether `limit` is the server's word, not an assumption. */
  get limitKnown(): boolean {
    return this.wire?.limitKnown === true;
  }

  /** Whether further requests may be sent on it, as many at a time as it carries. */
  get reusable(): boolean {
    const { wire } = this;
    if (wire === undefined || this.released || !wire.usable) return false;
    if (this.state === 'draining') return false;
    if (this.identity?.replaced === true) return false;
    return this.lifetime?.allows(wire.served) === true;
  }

  /** How many callers may use it at once: what the server allows, and this side. */
  get limit(): number {
    const { wire } = this;
    if (wire === undefined) return 0;
    return Math.min(wire.limit, this.streamCap, wire.limitKnown ? wire.limit : this.assumedLimit);
  }

  /** Whether it accepts requests at all: a server may allow none for the time being. */
  get acceptsRequests(): boolean {
    return !this.shared || this.limit > 0;
  }

  /** How many requests and leases use it. */
  get inFlight(): number {
    return this.unlisted ? this.users - 1 : this.users;
  }

  /** How many more callers may use it beside those who do. */
  get availableStreams(): number {
    const { wire } = this;
    if (wire === undefined || this.released || !wire.usable) return 0;
    if (this.unlisted || this.state === 'draining') return 0;
    return Math.max(0, this.limit - this.users);
  }

  // Its start -----------------------------------------------------------------------

  /** Starts the process, under the supervisor in which this runs. */
  async start(): Promise<Startable> {
    if (this.released) return ignore;
    const process = await ConnectionProcess.startLink(this);
    if (!this.released) return process;
    exit(process.pid, 'shutdown');
    return ignore;
  }

  /** No process could be started for it. */
  notStarted(reason: unknown): void {
    const cause = reason instanceof SupervisorError ? reason.reason : undefined;
    if (cause instanceof Error) this.release('connect_failed', cause);
    else this.release(reason);
  }

  /** The machine's entry into `connecting`: from here on nothing that ends the process goes unseen. */
  connect(machine: MachineRef<ConnectionMachineEvent>): void {
    if (this.released) return;
    this.machine = machine;
    this.watch(machine.pid);
    connectStarted(this);
    this.connecting = new Connect(this.owner, this, this.successor);
    this.identity = tlsIdentityOf(this.owner);
  }

  connected(wire: Wire, alternative: AlternativeService | undefined): void {
    this.connecting = undefined;
    if (!wire.usable) {
      // The server has ended it before it could be used.
      wire.destroy();
      this.close('closed');
      return;
    }
    this.wire = wire;
    this.alternative = alternative;
    this.attach(wire);
    if (!this.step(events.opened)) return;
    connected(this, this.begunAt);
    this.openSince = now();
    this.owner.opened(this);
    this.hasOpened = true;
    this.idleSince = idlenessWatched() ? now() : undefined;
    this.opening?.resolve();
  }

  connectFailed(error: Error): void {
    if (this.released) return;
    this.end('connect_failed');
    this.release('connect_failed', error);
  }

  /** Fulfilled when it is open, or will never be. */
  opened(): Promise<void> {
    if (this.state !== 'connecting') return Promise.resolve();
    this.opening ??= Promise.withResolvers<void>();
    return this.opening.promise;
  }

  /** Notes what the head of a response says of alternatives of the server. False: it came from none, as 421 says. */
  heard(status: number, fields: Fields): boolean {
    return hear(this, this.alternative, status, fields);
  }

  /** A request on it failed. */
  requestFailed(error: Error): void {
    if (this.alternative !== undefined) requestFailed(this.owner, this.alternative, error);
  }

  // From the core of the pool -------------------------------------------------------

  /** Its first user takes it. False when it is closed: the pool has been told. */
  checkout(): boolean {
    if (!this.lateCheckin.cancel() && !this.step(events.checkout)) return false;
    if (this.hasOpened) this.idledFor = idlenessWatched() ? this.idleFor() : undefined;
    reused(this);
    return true;
  }

  /** A further user takes it, beside others or in the place of one who is done. */
  reuse(): void {
    this.idledFor = 0;
    reused(this);
  }

  /** Its last user gives it back. False when it is closed: the pool has been told. */
  checkin(): boolean {
    this.idleSince = idlenessWatched() ? now() : undefined;
    this.idlesBlocked = !this.acceptsRequests;
    const { machine, state } = this;
    if (machine === undefined || state !== 'in_use') return this.step(events.checkin);
    this.lateCheckin.begin(machine);
    return true;
  }

  /** It accepts no further request; those under way may go on. False as with `checkin`. */
  drain(reason: CloseReason): boolean {
    this.closeReason = reason;
    if (!this.step(events.drain)) return false;
    drained(this, reason);
    return true;
  }

  /** It may be idle for all of the owner's idle time from now on. */
  restartIdleTime(): void {
    this.idlesBlocked = !this.acceptsRequests;
    this.step(events.idleTimeChanged);
  }

  /**
   * A user has its socket, or a stream of it, for another protocol: it is in use until that is closed,
   * when `done` is called, and ends the stream when it is closed itself.
   */
  handedOver(stream: Duplex, done: () => void): void {
    stream.once('close', done);
    if (this.shared || this.wire === undefined) return;
    this.handed = stream;
    // The wire is about to say that it has no socket any more.
    this.wire.onClosed = () => {};
  }

  /** Ends it; what is in flight on it fails. No effect when it is closed already. */
  close(reason: CloseReason): void {
    if (this.released) return;
    this.end(reason);
    this.release(reason);
  }

  // The machine's input -------------------------------------------------------------

  get idleTime(): number {
    // Where no connection is kept idle, the pool closes it; the timer must not be faster.
    const idleTime = this.acceptsRequests ? Math.max(1, this.owner.idleTime) : blockedTime;
    return this.lifetime?.within(idleTime) ?? idleTime;
  }

  idleTimeOver(): void {
    this.closeReason = this.lifetime?.isOver === true ? 'expired' : 'idle_timeout';
  }

  // ---------------------------------------------------------------------------------

  protected override down(_pid: Pid, reason: unknown): void {
    if (endOf(reason) === 'idle_timeout') idleTimedOut(this, this.idleFor());
    // What opening it threw: options that cannot be used.
    if (this.wire === undefined && reason instanceof Error) this.release('connect_failed', reason);
    else this.release(reason);
  }

  private attach(wire: Wire): void {
    wire.onClosed = () => this.close('closed');
    const { options } = this.owner;
    this.lifetime = new Lifetime(options, wire.protocol, () => this.owner.random());
    this.shared = wire.protocol !== 'http1';
    this.discovers = this.owner.discovery !== undefined && wire.info.tls?.authorized === true;
    if (!this.shared) return;
    wire.onChange = () => this.changed();
    const { maxConcurrentStreams, pingInterval, pingTimeout } =
      wire.protocol === 'http3' ? options.http3 : options.http2;
    this.assumedLimit = this.owner.streams;
    this.streamCap = toNumber(maxConcurrentStreams);
    if (pingInterval === 'infinity') return;
    const onDead = (): void => this.close('ping_timeout');
    this.heartbeat = new Heartbeat(wire, pingInterval, pingTimeout, onDead);
  }

  /** The server changed how many requests it takes, or announced its end. */
  private changed(): void {
    this.owner.changed(this);
    // The idle time was that of a connection whose server takes no requests.
    if (this.idlesBlocked && this.state === 'idle' && this.acceptsRequests) this.restartIdleTime();
  }

  private idleFor(): number | undefined {
    return this.idleSince === undefined ? undefined : now() - this.idleSince;
  }

  /**
   * Takes a transition. False when the connection is closed after it, with all consequences: its
   * process was dead or ending, or it has just died of an event that its state refuses, which is a bug
   * of the pool's: a crash report tells of it, and no other connection suffers.
   */
  private step(event: ConnectionMachineEvent): boolean {
    if (this.released || this.machine === undefined) return false;
    this.lateCheckin.finish();
    if (this.machine.step(event)) return true;
    this.release({ shutdown: this.closeReason });
    return false;
  }

  /** Ends the process in order. */
  private end(reason: CloseReason): void {
    this.closeReason = reason;
    this.unwatch();
    this.machine?.step(events.close);
  }

  /** The one way out, for every end; `failure` says why it could not be opened. */
  private release(reason: unknown, failure?: Error): void {
    if (this.released) return;
    this.released = true;
    this.lateCheckin.cancel();
    this.heartbeat?.stop();
    // An error has a stack trace: not made for an end that no caller is told of.
    const isTold = this.wire === undefined || this.users > 0;
    const error = failure ?? (isTold ? endedBy(this, reason) : undefined);
    // The running code may be that of its own process, which is dead: what that sends would be dropped.
    detached(() => this.tell(endOf(reason), error, failure));
  }

  private tell(end: string, error: Error | undefined, failure: Error | undefined): void {
    const { wire, owner } = this;
    if (wire !== undefined) closed(this, this.openSince, end);
    else if (error !== undefined) this.giveUp(error);
    // First the slot: a caller that was using it may look for another one inside of the next call.
    if (failure === undefined) owner.gone(this, error);
    else owner.failed(this, failure);
    this.opening?.resolve();
    this.onEnded?.();
    if (wire !== undefined) wire.onClosed = wire.onChange = () => {};
    wire?.destroy(error);
    this.handed?.destroy();
  }

  /** It will never be open. */
  private giveUp(error: Error): void {
    this.connecting?.cancel(error);
    this.connecting = undefined;
    if (this.machine !== undefined) connectFailed(this, this.begunAt, error);
  }
}
