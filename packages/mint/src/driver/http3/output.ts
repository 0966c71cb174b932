/**
 * What the streams of an HTTP/3 connection have to send: QUIC takes as much as
 * its windows allow, and the rest waits here.
 */
import type { BodySender } from '../streams/body-output.ts';
import { streamEnded } from '../quic/session.ts';
import type { QuicSession } from '../quic/session.ts';

/** What a stream could not take yet. */
interface Waiting {
  bytes: Uint8Array;
  isLast: boolean;
  sender: BodySender | undefined;
}

/** Is told of the streams. */
export interface OutputUser {
  /** The end of a stream was taken. */
  onSent(id: number): void;
  /** The peer takes no more of a stream. */
  onStopped(id: number): void;
}

export class Http3Output {
  private readonly session: QuicSession;
  private readonly user: OutputUser;
  private readonly waiting = new Map<number, Waiting>();
  private readonly starting = new Set<BodySender>();

  constructor(session: QuicSession, user: OutputUser) {
    this.session = session;
    this.user = user;
  }

  /** Has a body begin at the end of the turn, when the head of its request leaves. */
  start(sender: BodySender): void {
    this.starting.add(sender);
    this.session.schedule();
  }

  /** The end of the turn. */
  startAll(): void {
    for (const sender of this.starting) {
      this.starting.delete(sender);
      sender.onStart();
    }
  }

  /** The body is not to begin any more. */
  cancelStart(sender: BodySender): void {
    this.starting.delete(sender);
  }

  /** Writes bytes, and the end of the stream; returns whether all was taken at once. If not, `sender` is told when it is. */
  write(id: number, bytes: Uint8Array, isLast: boolean, sender?: BodySender): boolean {
    const waiting = this.waiting.get(id);
    if (waiting !== undefined) {
      waiting.bytes = Buffer.concat([waiting.bytes, bytes]);
      waiting.isLast = isLast;
      waiting.sender = sender;
      return false;
    }
    const taken = this.give(id, bytes, isLast, sender);
    if (taken === bytes.length) return true;
    this.waiting.set(id, { bytes: bytes.subarray(taken), isLast, sender });
    return false;
  }

  /** A stream takes more. */
  onWritable(id: number): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    const { bytes, isLast, sender } = waiting;
    const taken = this.give(id, bytes, isLast, sender);
    if (taken < bytes.length) {
      waiting.bytes = bytes.subarray(taken);
      return;
    }
    this.waiting.delete(id);
    sender?.onTaken();
  }

  /** Whether a stream has something that was not taken yet. */
  isWaiting(id: number): boolean {
    return this.waiting.has(id);
  }

  /** What a stream could not take is not to be sent any more. */
  drop(id: number): void {
    this.waiting.delete(id);
  }

  /** Returns how much was taken; all of it when the peer has stopped the stream. */
  private give(
    id: number,
    bytes: Uint8Array,
    isLast: boolean,
    sender: BodySender | undefined,
  ): number {
    const { session, user } = this;
    const taken = session.write(id, bytes, isLast);
    if (taken === streamEnded) {
      user.onStopped(id);
      sender?.onStopped(session.code);
      return bytes.length;
    }
    if (taken > 0) sender?.onProgress();
    if (isLast && taken === bytes.length) user.onSent(id);
    return taken;
  }
}
