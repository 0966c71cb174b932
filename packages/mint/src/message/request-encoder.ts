/**
 * From a request to its encoded header section, for HTTP/2 and HTTP/3 alike:
 * pseudo-header fields first, names in lower case, `host` as `:authority`, and
 * nothing that could be read as something else behind a translation to HTTP/1
 * (RFC 9113, 8.2, 8.3 and 10.3; RFC 9114, 4.2, 4.3 and 10.3). What a frozen list
 * of fields becomes is kept.
 */
import { InvalidRequestError } from '../errors/index.ts';
import type { OutputBuffer } from '../output-buffer.ts';
import {
  checkField,
  checkMethod,
  checkTarget,
  declaredLength,
  expectsBody,
  fieldOverhead,
  invalidPart,
  invalidTrailer,
  isFieldValue,
  isToken,
  lengthMismatch,
  reserved,
} from '../syntax.ts';
import { isTrailerAllowed } from '../trailers.ts';

/** The largest header section that is sent, in bytes before its compression. */
const maxSentHeaders = 1_048_576;

/** What HPACK and QPACK do to the fields of a section. */
export interface FieldEncoder {
  /** Counts the changes of its table: what was encoded before one must not be written after it. */
  readonly version: number;
  /** Begins a section. */
  begin(out: OutputBuffer): void;
  /** `mayInsert`: the field will come again. */
  field(out: OutputBuffer, name: string, value: string, mayInsert: boolean): void;
  /** `:method`. */
  method(out: OutputBuffer, method: string): void;
  /** `:path`. */
  path(out: OutputBuffer, path: string): void;
}

/** A body whose length is not known. */
export const unknownLength = -1;

/** A request as far as its head goes. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** Flat: name, value, name, value…. */
  readonly headers: readonly string[];
  /** The protocol to switch to (RFC 8441, RFC 9220). */
  readonly upgrade?: string | undefined;
}

/** Fields that may be sent more than once, as they were encoded last. */
class EncodedFields {
  readonly names: string[];
  readonly values: string[];
  /** With the table as it was at `version`. */
  block: Buffer | undefined = undefined;
  version = 0;
  /** How often they were sent. */
  uses = 0;

  constructor(names: string[], values: string[]) {
    this.names = names;
    this.values = values;
  }
}

/** The fields of a request, checked. */
class RequestFields extends EncodedFields {
  /** What `host` says; empty without one. */
  host = '';
  /** What `content-length` says. */
  length = unknownLength;
  /** Uncompressed, with 32 bytes for each field. */
  size = 0;

  /** @throws InvalidRequestError for fields that cannot be sent. */
  constructor(headers: readonly string[]) {
    super([], []);
    for (let index = 0; index + 1 < headers.length; index += 2) {
      this.add(headers[index] as string, headers[index + 1] as string);
    }
  }

  private add(given: string, value: string): void {
    checkField(given, value);
    const name = given.toLowerCase();
    switch (name) {
      case 'host':
        if (this.host !== '') throw reserved('host', 'one host');
        this.host = checkedAuthority(value);
        return;
      case 'content-length':
        if (this.length !== unknownLength) throw reserved(name, 'one content-length');
        this.length = declaredLength(value);
        break;
      case 'connection':
        if (!/^(?:close|keep-alive)$/i.test(value)) throw reserved(name, 'close, or none');
        return;
      case 'te':
        if (value.toLowerCase() !== 'trailers') throw reserved(name, 'trailers, or none');
        this.push(name, 'trailers');
        return;
      case 'keep-alive':
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'upgrade':
      case 'http2-settings':
      case 'expect':
        throw reserved(name, 'none: HTTP/2, HTTP/3 and the wire have their own means');
    }
    this.push(name, trimmed(value));
  }

  private push(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
    this.size += name.length + value.length + fieldOverhead;
  }
}

const absoluteForm = /^(https?):\/\/([^/?#]+)([^#]*)$/i;
const badInAuthority = /[^\x21-\x7e]|[/?#@\\,]/;

export class RequestEncoder {
  /** The length that the request that was written last declares for its body. */
  declared = unknownLength;
  /** The largest header section that may be sent, in bytes before its compression, and 32 for each field. */
  maxSize = maxSentHeaders;
  private readonly encoder: FieldEncoder;
  private readonly scheme: string;
  private readonly authority: string;
  /** The scheme and the authority of all requests that name no other. */
  private readonly origin: EncodedFields;
  /** What each request has beside its own fields. */
  private readonly common: RequestFields;
  private readonly known = new WeakMap<readonly string[], RequestFields>();
  private lastHeaders: readonly string[] | undefined = undefined;
  private lastFields: RequestFields | undefined = undefined;

  /** `scheme` and `authority` are those of requests that bring none; each one has the fields of `common`. */
  constructor(
    encoder: FieldEncoder,
    scheme: string,
    authority: string,
    common: readonly string[] = [],
  ) {
    this.encoder = encoder;
    this.scheme = scheme;
    this.authority = authority;
    this.origin = new EncodedFields([':scheme', ':authority'], [scheme, authority]);
    this.common = new RequestFields(common);
  }

  /**
   * Writes the header block of a request whose body has this length: 0 for none,
   * {@link unknownLength} when it is not known.
   *
   * @throws InvalidRequestError when a part of the request cannot be sent; nothing is changed then.
   */
  write(out: OutputBuffer, request: RequestHead, bodyLength: number, expects: boolean): void {
    const { method, target, upgrade } = request;
    checkMethod(method);
    checkTarget(target);
    if (upgrade !== undefined && !isToken(upgrade))
      throw invalidPart('upgrade', upgrade, 'a token');
    const fields = this.fieldsOf(request.headers);
    const declared = declaredFor(method, fields.length, bodyLength);
    const size = target.length + this.authority.length + fields.size + this.common.size + 200;
    if (size > this.maxSize) throw headersTooLarge(size, this.maxSize);
    const isTunnel = method === 'CONNECT' && upgrade === undefined;
    const isRelative = target.charCodeAt(0) === 0x2f || target === '*';
    const absolute = isTunnel || isRelative ? undefined : takeApart(target);
    if (isTunnel) checkedAuthority(target);

    const { encoder } = this;
    encoder.begin(out);
    encoder.method(out, upgrade === undefined ? method : 'CONNECT');
    if (isTunnel) {
      encoder.field(out, ':authority', target, false);
    } else if (absolute !== undefined) {
      // An absolute URL names the authority itself (RFC 9112, 3.2.2).
      encoder.field(out, ':scheme', absolute.scheme, false);
      encoder.field(out, ':authority', absolute.authority, false);
      encoder.path(out, absolute.path);
    } else {
      if (fields.host === '' || fields.host === this.authority) this.writeFields(out, this.origin);
      else this.writeOrigin(out, fields.host);
      encoder.path(out, target);
    }
    if (upgrade !== undefined) encoder.field(out, ':protocol', upgrade, false);
    this.writeFields(out, fields);
    if (this.common.size > 0) this.writeFields(out, this.common);
    if (expects) encoder.field(out, 'expect', '100-continue', false);
    if (fields.length === unknownLength && declared !== unknownLength) {
      encoder.field(out, 'content-length', String(declared), false);
    }
    this.declared = declared;
  }

  /** Writes the block of a trailer section. @throws InvalidRequestError as `write` does. */
  writeTrailers(out: OutputBuffer, flat: readonly string[]): void {
    const names: string[] = [];
    const values: string[] = [];
    for (let index = 0; index + 1 < flat.length; index += 2) {
      const name = (flat[index] as string).toLowerCase();
      const value = flat[index + 1] as string;
      if (!isToken(name) || !isFieldValue(value) || !isTrailerAllowed(name)) {
        throw invalidTrailer(name);
      }
      names.push(name);
      values.push(trimmed(value));
    }
    this.encoder.begin(out);
    for (const [index, name] of names.entries()) {
      this.encoder.field(out, name, values[index] as string, false);
    }
  }

  private fieldsOf(headers: readonly string[]): RequestFields {
    if (headers === this.lastHeaders) return this.lastFields as RequestFields;
    if (!Object.isFrozen(headers)) return new RequestFields(headers);
    let fields = this.known.get(headers);
    if (fields === undefined) {
      fields = new RequestFields(headers);
      this.known.set(headers, fields);
    }
    this.lastHeaders = headers;
    this.lastFields = fields;
    return fields;
  }

  private writeOrigin(out: OutputBuffer, host: string): void {
    this.encoder.field(out, ':scheme', this.scheme, false);
    this.encoder.field(out, ':authority', host, false);
  }

  private writeFields(out: OutputBuffer, fields: EncodedFields): void {
    const { encoder } = this;
    if (fields.block !== undefined && fields.version === encoder.version) {
      const { block } = fields;
      out.ensure(block.length);
      out.bytes.set(block, out.at);
      out.at += block.length;
      return;
    }
    const { names, values } = fields;
    // What came twice is likely to come again; a list for one request only must not fill the table.
    const mayInsert = fields.uses++ > 0;
    const { version } = encoder;
    const before = out.length;
    for (let index = 0; index < names.length; index++) {
      encoder.field(out, names[index] as string, values[index] as string, mayInsert);
    }
    // Fields that were just inserted are written as indexes the next time.
    if (mayInsert && version === encoder.version) {
      const start = out.at - (out.length - before);
      fields.block = Buffer.from(out.bytes.subarray(start, out.at));
      fields.version = version;
    }
  }
}

/** The length that is declared for a body: by its fields, or because it is known and not nothing. */
function declaredFor(method: string, declared: number, bodyLength: number): number {
  if (bodyLength === unknownLength) return declared;
  if (declared !== unknownLength) {
    if (declared !== bodyLength) throw lengthMismatch(declared, bodyLength);
    return declared;
  }
  return bodyLength === 0 && !expectsBody(method) ? unknownLength : bodyLength;
}

function takeApart(target: string): { scheme: string; authority: string; path: string } {
  const [, scheme, authority, rest = ''] = absoluteForm.exec(target) ?? [];
  if (scheme === undefined || authority === undefined) {
    throw invalidPart('target', target, 'a target that begins with / or is an absolute URL');
  }
  return {
    scheme: scheme.toLowerCase(),
    authority: checkedAuthority(authority),
    path: rest.startsWith('/') ? rest : `/${rest}`,
  };
}

function checkedAuthority(authority: string): string {
  if (authority !== '' && !badInAuthority.test(authority)) return authority;
  throw invalidPart('headers', authority, 'a host name or address with or without a port');
}

/** RFC 9113, 8.2.1: no white space around a value. */
function trimmed(value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  const isPadded = first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
  return isPadded ? value.replace(/^[ \t]+|[ \t]+$/g, '') : value;
}

function headersTooLarge(size: number, limit: number): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: size,
    allowed: `at most ${limit} bytes of header fields`,
    problem: `The header fields are ${size} bytes long`,
  });
}
