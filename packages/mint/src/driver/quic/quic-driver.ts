/**
 * Drives one QUIC connection: gives datagrams to its state machine, tells the
 * user of the streams what has changed, and sends what is due, all of that once
 * in a turn of the event loop. The state machine belongs to it alone, so
 * nothing is asked of it after the end.
 */
import { ConnectionClosedError } from '../../errors/index.ts';
import { maxDatagram, noStream, stopped } from '../../quic/backend.ts';
import type { QuicConnection } from '../../quic/backend.ts';
import type { WireInfo } from '../../wire.ts';
import type { Clock } from '../clock.ts';
import { QuicLiveness } from './liveness.ts';
import type { DatagramPort, PortUser } from './port.ts';
import { nothingYet, streamEnded } from './session.ts';
import type { QuicEnd, QuicSession, QuicUser } from './session.ts';
import { QuicTimer } from './timer.ts';
import { turn } from '../turn.ts';
import type { TurnUser } from '../turn.ts';

export interface QuicDriverOptions {
  readonly role: 'client' | 'server';
  readonly info: WireInfo;
  readonly clock: Clock;
  /** How often a PING is sent while the driver is referenced, in ms. */
  readonly keepAliveInterval: number;
}

/** How many datagrams are sent in one turn, so that others get theirs. */
const batch = 64;

/** Up to this many streams are asked one by one whether they are readable, which costs less than to ask for all that are. */
const fewStreams = 64;

/** Datagrams are made in this much memory at a time. */
const slabSize = 16_384;

/** The peer has answered that it does not know the connection (RFC 9000, 10.3): it was started anew, or has given it up. */
const statelessReset = 'stateless_reset';

const noUser: QuicUser = {
  onReadable() {},
  onWritable() {},
  onCapacity() {},
  onTurn() {},
  onClose() {},
};

export class QuicDriver implements QuicSession, PortUser, TurnUser {
  readonly info: WireInfo;
  isClosed = false;
  fin = false;
  code = 0;
  /** What the network last reported. */
  networkError: NodeJS.ErrnoException | undefined;
  private readonly role: QuicDriverOptions['role'];
  private readonly connection: QuicConnection;
  private readonly port: DatagramPort;
  private readonly liveness: QuicLiveness;
  private readonly timer = new QuicTimer(() => this.onTimer());
  private currentUser: QuicUser = noUser;
  /** Streams with bytes or an end still to be read. */
  private readonly unread = new Set<number>();
  /** Streams that took less than they were given. */
  private readonly blocked = new Set<number>();
  private left = 0;
  /** The youngest stream that this side has opened. */
  private youngest = -4;
  private slab = Buffer.allocUnsafeSlow(slabSize);
  private slabAt = 0;
  private isScheduled = false;
  private isInTurn = false;
  /** Datagrams were taken since the last turn. */
  private hasNews = false;
  /** The connection's timer went off. */
  private isDue = false;
  /** As its port is when it begins. */
  private isRef = true;
  private wasEstablished = false;
  /** How many packets of the peer had come when the user was last told of a sign of life. */
  private packetsHeard = 0;

  constructor(connection: QuicConnection, port: DatagramPort, options: QuicDriverOptions) {
    this.connection = connection;
    this.port = port;
    this.role = options.role;
    this.info = options.info;
    const { clock, keepAliveInterval } = options;
    this.liveness = new QuicLiveness(connection, clock, keepAliveInterval, () => this.schedule());
  }

  get user(): QuicUser {
    return this.currentUser;
  }

  /** The next turn tells it of all that is there. */
  set user(user: QuicUser) {
    this.currentUser = user;
    this.hasNews = true;
    this.schedule();
  }

  /** Whether the peer has closed the connection, or it failed: in this turn, `onClose` follows. */
  get isEnding(): boolean {
    return this.connection.isClosed;
  }

  /** Whether the handshake is complete. */
  get isEstablished(): boolean {
    this.wasEstablished ||= this.connection.isEstablished;
    return this.wasEstablished;
  }

  get peerCertificate(): Uint8Array | undefined {
    return this.connection.peerCertificate;
  }

  get streamsLeft(): number {
    return this.left;
  }

  // Streams -------------------------------------------------------------------------

  read(id: number, into: Buffer): number {
    this.fin = false;
    if (this.isClosed) return nothingYet;
    const { connection } = this;
    const length = connection.read(id, into);
    this.touch();
    if (length >= 0) {
      this.fin = connection.fin;
      if (this.fin) this.unread.delete(id);
      return length;
    }
    if (length === stopped || length === noStream) this.unread.delete(id);
    if (length !== stopped) return nothingYet;
    this.code = connection.errorCode;
    return streamEnded;
  }

  write(id: number, bytes: Uint8Array, fin: boolean): number {
    if (this.isClosed) return 0;
    const { connection } = this;
    const length = connection.write(id, bytes, fin);
    this.touch();
    if (length === stopped) {
      this.code = connection.errorCode;
      return streamEnded;
    }
    const isNew = this.role === 'client' && (id & 2) === 0 && id > this.youngest;
    if (length === noStream) {
      // Beyond the peer's limit; or over, as the peer stopped it when there was nothing else to come.
      if (isNew) return 0;
      this.code = 0;
      return streamEnded;
    }
    if (isNew) this.opened(id);
    if (length < bytes.length) this.blocked.add(id);
    return length;
  }

  reset(id: number, code: number): void {
    this.blocked.delete(id);
    if (this.isClosed) return;
    this.connection.reset(id, code);
    this.touch();
  }

  stop(id: number, code: number): void {
    this.unread.delete(id);
    if (this.isClosed) return;
    this.connection.stop(id, code);
    this.touch();
  }

  private opened(id: number): void {
    this.left -= (id - this.youngest) / 4;
    this.youngest = id;
    this.unread.add(id);
  }

  // The connection ------------------------------------------------------------------

  ping(): Promise<number> {
    if (this.isClosed) return Promise.reject(closedError());
    return this.liveness.ping();
  }

  schedule(): void {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    turn.add(this);
  }

  ref(): void {
    if (this.isRef || this.isClosed) return;
    this.isRef = true;
    this.port.ref();
    this.liveness.want(true);
  }

  unref(): void {
    if (!this.isRef || this.isClosed) return;
    this.isRef = false;
    this.port.unref();
    this.liveness.want(false);
  }

  close(code: number, reason: string): void {
    this.closeWith(true, code, reason);
  }

  /** Closes the connection with a code of HTTP/3, or of QUIC. */
  closeWith(isApplication: boolean, code: number, reason: string): void {
    if (this.isClosed) return;
    // The peer can read it only when it has what this side says in the handshake.
    if (this.isEstablished || this.role === 'server') this.sendDatagrams();
    this.connection.close(isApplication, code, reason);
    this.sendDatagrams();
    this.end({ by: 'local', code, isApplication, reason });
  }

  /** Ends it without a word to the peer. */
  abandon(): void {
    this.end({ by: 'local', code: 0, isApplication: false, reason: '' });
  }

  private end(end: QuicEnd): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.timer.stop();
    this.port.close();
    this.unread.clear();
    this.blocked.clear();
    this.liveness.end(closedError);
    this.currentUser.onClose(end);
  }

  // From the network and the clock --------------------------------------------------

  onDatagram(datagram: Buffer): void {
    if (this.isClosed) return;
    this.connection.receive(datagram);
    this.hasNews = true;
    this.schedule();
  }

  onNetworkError(error: NodeJS.ErrnoException): void {
    if (this.isClosed) return;
    this.networkError = error;
    if (!this.isEstablished) this.endAsGone();
    else if (isRefusal(error)) this.liveness.doubt();
  }

  private endAsGone(): void {
    const reason = this.networkError?.code ?? '';
    this.endBy({ by: 'gone', code: 0, isApplication: false, reason });
  }

  /** It ends by the peer or the network. */
  private endBy(end: QuicEnd): void {
    this.currentUser.onEnding?.();
    this.end(end);
  }

  /**
   * Its time is judged at the end of the turn, when the sockets were polled: after a program was busy
   * for long, what the peer has sent meanwhile is still to be read.
   */
  private onTimer(): void {
    this.isDue = true;
    this.schedule();
  }

  // The turn ------------------------------------------------------------------------

  flush(): void {
    if (this.isClosed) return;
    this.isInTurn = true;
    this.isScheduled = false;
    try {
      if (this.hasNews) this.tellNews();
      if (this.liveness.isGone()) this.endAsGone();
      if (this.isDue) this.takeTime();
      if (this.isClosed) return;
      this.currentUser.onTurn();
    } finally {
      this.isInTurn = false;
    }
    if (this.isClosed) return;
    this.sendDatagrams();
    if (this.connection.isClosed) this.endBy(this.endOf());
    else this.timer.set(this.connection.timeout());
  }

  private takeTime(): void {
    this.isDue = false;
    if (!this.isClosed) this.connection.onTimeout();
  }

  private tellNews(): void {
    this.hasNews = false;
    const { connection, currentUser: user } = this;
    if (user.onActivity !== undefined) this.tellActivity();
    this.liveness.received();
    if (connection.hasReadable()) this.tellReadable();
    if (this.blocked.size > 0) this.tellWritable();
    if (this.isClosed) return;
    const left = connection.streamsLeft;
    const hasGrown = left > this.left;
    this.left = left;
    if (hasGrown) user.onCapacity();
  }

  /** Datagrams can be sent in the peer's name: a sign of life is one that could be read. */
  private tellActivity(): void {
    const { packetsReceived } = this.connection;
    if (packetsReceived === this.packetsHeard) return;
    this.packetsHeard = packetsReceived;
    this.currentUser.onActivity?.();
  }

  private tellReadable(): void {
    const { connection, currentUser: user, unread } = this;
    const areFew = unread.size <= fewStreams;
    if (areFew) {
      for (const id of unread) {
        if (!this.isClosed && connection.isReadable(id)) user.onReadable(id);
      }
      if (this.isClosed || !connection.hasReadable()) return;
    }
    // Streams that the peer has opened, and those that are not read at this time.
    for (const id of connection.readable()) {
      if (this.isClosed) return;
      if (areFew && unread.has(id)) continue;
      unread.add(id);
      user.onReadable(id);
    }
  }

  private tellWritable(): void {
    const blocked = [...this.blocked];
    for (const id of blocked) {
      if (this.isClosed) return;
      if (!this.blocked.has(id) || this.connection.capacity(id) === 0) continue;
      // What blocks again goes behind the others.
      this.blocked.delete(id);
      this.currentUser.onWritable(id);
    }
  }

  private sendDatagrams(): void {
    const { connection, port } = this;
    for (let count = 0; count < batch; count++) {
      if (this.slabAt + maxDatagram > slabSize) {
        this.slab = Buffer.allocUnsafeSlow(slabSize);
        this.slabAt = 0;
      }
      const datagram = this.slab.subarray(this.slabAt, this.slabAt + maxDatagram);
      const length = connection.send(datagram);
      if (length < 0) {
        this.liveness.sent();
        return;
      }
      this.slabAt += length;
      port.send(datagram, length);
    }
    // The others first.
    this.schedule();
  }

  /** What was done to a stream may have made datagrams due. */
  private touch(): void {
    if (!this.isInTurn) this.schedule();
  }

  private endOf(): QuicEnd {
    const { peerClose, localClose, isTimedOut } = this.connection;
    if (peerClose !== undefined) return { by: 'peer', ...peerClose };
    if (localClose !== undefined) return { by: 'local', ...localClose };
    const [by, reason] = isTimedOut ? (['idle', ''] as const) : (['gone', statelessReset] as const);
    return { by, code: 0, isApplication: false, reason };
  }
}

/** Nothing listens there: what Windows calls a reset. */
function isRefusal({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === 'ECONNRESET';
}

function closedError(): ConnectionClosedError {
  return new ConnectionClosedError({ reason: 'quic_closed' });
}
