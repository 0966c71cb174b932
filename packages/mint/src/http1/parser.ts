/**
 * HTTP/1.1 responses, strictly (RFC 9112): from bytes to what they say, without
 * I/O, callbacks or clocks. `next` looks at a range of bytes and says what comes
 * next in it; the details are in the parser's fields until the next call. No
 * byte of the range is kept but those of an unfinished section.
 *
 * One state table, and therefore one file: the states are the constants below.
 */
import { Fault, Truncation } from '../errors/fault.ts';
import { Fields } from '../fields.ts';
import {
  fieldOverhead,
  maxFieldCount,
  maxInterimResponses,
  parseLength,
  tokenChars,
  valueChars,
  withoutBlanks,
} from '../syntax.ts';
import { cr, hexValue, isDigit, isNamed, lf, space, tab } from './bytes.ts';
import {
  badChunk,
  badExtension,
  badName,
  badStatusLine,
  badVersion,
  unsupportedCoding,
} from './faults.ts';

/** All of the range is taken; more bytes are needed. */
export const more = 0;
/** The head of an interim response: `status`, `fields`. */
export const interim = 1;
/** The head of the final response: `status`, `fields`, `keepAlive`, `hint`. */
export const head = 2;
/** A piece of the body: the bytes from `from` to `to`. */
export const data = 3;
/** The end of the response: `trailers`. */
export const end = 4;
/** A head after which the bytes are not HTTP any more: `status`, `fields`. */
export const handover = 5;

/** What the parser says: one of the constants above. */
export type ParserEvent = 0 | 1 | 2 | 3 | 4 | 5;

/** What the framing of a response depends on. */
export type RequestKind = 0 | 1 | 2 | 3;
export const plain = 0;
export const headRequest = 1;
export const connectRequest = 2;
export const upgradeRequest = 3;

/** How strict a {@link ResponseParser} is, and how much it takes. */
export interface ParserOptions {
  /**
   * The most bytes of names and values in a header or trailer section. Default 262144. With all
   * else (white space, line ends, the reason phrase) it may take 32,000 bytes more.
   */
  readonly maxHeaderSize?: number | undefined;
  /**
   * A value that goes on in a further line (RFC 9112, 5.2: obs-fold): `'replace'` takes the line
   * break for a space, `'refuse'` fails the response. Default `'replace'`.
   */
  readonly obsFold?: 'replace' | 'refuse' | undefined;
  /**
   * Whether a line may end with LF alone (RFC 9112, 2.2). Default false: what ends a line must be
   * beyond doubt. For servers that know no better.
   */
  readonly bareLineFeeds?: boolean | undefined;
}

const idle = 0;
const startLine = 1;
const fieldLine = 2;
const lengthBody = 3;
const endlessBody = 4;
const chunkStart = 5;
const chunkSize = 6;
/** White space before the next extension. */
const chunkBlank = 7;
/** After `;`, before a name. */
const extensionStart = 8;
const extensionName = 9;
/** White space after a name. */
const extensionEquals = 10;
/** After `=`, before a value. */
const extensionValue = 11;
const extensionToken = 12;
const extensionQuoted = 13;
const extensionEscape = 14;
/** After a quoted value. */
const extensionEnd = 15;
const chunkSizeLf = 16;
const chunkData = 17;
const chunkDataEnd = 18;
const chunkDataLf = 19;
const trailerLine = 20;
/** All of the response has come, and the end is to be told. */
const atEnd = 21;
/** The bytes are not HTTP any more. */
const over = 22;

/** The most bytes of extensions, and of zeros before sizes, beyond what the chunks that have them make up for. */
const maxExtensions = 16_384;

// An empty line before a response.
const unread = 0;
const halfRead = 1;
const read = 2;

/** The largest buffer for sections that is kept from one response to the next. */
const keptBuffer = 4096;

const http1 = Buffer.from('HTTP/1.', 'latin1');
const firstOfHttp = 0x48;
const noBytes = Buffer.alloc(0);

/**
 * Reads the responses of one connection, in order. Say `begin` for each request that is sent, then
 * call `next` with what comes, from where it stopped, until it says that it needs more.
 *
 * @example
 * const parser = new ResponseParser();
 * parser.begin(requestKind.plain);
 * const bytes = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
 * for (let at = 0, event; ; at = parser.at) {
 *   event = parser.next(bytes, at, bytes.length);
 *   if (event === responseEvent.head) console.log(parser.status, parser.fields.list);
 *   if (event === responseEvent.data) console.log(bytes.toString('utf8', parser.from, parser.to));
 *   if (event === responseEvent.end || event === responseEvent.more) break;
 * }
 */
export class ResponseParser {
  // The details of the last event.
  /** Where the next call is to go on. */
  at = 0;
  from = 0;
  to = 0;
  status = 0;
  fields: Fields = Fields.none;
  trailers: Fields = Fields.none;
  /** Whether the server keeps the connection after this response. */
  keepAlive = false;
  /** The seconds of `keep-alive: timeout`; -1 without one. */
  hint = -1;
  /** A byte of a response to the request in progress has come. */
  started = false;

  private readonly maxHeaderSize: number;
  /** The most bytes of a section with all that is no name and no value: white space, line ends, a reason phrase. */
  private readonly maxSection: number;
  private readonly replacesFolds: boolean;
  private readonly takesBareLf: boolean;
  private state = idle;
  private kind: RequestKind = plain;
  private minor = 1;
  /** What is left of the body or of the chunk. */
  private left = 0;
  private digits = 0;
  private extensions = 0;
  /** How much of an empty line came before the response: one is skipped. */
  private emptyLine = unread;
  /** The bytes of names and values in the section, and the number of its fields. */
  private size = 0;
  private count = 0;
  /** The same of all interim responses, and their number. */
  private interimSize = 0;
  private interims = 0;
  private length = -1;
  private chunked = false;
  private coded = false;
  private closes = false;
  private keeps = false;
  private upgrades = false;
  private hasUpgrade = false;
  /** The length of the last field's name: it may go on in a further line. 0: there was none. */
  private lastName = 0;
  /** The lines of the section are not all `name:value CRLF`. */
  private irregular = false;
  private typeStart = 0;
  private typeEnd = 0;
  /** Where the field lines begin in the section. */
  private linesFrom = 0;
  /** The bytes of a section that came in several ranges. */
  private held: Buffer = noBytes;
  private heldSize = 0;
  /** Where the unfinished line begins among them. */
  private heldLine = 0;

  constructor({
    maxHeaderSize = 262_144,
    obsFold = 'replace',
    bareLineFeeds = false,
  }: ParserOptions = {}) {
    this.maxHeaderSize = maxHeaderSize;
    this.maxSection = maxHeaderSize + maxFieldCount * fieldOverhead;
    this.replacesFolds = obsFold === 'replace';
    this.takesBareLf = bareLineFeeds;
  }

  /** No response is awaited or under way. */
  get idle(): boolean {
    return this.state === idle;
  }

  /** A request is sent: a response is awaited from now on. */
  begin(kind: RequestKind): void {
    this.kind = kind;
    this.started = false;
    this.emptyLine = unread;
    this.state = startLine;
    this.interims = this.interimSize = 0;
    this.trailers = Fields.none;
    this.resetHead();
  }

  /** Looks at the bytes from `at` to `limit`. @throws Fault */
  next(bytes: Buffer, at: number, limit: number): ParserEvent {
    switch (this.state) {
      case idle:
        return this.surplus(bytes, at, limit);
      case startLine:
      case fieldLine:
      case trailerLine:
        return at === limit ? this.wait(limit) : this.section(bytes, at, limit);
      case lengthBody:
        return this.inLength(at, limit);
      case atEnd:
        this.at = at;
        return this.finish();
      case endlessBody:
        if (at === limit) return this.wait(limit);
        this.from = at;
        this.to = this.at = limit;
        return data;
      case over:
        this.at = at;
        return more;
      default:
        return this.inChunks(bytes, at, limit);
    }
  }

  /** The stream has ended. Gives `end`, or `more` if nothing was under way. @throws Truncation */
  eof(): ParserEvent {
    if (this.state === endlessBody || this.state === atEnd) return this.finish();
    if (this.state === idle || this.state === over || !this.started) return more;
    // A line that could not have been completed is told from one that was cut off.
    const { held, heldLine, heldSize } = this;
    if (this.state === startLine) this.parseStart(held, heldLine, heldSize);
    else if (heldSize > 0) this.parseField(held, heldLine, heldSize, 0);
    throw new Truncation('the stream ended inside the response');
  }

  // Sections: start line, fields, trailers --------------------------------------------

  private section(bytes: Buffer, at: number, limit: number): ParserEvent {
    if (this.heldSize > 0) return this.continued(bytes, at, limit);
    let first = at;
    let line = at;
    this.started = true;
    if (this.state === startLine) {
      if (bytes[at] !== firstOfHttp || this.emptyLine === halfRead) {
        first = this.skipEmptyLine(bytes, at, limit);
        if (first === limit) return this.wait(limit);
      }
      line = this.parseStart(bytes, first, limit);
      if (line < 0) return this.hold(bytes, first, first, limit);
      this.state = fieldLine;
      this.linesFrom = line - first;
    }
    for (;;) {
      const next = this.parseField(bytes, line, limit, first);
      if (next < 0) return this.hold(bytes, first, line, limit);
      if (next - first > this.maxSection) throw this.tooLarge(next - first);
      if (this.isLast(bytes, line)) {
        this.at = next;
        return this.complete(bytes, first + this.linesFrom, line);
      }
      line = next;
    }
  }

  /**
   * Skips one empty line before the response: the end of a sloppy one before it, which came after the
   * request was sent. Between responses it is skipped, too.
   */
  private skipEmptyLine(b: Buffer, at: number, limit: number): number {
    let i = at;
    if (this.emptyLine === unread && b[i] === cr) {
      this.emptyLine = halfRead;
      i++;
    }
    if (i === limit || this.emptyLine !== halfRead) return i;
    if (b[i] !== lf) throw badStatusLine();
    this.emptyLine = read;
    return i + 1;
  }

  /** The section began in an earlier range: it goes on in a copy of it, line by line. */
  private continued(bytes: Buffer, at: number, limit: number): ParserEvent {
    let from = at;
    while (from < limit) {
      let to = from;
      while (to < limit && bytes[to] !== lf) to++;
      const isWhole = to < limit;
      if (isWhole) to++;
      const seen = this.heldSize;
      this.append(bytes, from, to);
      from = to;
      const { held, heldSize, heldLine } = this;
      if (!isWhole) {
        this.checkUnfinished(seen);
        break;
      }
      // The line is whole: it ends where the bytes do, or is wrong.
      if (this.state === startLine) {
        this.linesFrom = this.parseStart(held, heldLine, heldSize);
        this.state = fieldLine;
      } else {
        this.parseField(held, heldLine, heldSize, 0);
        if (this.isLast(held, heldLine)) {
          this.at = from;
          this.release();
          return this.complete(held, this.linesFrom, heldLine);
        }
      }
      this.heldLine = heldSize;
    }
    return this.wait(limit);
  }

  /** What was added to the unfinished line is not waited upon if a CR in it ends nothing. */
  private checkUnfinished(seen: number): void {
    const { held, heldLine, heldSize } = this;
    const at = held.indexOf(cr, Math.max(heldLine, seen - 1));
    if (at < 0 || at + 1 >= heldSize) return;
    if (this.state === startLine) this.parseStart(held, heldLine, heldSize);
    else this.parseField(held, heldLine, heldSize, 0);
  }

  private hold(bytes: Buffer, first: number, line: number, limit: number): ParserEvent {
    this.append(bytes, first, limit);
    this.heldLine = line - first;
    return this.wait(limit);
  }

  private append(bytes: Buffer, from: number, to: number): void {
    const size = this.heldSize + to - from;
    if (size > this.maxSection) throw this.tooLarge(size);
    if (size > this.held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, size * 2));
      this.held.copy(larger, 0, 0, this.heldSize);
      this.held = larger;
    }
    bytes.copy(this.held, this.heldSize, from, to);
    this.heldSize = size;
  }

  /** The section is over. The next one most likely needs no more than a small buffer, if any. */
  private release(): void {
    this.heldSize = this.heldLine = 0;
    if (this.held.length > keptBuffer) this.held = noBytes;
  }

  /** Whether the line that begins here is the empty one. */
  private isLast(b: Buffer, line: number): boolean {
    const first = b[line];
    return first === cr || first === lf;
  }

  /** Where the line ends; -1 when that has not come. */
  private parseStart(b: Buffer, at: number, limit: number): number {
    const known = Math.min(limit - at, 7);
    for (let i = 0; i < known; i++) {
      if (b[at + i] === http1[i]) continue;
      // `HTTP/2.0` and the like
      throw i === 5 && isDigit(b[at + 5] as number) ? badVersion() : badStatusLine();
    }
    if (limit - at < 13) return this.checkStart(b, at, limit);
    const minor = (b[at + 7] as number) - 0x30;
    if (minor !== 0 && minor !== 1) throw badVersion();
    this.minor = minor;
    if (b[at + 8] !== space) throw badStatusLine();
    const x = (b[at + 9] as number) - 0x30;
    const y = (b[at + 10] as number) - 0x30;
    const z = (b[at + 11] as number) - 0x30;
    if (x < 0 || x > 9 || y < 0 || y > 9 || z < 0 || z > 9) throw badStatusLine();
    this.status = x * 100 + y * 10 + z;
    if (x === 0) throw new Fault('invalid_status', 'the status is below 100');
    let i = at + 12;
    const c = b[i] as number;
    if (c === space) {
      while (i < limit && valueChars[b[i] as number] === 1) i++;
    } else if (c !== cr && c !== lf) {
      throw badStatusLine();
    }
    return this.lineEnd(b, i, limit, 'invalid_status_line');
  }

  /** What there is of a short start line: -1, unless it is wrong already. */
  private checkStart(b: Buffer, at: number, limit: number): -1 {
    for (let i = at + 7; i < limit; i++) {
      const c = b[i] as number;
      if (i === at + 7) {
        if (c !== 0x30 && c !== 0x31) throw badVersion();
      } else if (i === at + 8 ? c !== space : !isDigit(c)) {
        throw badStatusLine();
      }
    }
    return -1;
  }

  /**
   * Where the line ends, the empty one included; -1 when that has not come. `first`: where the
   * section begins.
   */
  private parseField(b: Buffer, at: number, limit: number, first: number): number {
    let i = at;
    while (i < limit && tokenChars[b[i] as number] === 1) i++;
    if (i === limit) return -1;
    if (i === at) {
      const c = b[i];
      if (c === cr || c === lf) return this.lineEnd(b, i, limit, 'invalid_header');
      if (c === space || c === tab) return this.parseFold(b, at, limit);
      throw badName();
    }
    if (b[i] !== 0x3a) throw badName();
    const colon = i++;
    while (i < limit && (b[i] === space || b[i] === tab)) i++;
    const start = i;
    while (i < limit && valueChars[b[i] as number] === 1) i++;
    const next = this.lineEnd(b, i, limit, 'invalid_header');
    if (next < 0) return -1;
    while (i > start && (b[i - 1] === space || b[i - 1] === tab)) i--;
    this.count++;
    this.grow(colon - at + i - start);
    this.lastName = colon - at;
    switch (colon - at) {
      case 7:
        if (i > start && isNamed(b, at, 'upgrade')) this.hasUpgrade = true;
        break;
      case 10:
        // What concerns the connection is said before the body, or not at all (RFC 9110, 6.5.1).
        if (this.state === trailerLine) break;
        if (isNamed(b, at, 'connection')) this.connection(b, start, i);
        else if (isNamed(b, at, 'keep-alive')) this.keepAliveField(b, start, i);
        break;
      case 12:
        if (this.typeEnd === 0 && isNamed(b, at, 'content-type')) {
          this.typeStart = start - first;
          this.typeEnd = i - first;
        }
        break;
      case 14:
        if (isNamed(b, at, 'content-length')) this.contentLength(b, start, i);
        break;
      case 17:
        if (isNamed(b, at, 'transfer-encoding')) this.transferEncoding(b, start, i);
        break;
    }
    return next;
  }

  /** A line that begins with white space: the value of the field before goes on. */
  private parseFold(b: Buffer, at: number, limit: number): number {
    if (!this.replacesFolds || this.lastName === 0) {
      throw new Fault('invalid_header', 'a line of the header section begins with white space');
    }
    // Lengths and codings decide where the response ends: they are in one line, or not to be trusted.
    if (this.lastName === 14 || this.lastName === 17) {
      throw new Fault('invalid_header', 'a field that may frame the response is folded');
    }
    let start = at;
    while (start < limit && (b[start] === space || b[start] === tab)) start++;
    let i = start;
    while (i < limit && valueChars[b[i] as number] === 1) i++;
    const next = this.lineEnd(b, i, limit, 'invalid_header');
    if (next < 0) return -1;
    this.irregular = true;
    this.grow(i - start + 1);
    // Too much is closed rather than too little: the options of a folded `connection` count.
    if (this.lastName === 10) this.connection(b, start, i);
    return next;
  }

  /** Where the line ends whose end begins here; -1 when that has not come. */
  private lineEnd(b: Buffer, at: number, limit: number, reason: string): number {
    if (at === limit) return -1;
    const c = b[at];
    if (c === lf && this.takesBareLf) {
      this.irregular = true;
      return at + 1;
    }
    if (c !== cr)
      throw new Fault(reason, 'a line holds a byte that it cannot, or ends with LF only');
    if (at + 1 === limit) return -1;
    if (b[at + 1] !== lf) throw new Fault(reason, 'CR without LF');
    return at + 2;
  }

  private grow(size: number): void {
    this.size += size;
    if (
      this.size > this.maxHeaderSize ||
      this.size + this.count * fieldOverhead > this.maxSection
    ) {
      throw this.tooLarge(this.size);
    }
  }

  /** An answer to CONNECT that opens the tunnel has no body, whatever it says (RFC 9110, 9.3.6). */
  private get opensTunnel(): boolean {
    return this.kind === connectRequest && this.status >= 200 && this.status <= 299;
  }

  private contentLength(b: Buffer, start: number, stop: number): void {
    if (this.opensTunnel) return;
    if (this.state === trailerLine || this.length >= 0) {
      throw new Fault('invalid_content_length', 'a further content-length');
    }
    this.length = parseLength(b, start, stop);
    if (this.length < 0) {
      throw new Fault('invalid_content_length', 'the content-length is no number of bytes');
    }
  }

  private transferEncoding(b: Buffer, start: number, stop: number): void {
    if (this.opensTunnel) return;
    if (this.state === trailerLine) {
      throw new Fault('invalid_transfer_encoding', 'a transfer-encoding after the body');
    }
    // A field without a coding beside one that has it: others might take the other one.
    if (start === stop) throw unsupportedCoding();
    this.coded = true;
    for (const item of b.toString('latin1', start, stop).split(',')) {
      const coding = withoutBlanks(item).toLowerCase();
      if (coding === '') continue;
      if (coding !== 'chunked' || this.chunked) throw unsupportedCoding();
      this.chunked = true;
    }
  }

  private connection(b: Buffer, start: number, stop: number): void {
    if (stop - start === 10 && isNamed(b, start, 'keep-alive')) {
      this.keeps = true;
    } else if (stop - start === 5 && isNamed(b, start, 'close')) {
      this.closes = true;
    } else {
      for (const item of b.toString('latin1', start, stop).split(',')) {
        const option = withoutBlanks(item).toLowerCase();
        if (option === 'close') this.closes = true;
        else if (option === 'keep-alive') this.keeps = true;
        else if (option === 'upgrade') this.upgrades = true;
      }
    }
  }

  private keepAliveField(b: Buffer, start: number, stop: number): void {
    const [, seconds] = /\btimeout=\s*(\d+)/i.exec(b.toString('latin1', start, stop)) ?? [];
    if (seconds !== undefined) this.hint = Number(seconds);
  }

  /** The section is complete: its lines stand from `from` to `to`. */
  private complete(bytes: Buffer, from: number, to: number): ParserEvent {
    const fields = this.fieldsOf(bytes, from, to);
    if (this.state === trailerLine) {
      this.trailers = fields;
      return this.finish();
    }
    this.fields = fields;
    if (this.coded) {
      if (!this.chunked) throw unsupportedCoding();
      if (this.length >= 0) {
        throw new Fault('invalid_content_length', 'a content-length beside a transfer-encoding');
      }
      // RFC 9112, 6.1: faulty framing, whatever the connection field says.
      if (this.minor === 0) this.closes = true;
    }
    return this.status < 200 ? this.completeInterim(to - from) : this.completeHead();
  }

  private fieldsOf(bytes: Buffer, from: number, to: number): Fields {
    if (to <= from) return Fields.none;
    const lines = bytes.toString('latin1', from, to);
    if (this.irregular) return Fields.ofIrregularLines(lines, this.length);
    const { typeStart, typeEnd, linesFrom } = this;
    if (typeEnd === 0) return Fields.ofLines(lines, 0, 0, this.length);
    return Fields.ofLines(lines, typeStart - linesFrom, typeEnd - linesFrom, this.length);
  }

  private completeInterim(linesSize: number): ParserEvent {
    if (this.status === 101) {
      if (this.kind !== upgradeRequest || !this.upgrades || !this.hasUpgrade) {
        throw new Fault('unexpected_upgrade', 'a protocol switch that was not asked for');
      }
      this.state = over;
      return handover;
    }
    // With the fields, the white space in their lines is kept.
    this.interimSize += Math.max(this.size + this.count * fieldOverhead, linesSize);
    if (this.interimSize > this.maxSection) throw this.tooLarge(this.interimSize);
    if (++this.interims > maxInterimResponses) {
      const detail = `more than ${maxInterimResponses} of them came`;
      throw new Fault('too_many_interim_responses', detail);
    }
    this.state = startLine;
    const { closes } = this;
    this.resetHead();
    // The end of the connection may be announced early (RFC 9112, 9.6).
    this.closes = closes;
    return interim;
  }

  private completeHead(): ParserEvent {
    const { kind, length, status } = this;
    this.keepAlive = !this.closes && (this.minor === 1 || this.keeps);
    if (kind === connectRequest) {
      // What follows a tunnel that was refused is of no use; the connection ends with it.
      this.keepAlive = false;
      if (status <= 299) {
        this.state = over;
        return handover;
      }
      this.state = atEnd;
    } else if (kind === headRequest || status === 204 || status === 304) {
      this.state = atEnd;
      // Who announces a body where there is none might send it. A 304 tells the length that a 200 had.
      if (status === 204 && kind !== headRequest && (length > 0 || this.chunked)) {
        this.keepAlive = false;
      }
    } else if (this.chunked) {
      this.state = chunkStart;
      this.extensions = 0;
    } else if (length >= 0) {
      this.left = length;
      this.state = length === 0 ? atEnd : lengthBody;
    } else {
      this.keepAlive = false;
      this.state = endlessBody;
    }
    return head;
  }

  private resetHead(): void {
    this.size = this.count = this.lastName = 0;
    this.length = this.hint = -1;
    this.chunked = this.coded = this.closes = this.keeps = false;
    this.upgrades = this.hasUpgrade = this.irregular = false;
    this.typeStart = this.typeEnd = this.linesFrom = 0;
  }

  // Bodies -----------------------------------------------------------------------------

  private inLength(at: number, limit: number): ParserEvent {
    if (at === limit) return this.wait(limit);
    const room = limit - at;
    this.from = at;
    if (room >= this.left) {
      this.to = this.at = at + this.left;
      this.left = 0;
      this.state = atEnd;
    } else {
      this.to = this.at = limit;
      this.left -= room;
    }
    return data;
  }

  private inChunks(b: Buffer, start: number, limit: number): ParserEvent {
    let at = start;
    while (at < limit) {
      const c = b[at] as number;
      switch (this.state) {
        case chunkStart:
          this.left = hexValue[c] as number;
          if (this.left === 255) throw badChunk();
          this.digits = 1;
          this.state = chunkSize;
          at++;
          break;
        case chunkSize: {
          const digit = hexValue[c] as number;
          if (digit !== 255) {
            // Zeros in front may be many; 13 digits after them are less than 2^53.
            if (this.left === 0) this.extend();
            else if (++this.digits > 13) throw badChunk();
            this.left = this.left * 16 + digit;
          } else if (c === cr) this.state = chunkSizeLf;
          else if (c === 0x3b) this.state = extensionStart;
          else if (c === space || c === tab) this.state = chunkBlank;
          else if (c === lf && this.takesBareLf) this.state = chunkSizeLf;
          else throw badChunk();
          // The LF is for the state that ends the line.
          if (c !== lf) at++;
          break;
        }
        case chunkSizeLf:
          if (c !== lf) throw badChunk();
          at++;
          if (this.endOfSize()) return at === limit ? this.wait(limit) : this.section(b, at, limit);
          break;
        case chunkData: {
          this.from = at;
          const room = limit - at;
          if (room >= this.left) {
            at += this.left;
            this.left = 0;
            this.state = chunkDataEnd;
          } else {
            at = limit;
            this.left -= room;
          }
          this.to = this.at = at;
          return data;
        }
        case chunkDataEnd:
          if (c === cr) this.state = chunkDataLf;
          else if (c === lf && this.takesBareLf) this.state = chunkStart;
          else throw new Fault('invalid_chunk', 'a chunk is not followed by CRLF');
          at++;
          break;
        case chunkDataLf:
          if (c !== lf) throw new Fault('invalid_chunk', 'a chunk is not followed by CRLF');
          this.state = chunkStart;
          at++;
          break;
        default:
          this.inExtension(c);
          if (c !== lf) at++;
      }
    }
    return this.wait(limit);
  }

  /** The size of a chunk is known; returns whether it is the last one, which trailers follow. */
  private endOfSize(): boolean {
    if (this.left > 0) {
      // A body may go on for ever, and so may its extensions, as long as there is data with them.
      if (this.extensions > 0) this.extensions = Math.max(0, this.extensions - 16 - 2 * this.left);
      this.state = chunkData;
      return false;
    }
    this.state = trailerLine;
    this.size = this.count = this.lastName = this.linesFrom = 0;
    this.typeStart = this.typeEnd = 0;
    this.irregular = false;
    return true;
  }

  /** Extensions of a chunk (RFC 9112, 7.1.1), which mean nothing here but must be of their form. */
  private inExtension(c: number): void {
    this.extend();
    const isToken = tokenChars[c] === 1;
    const isBlank = c === space || c === tab;
    switch (this.state) {
      case chunkBlank:
        if (c === 0x3b) this.state = extensionStart;
        else if (!isBlank) throw badChunk();
        return;
      case extensionStart:
        if (isToken) this.state = extensionName;
        else if (!isBlank) throw badExtension();
        return;
      case extensionName:
        if (c === 0x3d) this.state = extensionValue;
        else if (isBlank) this.state = extensionEquals;
        else if (!isToken) this.endExtension(c);
        return;
      case extensionEquals:
        if (c === 0x3d) this.state = extensionValue;
        else if (c === 0x3b) this.state = extensionStart;
        else if (!isBlank) throw badExtension();
        return;
      case extensionValue:
        if (c === 0x22) this.state = extensionQuoted;
        else if (isToken) this.state = extensionToken;
        else if (!isBlank) throw badExtension();
        return;
      case extensionToken:
        if (isBlank) this.state = chunkBlank;
        else if (!isToken) this.endExtension(c);
        return;
      case extensionQuoted:
        if (c === 0x22) this.state = extensionEnd;
        else if (c === 0x5c) this.state = extensionEscape;
        else if (valueChars[c] === 0) throw badExtension();
        return;
      case extensionEscape:
        if (valueChars[c] === 0) throw badExtension();
        this.state = extensionQuoted;
        return;
      case extensionEnd:
        if (isBlank) this.state = chunkBlank;
        else this.endExtension(c);
    }
  }

  /** One more byte in the line of a chunk's size that no chunk needs. */
  private extend(): void {
    if (++this.extensions <= maxExtensions) return;
    throw new Fault('chunk_extensions_too_large', `more than ${maxExtensions} bytes of them`);
  }

  private endExtension(c: number): void {
    if (c === cr || (c === lf && this.takesBareLf)) this.state = chunkSizeLf;
    else if (c === 0x3b) this.state = extensionStart;
    else throw badExtension();
  }

  // ------------------------------------------------------------------------------------

  private finish(): ParserEvent {
    this.state = idle;
    return end;
  }

  /** Bytes that belong to no response; an empty line may be the end of a sloppy one. */
  private surplus(b: Buffer, at: number, limit: number): ParserEvent {
    for (let i = at; i < limit; i++) {
      if (b[i] !== cr && b[i] !== lf) {
        throw new Fault('unexpected_data', 'bytes came that belong to no response');
      }
    }
    return this.wait(limit);
  }

  private wait(limit: number): ParserEvent {
    this.at = limit;
    return more;
  }

  private tooLarge(size: number): Fault {
    const limit = this.maxHeaderSize;
    const received = Math.max(size, limit + 1);
    const detail = `more than ${limit} bytes of header or trailer fields`;
    return new Fault('header_too_large', detail, { limit, received });
  }
}
