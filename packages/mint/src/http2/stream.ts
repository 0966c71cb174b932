/**
 * One stream (RFC 9113, 5): its state and its windows. A plain object in the
 * connection's table.
 */

export class Http2Stream<User> {
  readonly id: number;
  /** Whose it is. */
  readonly user: User;
  /** The request was HEAD: its response has no body. */
  readonly isHead: boolean;
  /** The request was CONNECT: a 2xx makes a tunnel of the stream. */
  readonly isConnect: boolean;

  /** How many bytes the peer takes. Negative after it has made its windows smaller. */
  sendWindow: number;
  /** How many bytes the peer may send. */
  receiveWindow: number;
  /** How many of those that came were read, and not told to the peer yet. */
  credit = 0;

  /** This side has sent END_STREAM. */
  isSent = false;
  /** The peer has. */
  isComplete = false;
  /** Nothing that comes for it matters any more: it ended, or was reset by either side. */
  isClosed = false;

  /** The head of the final response came. */
  isAnswered = false;
  /** The response has no body by definition. */
  isBodiless = false;
  /** A 2xx answered CONNECT: what follows are bytes of another protocol. */
  isTunnel = false;
  /** What `content-length` says; -1: nothing, or it does not matter. */
  expected = -1;
  /** How many bytes of the body came. */
  received = 0;
  /** How many interim responses came, and how large they were. */
  interims = 0;
  interimSize = 0;

  constructor(
    id: number,
    user: User,
    isHead: boolean,
    isConnect: boolean,
    sendWindow: number,
    receiveWindow: number,
  ) {
    this.id = id;
    this.user = user;
    this.isHead = isHead;
    this.isConnect = isConnect;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }
}
