/**
 * Feeds a connection's parser with what its socket reads, past the socket's
 * stream. The parser makes views of header fields and pieces of the body, so
 * it gets a copy; but large pieces of a body that somebody collects anyway are
 * lent to them where they are.
 */
import type { Socket } from 'node:net';
import { copyOf } from '../direct-reads.ts';
import type { ReadTarget } from '../direct-reads.ts';
import type { Parser } from './undici.ts';

/** Who uses the connection. */
export interface FeedState {
  /** Whether pieces of the body that comes may be lent. */
  readonly borrows: boolean;
  /** Set while a piece is parsed that is only lent. */
  lent: boolean;
}

/** Of a longer read, so much is copied for the head that it may hold. */
const longestHead = 4096;

export class ParserFeed implements ReadTarget {
  private readonly parser: Parser;
  private readonly socket: Socket;
  private readonly state: FeedState;

  constructor(parser: Parser, socket: Socket, state: FeedState) {
    this.parser = parser;
    this.socket = socket;
    this.state = state;
  }

  take(buffer: Buffer, length: number): boolean {
    const { parser } = this;
    if (parser.paused) return false;
    if (this.lendable) {
      this.lend(buffer.subarray(0, length));
    } else if (length <= longestHead || !this.state.borrows) {
      parser.execute(copyOf(buffer, 0, length));
    } else {
      parser.execute(copyOf(buffer, 0, longestHead));
      if (this.socket.destroyed) return true;
      if (this.lendable) this.lend(buffer.subarray(longestHead, length));
      else parser.execute(copyOf(buffer, longestHead, length));
    }
    return true;
  }

  /** Whether what comes next is nothing but body: in chunks there could be trailer fields. */
  private get lendable(): boolean {
    const { parser, state } = this;
    return parser.statusCode >= 200 && !parser.hasTransferEncoding && state.borrows;
  }

  private lend(bytes: Buffer): void {
    this.state.lent = true;
    try {
      this.parser.execute(bytes);
    } finally {
      this.state.lent = false;
    }
  }
}
