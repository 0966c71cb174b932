/**
 * From a request to its header block: pseudo-header fields first, names in lower
 * case, `host` as `:authority`, and nothing that could be read as something else
 * behind a translation to HTTP/1 (RFC 9113, 8.2, 8.3 and 10.3). What a frozen
 * list of fields becomes is kept.
 */
import { InvalidRequestError } from '../errors/index.ts';
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
import type { HpackEncoder } from './hpack/encoder.ts';
import type { OutputBuffer } from '../output-buffer.ts';

/** The largest header section that is sent, in bytes before its compression. */
const maxSentHeaders = 1_048_576;

/** A body whose length is not known. */
export const unknownLength = -1;

/** A request as far as its head goes. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** Flat: name, value, name, value…. */
  readonly headers: readonly string[];
  /** The protocol to switch to (RFC 8441). */
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
  /** Uncompressed, with HPACK's overhead. */
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
        throw reserved(name, 'none: HTTP/2 and the wire have their own means');
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
  private readonly hpack: HpackEncoder;
  private readonly scheme: string;
  private readonly authority: string;
  /** The scheme and the authority of all requests that name no other. */
  private readonly origin: EncodedFields;
  private readonly known = new WeakMap<readonly string[], RequestFields>();
  private lastHeaders: readonly string[] | undefined = undefined;
  private lastFields: RequestFields | undefined = undefined;

  /** `scheme` and `authority` are those of requests that bring none. */
  constructor(hpack: HpackEncoder, scheme: string, authority: string) {
    this.hpack = hpack;
    this.scheme = scheme;
    this.authority = authority;
    this.origin = new EncodedFields([':scheme', ':authority'], [scheme, authority]);
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
    const size = target.length + this.authority.length + fields.size + 200;
    if (size > maxSentHeaders) throw headersTooLarge(size);
    const isTunnel = method === 'CONNECT' && upgrade === undefined;
    const isRelative = target.charCodeAt(0) === 0x2f || target === '*';
    const absolute = isTunnel || isRelative ? undefined : takeApart(target);
    if (isTunnel) checkedAuthority(target);

    const { hpack } = this;
    hpack.begin(out);
    hpack.method(out, upgrade === undefined ? method : 'CONNECT');
    if (isTunnel) {
      hpack.field(out, ':authority', target, false);
    } else if (absolute !== undefined) {
      // An absolute URL names the authority itself (RFC 9112, 3.2.2).
      hpack.field(out, ':scheme', absolute.scheme, false);
      hpack.field(out, ':authority', absolute.authority, false);
      hpack.path(out, absolute.path);
    } else {
      if (fields.host === '' || fields.host === this.authority) this.writeFields(out, this.origin);
      else this.writeOrigin(out, fields.host);
      hpack.path(out, target);
    }
    if (upgrade !== undefined) hpack.field(out, ':protocol', upgrade, false);
    this.writeFields(out, fields);
    if (expects) hpack.field(out, 'expect', '100-continue', false);
    if (fields.length === unknownLength && declared !== unknownLength) {
      hpack.field(out, 'content-length', String(declared), false);
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
    this.hpack.begin(out);
    for (const [index, name] of names.entries()) {
      this.hpack.field(out, name, values[index] as string, false);
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
    this.hpack.field(out, ':scheme', this.scheme, false);
    this.hpack.field(out, ':authority', host, false);
  }

  private writeFields(out: OutputBuffer, fields: EncodedFields): void {
    const { hpack } = this;
    if (fields.block !== undefined && fields.version === hpack.version) {
      const { block } = fields;
      out.ensure(block.length);
      out.bytes.set(block, out.at);
      out.at += block.length;
      return;
    }
    const { names, values } = fields;
    // What came twice is likely to come again; a list for one request only must not fill the table.
    const mayInsert = fields.uses++ > 0;
    const { version } = hpack;
    const before = out.length;
    for (let index = 0; index < names.length; index++) {
      hpack.field(out, names[index] as string, values[index] as string, mayInsert);
    }
    // Fields that were just inserted are written as indexes the next time.
    if (mayInsert && version === hpack.version) {
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

function headersTooLarge(size: number): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: size,
    allowed: `at most ${maxSentHeaders} bytes of header fields`,
    problem: `The header fields are ${size} bytes long`,
  });
}
