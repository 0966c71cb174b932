/**
 * One stream of HTTP/2 (RFC 9113, 5), with its windows.
 */
import { Fault } from '../errors/fault.ts';
import { RequestStream } from '../message/request-stream.ts';

/** A request, and how far its response has come. Only the connection changes it. */
export class Http2Stream<User> extends RequestStream<User> {
  /** How many bytes the peer takes. Negative after it has made its windows smaller. */
  sendWindow: number;
  /** How many bytes the peer may send. */
  receiveWindow: number;
  /** How many of those that came were read, and not told to the peer yet. */
  credit = 0;

  /** `method` is that of the request; CONNECT, too, for one that switches protocols. */
  constructor(id: number, user: User, method: string, sendWindow: number, receiveWindow: number) {
    super(id, user, method);
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }
}

/** What is wrong with the frames of a stream. */
export function misused(reason: keyof typeof details): Fault {
  return new Fault(reason, details[reason]);
}

const details = {
  FLOW_CONTROL_ERROR: 'more DATA than the window of the stream, or a window beyond 2^31-1',
  data_after_end: 'DATA after the end of the response',
  headers_after_end: 'HEADERS after the end of the response',
  window_update_by_nothing: 'a WINDOW_UPDATE by nothing',
  priority_size: 'a PRIORITY that is not 5 bytes long',
} as const;
