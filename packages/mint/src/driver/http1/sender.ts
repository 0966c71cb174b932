/**
 * Writes the requests of an HTTP/1 connection: head and body in one write where
 * both are there, else the head and then the body as it comes.
 */
import type { Http1Connection } from '../../http1/connection.ts';
import { connectRequest, headRequest, plain, upgradeRequest } from '../../http1/parser.ts';
import type { RequestKind } from '../../http1/parser.ts';
import { checkedLength, chunked, headOf, requestFields } from '../../http1/writer.ts';
import type { HeadParts, RequestFields } from '../../http1/writer.ts';
import { expectsBody } from '../../syntax.ts';
import type { Clock } from '../clock.ts';
import type { Http1Exchange } from './exchange.ts';
import { Http1Upload } from './upload.ts';
import { isStreamed, RequestBody } from '../request-body.ts';
import type { SocketDriver } from '../socket/socket-driver.ts';
import type { Uploader } from '../uploader.ts';

/** Bodies up to this size are written in one buffer with their head. */
const joined = 16_384;

/** Larger bodies are written slice by slice. */
const sliceSize = 262_144;

export class Http1Sender {
  private readonly connection: Http1Connection;
  private readonly driver: SocketDriver;
  private readonly uploader: Uploader;
  private readonly clock: Clock;
  private readonly hostLine: string;
  private lastHeaders: readonly string[] | undefined = undefined;
  private lastFields: RequestFields | undefined = undefined;

  /** `authority` is the `host` of requests that bring none. */
  constructor(
    connection: Http1Connection,
    driver: SocketDriver,
    uploader: Uploader,
    clock: Clock,
    authority: string,
  ) {
    this.connection = connection;
    this.driver = driver;
    this.uploader = uploader;
    this.clock = clock;
    this.hostLine = `host: ${authority}\r\n`;
  }

  /**
   * Writes a request, or begins to. @throws InvalidRequestError when it cannot be sent: then nothing is written.
   */
  begin(exchange: Http1Exchange): void {
    const { method, target, headers, body, upgrade, trailers, expectContinue } = exchange.request;
    const fields = this.fieldsOf(headers);
    const hasNoBody = body === undefined || body === null;
    const isBare = hasNoBody && upgrade === undefined && trailers === undefined;
    if (isBare && fields.isHeadOf(method, target, this.hostLine)) {
      this.connection.begin(method === 'HEAD' ? headRequest : plain, true, false);
      this.write(exchange, fields.head);
      return;
    }
    const whole = hasNoBody ? '' : isStreamed(body) ? undefined : body;
    const kind = kindOf(method, upgrade);
    let last = fields.closes || kind >= connectRequest;
    // Some servers take the body of a method that has none for the next request.
    if (whole !== '' && !expectsBody(method)) last = true;
    const parts = { method, target, fields, hostLine: this.hostLine, upgrade, closes: last };
    const isSpecial = trailers !== undefined || (expectContinue !== undefined && whole !== '');
    if (whole === undefined || isSpecial || whole.length > sliceSize) {
      this.upload(exchange, parts, kind);
      return;
    }
    const length = checkedLength(fields, Buffer.byteLength(whole));
    const head = headOf({ ...parts, length, expectsContinue: false });
    this.connection.begin(kind, true, last);
    if (isBare && kind <= headRequest && !last) {
      fields.keepHead(head, method, target, this.hostLine);
    }
    this.writeWith(exchange, head, whole, length);
  }

  private write(exchange: Http1Exchange, head: string): void {
    exchange.begun = true;
    this.driver.writeLatin1(head);
    exchange.sent();
  }

  /** Writes the head and a body that is there as a whole. */
  private writeWith(
    exchange: Http1Exchange,
    head: string,
    body: string | Uint8Array,
    length: number,
  ): void {
    const { driver } = this;
    // As text of which each character is a byte.
    if (typeof body === 'string' && body.length === length) {
      this.write(exchange, head + body);
      return;
    }
    exchange.begun = true;
    if (length <= joined) {
      const bytes = Buffer.allocUnsafe(head.length + length);
      bytes.write(head, 0, 'latin1');
      if (typeof body === 'string') bytes.write(body, head.length, 'utf8');
      else bytes.set(body, head.length);
      driver.write(bytes);
    } else {
      driver.cork();
      driver.writeLatin1(head);
      driver.write(typeof body === 'string' ? Buffer.from(body) : body);
      driver.uncork();
    }
    exchange.sent();
  }

  private upload(
    exchange: Http1Exchange,
    parts: Omit<HeadParts, 'length' | 'expectsContinue'>,
    kind: RequestKind,
  ): void {
    const { body, trailers, expectContinue } = exchange.request;
    const { fields } = parts;
    const known = isStreamed(body)
      ? fields.length
      : checkedLength(fields, Buffer.byteLength(body ?? ''));
    const length = trailers === undefined ? known : chunked;
    const continueTimeout = length === 0 ? undefined : expectContinue;
    const head = (framed: number): string =>
      headOf({ ...parts, length: framed, expectsContinue: continueTimeout !== undefined });
    // Found now what would be found when the head is made: nothing is begun yet.
    head(length);
    const source = isStreamed(body) ? body : [body ?? ''];
    const pieces = new RequestBody(source, sliceSize, exchange.handler);
    this.connection.begin(kind, false, parts.closes);
    exchange.begun = true;
    exchange.upload = new Http1Upload(
      pieces,
      { head, length, continueTimeout, trailers },
      this.driver,
      this.clock,
      this.uploader,
    );
    exchange.upload.start();
  }

  private fieldsOf(headers: readonly string[]): RequestFields {
    if (headers === this.lastHeaders && this.lastFields !== undefined) return this.lastFields;
    const fields = requestFields(headers);
    if (Object.isFrozen(headers)) {
      this.lastHeaders = headers;
      this.lastFields = fields;
    }
    return fields;
  }
}

function kindOf(method: string, upgrade: string | undefined): RequestKind {
  if (upgrade !== undefined) return upgradeRequest;
  if (method === 'HEAD') return headRequest;
  return method === 'CONNECT' ? connectRequest : plain;
}
