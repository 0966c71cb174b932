/**
 * Closes the gaps between what undici's parser accepts and what a strict
 * client must (RFC 9112), by hooks on the parser of each connection. They
 * run inside llhttp's callbacks; none of them costs an allocation on a clean
 * response.
 */
import { channel } from 'node:diagnostics_channel';
import { HeaderSizeFault, TruncationFault, WireFault } from './wire-fault.ts';
import type { HeadersBox, Parser } from './undici.ts';

/** What the hooks must know of the request in progress, and where they leave what undici drops. */
export interface ParserState {
  /** Whether the request in progress is a HEAD. */
  head: boolean;
  /** Whether the request in progress is a CONNECT. */
  tunnel: boolean;
  /** Whether the request in progress asked for a protocol switch. */
  upgrade: boolean;
  /** Set for the length of one callback: the interim status that stands behind undici's 102. */
  interimStatus: number;
  /** The most bytes of names and values in a header or trailer section. */
  readonly maxHeaderSize: number;
  /** How many bytes the parser has taken. */
  bytesParsed: number;
  /** Carries the raw fields past undici, which would else parse them into an object. */
  readonly box: HeadersBox;
}

/** The parser with its hooks; its own fields hide the methods of its class. */
interface StrictParser extends Omit<
  Parser,
  'onHeadersComplete' | 'createError' | 'trackHeader' | 'execute'
> {
  state: ParserState;
  inherited: typeof onHeadersComplete;
  inheritedExecute: typeof execute;
  execute: typeof execute;
  onHeadersComplete: typeof onHeadersComplete;
  createError: typeof createError;
  trackHeader: typeof trackHeader;
}

/** llhttp's HPE_INVALID_EOF_STATE. */
const invalidEofState = 14;

/** Whoever traces undici expects the fields as an array. */
const headersChannel = channel('undici:request:headers');

/** Hangs the hooks on a connection's parser. */
export function tighten(parser: Parser, state: ParserState): void {
  const strict = parser as unknown as StrictParser;
  strict.state = state;
  strict.inherited = strict.onHeadersComplete;
  strict.onHeadersComplete = onHeadersComplete;
  strict.inheritedExecute = strict.execute;
  strict.execute = execute;
  strict.createError = createError;
  strict.trackHeader = trackHeader;
}

/** Counts what is parsed: node:net counts TLS, too, and asks the system for it. */
function execute(this: StrictParser, chunk: Buffer): void {
  const { socket, state } = this;
  state.bytesParsed += chunk.length;
  const buffered = socket.readableLength;
  this.inheritedExecute(chunk);
  // What comes after a pause goes back into the stream.
  if (this.paused) state.bytesParsed -= socket.readableLength - buffered;
}

function onHeadersComplete(
  this: StrictParser,
  status: number,
  upgrade: boolean,
  shouldKeepAlive: boolean,
): number {
  const { state, llhttp, ptr } = this;
  const headers = this.headers as Buffer[];
  const minor = llhttp.llhttp_get_http_minor(ptr);
  let keepAlive = shouldKeepAlive;

  trimValues(this, headers);
  if (status < 200 || llhttp.llhttp_get_http_major(ptr) !== 1) {
    const fault = startLineFault(this, status, upgrade);
    if (fault !== undefined) return refuse(this, fault);
    if (state.tunnel && status < 200) return skipInterim(this, status);
    // undici takes a 100 for an attack; it lets any other interim response pass.
    if (status === 100) {
      state.interimStatus = 100;
      status = 102;
    }
  }
  if (this.hasTransferEncoding) {
    if (!isChunked(headers)) return refuse(this, unsupportedCoding());
    // RFC 9112, 6.1: faulty framing, whatever the connection field says.
    if (minor === 0) keepAlive = false;
  }
  if (this.connection.length > 10 && closes(this.connection)) keepAlive = false;
  // No body can follow a HEAD's response, so the lack of a length does not end the connection.
  else if (state.head && minor === 1) keepAlive = !closes(this.connection);

  if (!headersChannel.hasSubscribers) {
    state.box.list = headers;
    this.headers = state.box;
  }
  return this.inherited(status, upgrade, keepAlive);
}

/** undici takes whatever answers a CONNECT for the final response. */
function skipInterim(parser: StrictParser, status: number): 1 {
  parser.headers = [];
  parser.headersSize = 0;
  parser.statusCode = status;
  return 1;
}

/** Counts names and values; undici's own knows neither the limit's last byte nor how much came. */
function trackHeader(this: StrictParser, length: number): void {
  this.headersSize += length;
  const { maxHeaderSize } = this.state;
  if (this.headersSize > maxHeaderSize) {
    refuse(this, new HeaderSizeFault(maxHeaderSize, this.headersSize));
  }
}

function refuse(parser: StrictParser, fault: Error): -1 {
  if (!parser.socket.destroyed) parser.socket.destroy(fault);
  return -1;
}

function startLineFault(
  parser: StrictParser,
  status: number,
  upgrade: boolean,
): WireFault | undefined {
  if (parser.llhttp.llhttp_get_http_major(parser.ptr) !== 1) {
    return new WireFault('unsupported_version', 'the response is not of HTTP/1.0 or HTTP/1.1');
  }
  if (status < 100) return new WireFault('invalid_status', 'the status is below 100');
  if (status === 101 && !(upgrade && parser.state.upgrade)) {
    return new WireFault('unexpected_upgrade', 'a protocol switch that nobody asked for');
  }
  return undefined;
}

function unsupportedCoding(): WireFault {
  return new WireFault(
    'unsupported_transfer_encoding',
    'the only transfer coding that was offered is chunked',
  );
}

/** RFC 9110, 5.5: white space after a value is not part of it. llhttp leaves it there. */
function trimValues(parser: StrictParser, headers: Buffer[]): void {
  for (let index = 1; index < headers.length; index += 2) {
    const value = headers[index] as Buffer;
    const last = value[value.length - 1];
    if (last === 0x20 || last === 0x09) trimValue(parser, headers, index, value);
  }
}

function trimValue(parser: StrictParser, headers: Buffer[], index: number, value: Buffer): void {
  const text = value.toString('latin1').trimEnd();
  headers[index] = value.subarray(0, text.length);
  // undici computes the length digit by digit, white space included.
  if (isNamed(headers[index - 1] as Buffer, 'content-length')) {
    parser.contentLength = Number.parseInt(text, 10);
  }
}

/** Whether all `transfer-encoding` fields together say exactly `chunked`. */
function isChunked(headers: readonly Buffer[]): boolean {
  let codings = 0;
  for (let index = 0; index < headers.length; index += 2) {
    if (!isNamed(headers[index] as Buffer, 'transfer-encoding')) continue;
    for (const item of (headers[index + 1] as Buffer).toString('latin1').split(',')) {
      const coding = item.trim().toLowerCase();
      if (coding === '') continue;
      if (coding !== 'chunked') return false;
      codings += 1;
    }
  }
  return codings === 1;
}

function isNamed(field: Buffer, name: string): boolean {
  return field.length === name.length && field.toString('latin1').toLowerCase() === name;
}

const closeOption = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;

function closes(connection: string): boolean {
  return closeOption.test(connection);
}

/** What llhttp itself says, where undici would blame the content-length for everything. */
function createError(this: StrictParser, code: number): Error {
  if (code === invalidEofState) return new TruncationFault('the stream ended inside the response');
  const { llhttp, ptr } = this;
  const detail = text(this, llhttp.llhttp_get_error_reason(ptr));
  return new WireFault(text(this, llhttp.llhttp_errno_name(code)), detail);
}

/** A C string in the parser's memory. */
function text(parser: StrictParser, pointer: number): string {
  const bytes = new Uint8Array(parser.llhttp.memory.buffer, pointer);
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1');
}
