/**
 * Notices that nghttp2 has ended a session over a breach of the protocol where node:http2 keeps
 * that to itself, as Node.js 22 does: GOAWAY goes out, nothing that comes is read any more, and
 * nothing that is given to the session is sent. Unnoticed, each request on the connection would
 * wait for its time-out, and so would all those after it.
 *
 * It is noticed by what does not go out: when a request or a reset of a stream makes the socket
 * write nothing, a PING is tried, which a session that lives writes as soon as the socket takes it.
 */
import type { ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../../errors/index.ts';

/** Whether node:http2 closes the connection by itself, so that there is nothing to notice. */
const isTold = Number.parseInt(process.versions.node, 10) >= 24;

/** A socket, with what it has written, and what the system has not taken of it yet. */
type Written = Duplex & {
  readonly bytesWritten?: number;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
};

export class SilentEnd {
  private readonly socket: Written;
  private readonly session: ClientHttp2Session;
  private readonly onEnd: () => void;
  private watching = false;

  /** `onEnd` is called, maybe more than once, when the session is found to be over. */
  constructor(socket: Duplex, session: ClientHttp2Session, onEnd: () => void) {
    this.socket = socket;
    this.session = session;
    this.onEnd = onEnd;
  }

  /** Something is about to be given to the session. */
  watch(): void {
    if (isTold || this.watching || this.socket.bytesWritten === undefined) return;
    this.watching = true;
    const before = this.socket.bytesWritten;
    // What is given to it outside of its callbacks is written in this turn or in the next one.
    inTwoTurns(() => this.check(before));
  }

  private check(before: number): void {
    this.watching = false;
    if (!this.isStill(before)) return;
    this.session.ping(ignore);
    inTwoTurns(() => {
      if (this.isStill(before)) this.onEnd();
    });
  }

  /** Whether nothing was written since, although the socket waits for nothing. */
  private isStill(before: number): boolean {
    const { session, socket } = this;
    if (session.destroyed || socket.destroyed) return false;
    return socket.bytesWritten === before && socket._handle?.writeQueueSize === 0;
  }
}

/** The error of such an end: with what the server broke the protocol is not known. */
export function brokenOff(origin: string): ProtocolError {
  const detail = 'what the server sent made node:http2 end the session';
  return new ProtocolError({ origin, reason: 'PROTOCOL_ERROR', detail });
}

function inTwoTurns(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}

function ignore(): void {}
