/**
 * One stream of HTTP/2 or HTTP/3, which carries a request and its response: how
 * far both have come, and whether what comes is a response (RFC 9113, 8.1;
 * RFC 9114, 4.1). A plain object in the connection's table.
 *
 * The methods return what is wrong with a response, or nothing.
 */
import { Fault } from '../errors/fault.ts';
import { fieldOverhead, maxFieldCount, maxInterimResponses } from '../syntax.ts';
import type { Section } from './section.ts';

/** A request, and how far its response has come. Only the connection changes it. */
export class RequestStream<User> {
  readonly id: number;
  /** Whose it is. */
  readonly user: User;

  /** This side has ended its side of the stream. */
  isSent = false;
  /** The peer has. */
  isComplete = false;
  /** Nothing that comes for it matters any more: it ended, or was reset by either side. */
  isClosed = false;

  /** The head of the final response came. */
  isAnswered = false;
  /** A 2xx answered CONNECT: what follows are bytes of another protocol. */
  isTunnel = false;
  /** What `content-length` says; -1: nothing, or it does not matter. */
  expected = -1;
  /** How many bytes of the body came. */
  received = 0;

  private readonly isHead: boolean;
  private readonly isConnect: boolean;
  /** The response has no body by definition. */
  private isBodiless = false;
  private interims = 0;
  private interimSize = 0;

  /** `method` is that of the request; CONNECT, too, for one that switches protocols. */
  constructor(id: number, user: User, method: string) {
    this.id = id;
    this.user = user;
    this.isHead = method === 'HEAD';
    this.isConnect = method === 'CONNECT';
  }

  /** The head of an interim response, which is known to end the stream or not. */
  interim(section: Section, isLast: boolean, maxHeaderSize: number): Fault | undefined {
    if (isLast) return wrong('unexpected_end');
    if (section.status === 101) return wrong('unexpected_upgrade');
    if (++this.interims > maxInterimResponses) return wrong('too_many_interim_responses');
    this.interimSize += section.size;
    const limit = maxHeaderSize + maxFieldCount * fieldOverhead;
    if (this.interimSize <= limit) return undefined;
    const detail = 'the interim responses are too large';
    return new Fault('too_large', detail, { limit, received: this.interimSize });
  }

  /** The head of the final response. */
  head({ status, fields }: Section): void {
    this.isAnswered = true;
    this.isTunnel = this.isConnect && status < 300;
    this.isBodiless = this.isHead || status === 204 || status === 304;
    // To a CONNECT that succeeds, the length means nothing (RFC 9110, 9.3.6).
    if (!this.isBodiless && !this.isTunnel) this.expected = fields.contentLength;
  }

  /** A section after the final head. */
  trailers({ status, fault }: Section, isLast: boolean): Fault | undefined {
    if (status >= 100 && status < 200) return wrong('unexpected_interim_response');
    if (!isLast) return wrong('headers_amid_body');
    if (fault !== undefined) return fault;
    return status === 0 ? undefined : wrong('pseudo_field_in_trailers');
  }

  /** So many bytes of a body. */
  body(length: number): Fault | undefined {
    if (!this.isAnswered) return wrong('data_before_head');
    if (length === 0) return undefined;
    this.received += length;
    if (this.isBodiless) return wrong('unexpected_body');
    const isTooLong = this.expected >= 0 && this.received > this.expected;
    return isTooLong ? wrong('content_length_mismatch') : undefined;
  }

  /** The peer ended its side. */
  end(): Fault | undefined {
    const isWrong = this.expected >= 0 && this.received !== this.expected;
    return isWrong ? wrong('content_length_mismatch') : undefined;
  }
}

/** What is wrong with a response. */
export function wrong(reason: keyof typeof details): Fault {
  return new Fault(reason, details[reason]);
}

const details = {
  data_before_head: 'DATA before the head of the response',
  unexpected_body: 'a body with a response that has none',
  content_length_mismatch: 'the body is not as long as content-length says',
  missing_head: 'a stream that ends before the head of a response',
  missing_status: 'a head without :status',
  unexpected_end: 'an interim response that ends the stream',
  unexpected_upgrade: 'a 101, which only HTTP/1 has',
  unexpected_interim_response: 'an interim response after the final one',
  too_many_interim_responses: `more than ${maxInterimResponses} interim responses`,
  headers_amid_body: 'a second head, or trailers that do not end the response',
  pseudo_field_in_trailers: 'a pseudo-field in trailers',
} as const;
