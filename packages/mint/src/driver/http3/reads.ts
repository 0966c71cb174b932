/**
 * Reads the streams of an HTTP/3 connection: that of a response only while its
 * user wants more, so that otherwise QUIC's windows hold the server up.
 */
import * as event from '../../http3/events.ts';
import type { ConnectionEvent } from '../../http3/events.ts';
import { inCleanContext } from '../clean-context.ts';
import type { Clock } from '../clock.ts';
import type { Http3WireConnection, Http3WireStream } from './streams.ts';
import { nothingYet, streamEnded } from '../quic/session.ts';
import type { QuicSession } from '../quic/session.ts';
import { StrainPeriod } from '../streams/strain-period.ts';

/** Hears what is read. */
export interface ReadsUser {
  readonly connection: Http3WireConnection;
  readonly clock: Clock;
  /** Nothing is to be read any more. */
  readonly isEnding: boolean;
  /** Something came: the connection tells what, with the bytes that it was read from. */
  onEvent(what: ConnectionEvent, bytes: Buffer): void;
  /** The server broke the protocol. */
  breached(error: unknown): void;
}

/** What streams are read into, one after the other: nothing of it is kept. */
const shared = Buffer.allocUnsafeSlow(65_536);

export class Http3Reads {
  private readonly session: QuicSession;
  private readonly user: ReadsUser;
  private readonly strainPeriod = new StrainPeriod();
  /** Streams whose users want more again. */
  private due: Http3WireStream[] = [];

  constructor(session: QuicSession, user: ReadsUser) {
    this.session = session;
    this.user = user;
  }

  /** A stream has something to read. */
  read(id: number): void {
    const { user } = this;
    if (user.isEnding) return;
    try {
      if (id % 4 === 0) {
        const stream = user.connection.streams.get(id);
        if (stream !== undefined) this.readResponse(stream, false);
      } else this.readPeerStream(id);
    } catch (error) {
      user.breached(error);
    }
  }

  /** Nothing further comes: reads what is there of responses, whose users may not have wanted it yet. */
  readRest(): void {
    const { user } = this;
    try {
      for (const stream of user.connection.streams.values()) {
        if (!stream.isTunnel) this.readResponse(stream, true);
      }
    } catch (error) {
      user.breached(error);
    }
  }

  /** The user of a stream wants more again: it gets it in a later microtask. */
  resume(stream: Http3WireStream): void {
    this.due.push(stream);
    if (this.due.length === 1) inCleanContext(queueMicrotask, this.readDue);
  }

  private readonly readDue = (): void => {
    const { due } = this;
    this.due = [];
    for (const { id } of due) this.read(id);
  };

  private readResponse(stream: Http3WireStream, isRest: boolean): void {
    const { session, user } = this;
    const { id } = stream;
    while (!stream.isComplete && !stream.isClosed && !user.isEnding) {
      if (!isRest && !stream.user.wantsMore) return;
      const length = session.read(id, shared);
      if (length === nothingYet) return;
      this.take(id, length);
    }
  }

  private readPeerStream(id: number): void {
    const { session, user } = this;
    while (!user.isEnding) {
      const length = session.read(id, shared);
      if (length === nothingYet || this.take(id, length)) return;
    }
  }

  /** Takes what was read of a stream; returns whether nothing follows. */
  private take(id: number, length: number): boolean {
    const { session, user } = this;
    const { connection } = user;
    const { fin, code } = session;
    if (length === streamEnded) {
      this.tell(connection.abort(id, code));
      return true;
    }
    if (connection.isStrained && this.strainPeriod.isOver(user.clock.now()))
      connection.resetStrain();
    for (let at = 0; !user.isEnding; at = connection.at) {
      const what = connection.next(id, shared, at, length);
      if (what === event.more) break;
      if (what === event.unwanted) {
        session.stop(id, connection.code);
        return true;
      }
      user.onEvent(what, shared);
    }
    if (fin && !user.isEnding) this.tell(connection.finish(id));
    return fin;
  }

  /** Tells of the end of a stream, if anything follows from it. */
  private tell(what: ConnectionEvent): void {
    if (what !== event.more) this.user.onEvent(what, shared);
  }
}
