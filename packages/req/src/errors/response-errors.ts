/** Failures to make of a response what the caller asked for. */
import { because, nameErrors, ReqError, shownUrl, type ReqErrorOptions } from './req-error.ts';

/** What went wrong with one part of a body, as a schema says it. */
export interface DecodeIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, as property names and indexes. */
  readonly path: readonly PropertyKey[];
}

/** What a {@link DecodeError} says. */
interface DecodeDetails extends ReqErrorOptions {
  readonly url: string;
  readonly status: number;
  readonly reason: 'invalid_json' | 'schema' | 'charset' | 'line_too_long';
  readonly contentType?: string | undefined;
  /** How the body begins. */
  readonly snippet?: string | undefined;
  readonly issues?: readonly DecodeIssue[] | undefined;
}

/** The body, or a line of it, is not what its content type says, or not what the schema of `decode` allows. */
export class DecodeError extends ReqError {
  static override readonly code = 'ERR_REQ_DECODE';
  declare readonly code: 'ERR_REQ_DECODE';
  declare readonly url: string;
  declare readonly status: number;
  declare readonly reason: 'invalid_json' | 'schema' | 'charset' | 'line_too_long';
  declare readonly contentType?: string;
  declare readonly snippet?: string;
  /** What the schema says, of reason `'schema'`. */
  declare readonly issues?: readonly DecodeIssue[];

  constructor(details: DecodeDetails) {
    const url = shownUrl(details.url);
    super(decodeMessage(details, url), { ...details, url });
  }

  static {
    nameErrors(this, 'DecodeError');
  }
}

function decodeMessage(details: DecodeDetails, url: string): string {
  const { status, reason, snippet, issues, cause, contentType } = details;
  const of = `The body of the response of ${url} (status ${status}, content-type ${contentType ?? 'none'})`;
  switch (reason) {
    case 'invalid_json':
      return `${of} is not JSON${because(cause)}; it begins with ${JSON.stringify(snippet ?? '')}. Use decode: 'text' or 'bytes' to see it.`;
    case 'line_too_long':
      return `${of} has a line that is too long to be held. Use into: 'stream', and split it yourself.`;
    case 'charset':
      return `${of} has a charset that does not exist. Use decode: 'bytes', and decode it yourself.`;
    case 'schema': {
      const shown = (issues ?? []).slice(0, 5).map(({ path, message }) => {
        const where = path.length === 0 ? 'the body' : path.map(String).join('.');
        return `${where}: ${message}`;
      });
      return `${of} is not what the schema of decode allows: ${shown.join('; ')}.`;
    }
  }
}

/** What a {@link DecompressError} says. */
interface DecompressDetails extends ReqErrorOptions {
  readonly url: string;
  readonly encoding: string;
  readonly reason: 'invalid' | 'too_large' | 'too_many_encodings';
  readonly limit?: number | undefined;
}

/**
 * The body could not be decompressed: it is damaged or cut off, would be larger than
 * `maxDecodedSize`, or was compressed more than five times.
 */
export class DecompressError extends ReqError {
  static override readonly code = 'ERR_REQ_DECOMPRESS';
  declare readonly code: 'ERR_REQ_DECOMPRESS';
  declare readonly url: string;
  declare readonly encoding: string;
  declare readonly reason: 'invalid' | 'too_large' | 'too_many_encodings';
  declare readonly limit?: number;

  constructor(details: DecompressDetails) {
    const { encoding, reason, limit, cause } = details;
    const url = shownUrl(details.url);
    const body = `The body of the response of ${url}, content-encoding ${encoding},`;
    const messages = {
      invalid: `${body} cannot be decompressed${because(cause)}. With raw: true it comes as it was sent.`,
      too_large: `${body} has more than ${limit} bytes when it is decompressed. Raise maxDecodedSize, or use into.`,
      too_many_encodings: `${body} has more layers than 5.`,
    };
    super(messages[reason], { ...details, url });
  }

  static {
    nameErrors(this, 'DecompressError');
  }
}

/** The body does not have the `checksum` that was asked for. */
export class ChecksumError extends ReqError {
  static override readonly code = 'ERR_REQ_CHECKSUM';
  declare readonly code: 'ERR_REQ_CHECKSUM';
  declare readonly url: string;
  declare readonly expected: string;
  declare readonly actual: string;

  constructor(details: {
    readonly url: string;
    readonly expected: string;
    readonly actual: string;
  }) {
    const url = shownUrl(details.url);
    super(
      `The body of the response of ${url} has the checksum ${details.actual}, not ${details.expected}.`,
      { ...details, url },
    );
  }

  static {
    nameErrors(this, 'ChecksumError');
  }
}

/** What a {@link RedirectError} says. */
interface RedirectDetails extends ReqErrorOptions {
  readonly url: string;
  readonly reason: 'too_many' | 'invalid_location' | 'body_used_up' | 'visited';
  readonly location?: string | undefined;
  readonly maxRedirects?: number | undefined;
  /** The URLs that were visited. */
  readonly visited: readonly string[];
}

/**
 * A redirect cannot be followed: there were more than `maxRedirects`, the location is no http or
 * https URL, or the request would have to be sent again and its body can be read only once; or a next page
 * is one that was there already.
 */
export class RedirectError extends ReqError {
  static override readonly code = 'ERR_REQ_REDIRECT';
  declare readonly code: 'ERR_REQ_REDIRECT';
  declare readonly url: string;
  declare readonly reason: 'too_many' | 'invalid_location' | 'body_used_up' | 'visited';
  declare readonly location?: string;
  declare readonly maxRedirects?: number;
  declare readonly visited: readonly string[];

  constructor(details: RedirectDetails) {
    const { reason, maxRedirects } = details;
    const url = shownUrl(details.url);
    const location = details.location === undefined ? undefined : shownUrl(details.location);
    const messages = {
      too_many: `${url} redirects, after ${maxRedirects} redirects already. Raise maxRedirects, or look for a circle in error.visited.`,
      invalid_location: `${url} redirects to ${JSON.stringify(location)}, which is no http or https URL without credentials.`,
      visited: `The page after ${url} is ${JSON.stringify(location)}, which was there already.`,
      body_used_up: `${url} redirects, but the body of the request can be read only once. Give a string, bytes, or a function that makes it.`,
    };
    const visited = details.visited.map(shownUrl);
    super(messages[reason], { ...details, url, location, visited });
  }

  static {
    nameErrors(this, 'RedirectError');
  }
}
