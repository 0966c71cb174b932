/**
 * Requests of HTTP/1.1 as text, without I/O (RFC 9112): the head, whose framing
 * is decided here, and what surrounds the pieces of a body.
 */
import { isTrailerAllowed } from '../trailers.ts';
import {
  checkField,
  checkMethod,
  checkTarget,
  declaredLength,
  expectsBody,
  invalidPart,
  invalidTrailer,
  isFieldValue,
  isToken,
  lengthMismatch,
  reserved,
  withoutBlanks,
} from '../syntax.ts';

/** The fields of a request as text, and as far as they matter for framing. */
export class RequestFields {
  /** `name: value` lines without those of connection, host and content-length. */
  readonly lines: string;
  /** The line of `host`; empty without one. */
  readonly host: string;
  /** `connection: close`. */
  readonly closes: boolean;
  /** The declared length; -1 without one. */
  readonly length: number;
  /** The head that was made last of these fields for a request without body, and of what else. */
  head = '';
  private method = '';
  private target = '';
  private hostLine = '';

  /** @throws InvalidRequestError for fields that cannot be sent. */
  constructor(headers: readonly string[]) {
    let lines = '';
    let host = '';
    let closes = false;
    let length = -1;
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] as string;
      const value = headers[index + 1] as string;
      checkField(name, value);
      switch (name.toLowerCase()) {
        case 'host':
          if (host !== '') throw reserved('host', 'one host');
          host = `host: ${value}\r\n`;
          continue;
        case 'content-length':
          if (length >= 0) throw reserved('content-length', 'one content-length');
          length = declaredLength(value);
          continue;
        case 'connection':
          for (const item of value.split(',')) {
            const option = withoutBlanks(item).toLowerCase();
            if (option === 'close') closes = true;
            else if (option !== 'keep-alive') throw reserved(name, 'close or keep-alive, or none');
          }
          continue;
        case 'transfer-encoding':
        case 'keep-alive':
        case 'upgrade':
        case 'expect':
          throw reserved(name, 'none: it belongs to the connection, which has its own means');
      }
      lines += `${name}: ${value}\r\n`;
    }
    this.lines = lines;
    this.host = host;
    this.closes = closes;
    this.length = length;
  }

  /** Whether `head` is that of a request with this method, this target and this line of `host`. */
  isHeadOf(method: string, target: string, hostLine: string): boolean {
    return (
      this.head !== '' &&
      this.target === target &&
      this.method === method &&
      this.hostLine === hostLine
    );
  }

  keepHead(head: string, method: string, target: string, hostLine: string): void {
    this.head = head;
    this.method = method;
    this.target = target;
    this.hostLine = hostLine;
  }
}

/** What was made of frozen lists: they are built once and sent often. */
const known = new WeakMap<readonly string[], RequestFields>();

/** The fields of a request. @throws InvalidRequestError for fields that cannot be sent. */
export function requestFields(headers: readonly string[]): RequestFields {
  const found = known.get(headers);
  if (found !== undefined) return found;
  const made = new RequestFields(headers);
  if (Object.isFrozen(headers)) known.set(headers, made);
  return made;
}

/** How the body of a request is framed: a length of bytes, or in chunks. */
export const chunked = -1;

/** What a head is made of beside its fields. */
export interface HeadParts {
  readonly method: string;
  readonly target: string;
  readonly fields: RequestFields;
  /** The line of `host` for requests that bring none. */
  readonly hostLine: string;
  readonly upgrade: string | undefined;
  /** Whether the request says that it is the last one. */
  readonly closes: boolean;
  /** The length of the body; {@link chunked}: it is sent in chunks. */
  readonly length: number;
  readonly expectsContinue: boolean;
}

/** The head of a request, with its empty line. @throws InvalidRequestError for a bad method or target. */
export function headOf(parts: HeadParts): string {
  const { method, target, fields, upgrade, length } = parts;
  checkMethod(method);
  checkTarget(target);
  let head = `${method} ${target} HTTP/1.1\r\n${fields.host === '' ? parts.hostLine : fields.host}`;
  if (upgrade !== undefined) {
    if (!isToken(upgrade)) throw reserved('upgrade', 'a token');
    // Their responses have no body, or are a switch themselves: not beside a switch that may be declined.
    if (method === 'HEAD' || method === 'CONNECT')
      throw invalidPart(
        'method',
        method,
        'GET or another with a response of its own beside an upgrade',
      );
    head += `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
  } else {
    head += parts.closes ? 'connection: close\r\n' : 'connection: keep-alive\r\n';
  }
  head += fields.lines;
  if (parts.expectsContinue) head += 'expect: 100-continue\r\n';
  if (length === chunked) return `${head}transfer-encoding: chunked\r\n\r\n`;
  const says = length > 0 || fields.length === 0 || expectsBody(method);
  return says ? `${head}content-length: ${length}\r\n\r\n` : `${head}\r\n`;
}

/** The length of a body that is there as a whole. @throws InvalidRequestError if another one is declared. */
export function checkedLength(fields: RequestFields, length: number): number {
  if (fields.length >= 0 && fields.length !== length) throw lengthMismatch(fields.length, length);
  return length;
}

/** The line before a chunk of this size. */
export function chunkStart(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/** What follows a chunk. */
export const chunkEnd = '\r\n';

/** The last chunk, with the trailer section. @throws InvalidRequestError for a field that may not stand there. */
export function lastChunk(trailers: readonly string[]): string {
  let lines = '0\r\n';
  for (let index = 0; index + 1 < trailers.length; index += 2) {
    const name = trailers[index] as string;
    const value = trailers[index + 1] as string;
    if (!isToken(name) || !isFieldValue(value) || !isTrailerAllowed(name))
      throw invalidTrailer(name);
    lines += `${name}: ${value}\r\n`;
  }
  return `${lines}\r\n`;
}
