import { Fault, Truncation, Fields } from '../../src/index.ts';
import type { ParserOptions, RequestKind } from '../../src/index.ts';
/**
 * What a parser makes of the bytes of a response, as plain values that can be
 * compared: whole against split, and against another parser.
 */
import * as event from '../../src/http1/parser.ts';

/** What came of a response. */
export interface Reading {
  /** The interim responses: status and flat fields. */
  readonly interims: readonly (readonly [status: number, fields: readonly string[]])[];
  /** 0 if there was no final head. */
  readonly status: number;
  readonly fields: readonly string[];
  readonly contentType: string | undefined;
  readonly contentLength: number;
  readonly body: string;
  readonly trailers: readonly string[];
  readonly keepAlive: boolean;
  readonly hint: number;
  /** `complete`, `handover`, `unfinished`, `truncated`, or the reason of a fault. */
  readonly outcome: string;
  /** What followed a complete response or a hand-over. */
  readonly rest: string;
}

export interface ReadSettings extends ParserOptions {
  /** Default `plain`. */
  readonly kind?: RequestKind;
  /** Whether the stream ends after the bytes. Default false. */
  readonly eof?: boolean;
}

/** Feeds the pieces of one response to a parser. Text is latin1. */
export function readResponse(
  pieces: string | readonly (string | Buffer)[],
  { kind = event.plain, eof = false, ...options }: ReadSettings = {},
): Reading {
  const parser = new event.ResponseParser(options);
  parser.begin(kind);
  return new Reader(parser).read(typeof pieces === 'string' ? [pieces] : pieces, eof);
}

class Reader {
  private readonly parser: event.ResponseParser;
  private readonly interims: [number, readonly string[]][] = [];
  private status = 0;
  private fields: Fields = Fields.none;
  private body = '';
  private keepAlive = false;
  private hint = -1;
  private outcome = 'unfinished';
  private rest = '';

  constructor(parser: event.ResponseParser) {
    this.parser = parser;
  }

  read(pieces: readonly (string | Buffer)[], eof: boolean): Reading {
    try {
      for (const piece of pieces) this.take(bytesOf(piece));
      if (eof && this.outcome === 'unfinished') this.handle(this.parser.eof(), noBytes);
    } catch (error) {
      if (error instanceof Fault) this.outcome = error.reason;
      else if (error instanceof Truncation) this.outcome = 'truncated';
      else throw error;
    }
    const { interims, status, body, keepAlive, hint, outcome, rest } = this;
    const { list: fields, contentType, contentLength } = this.fields;
    const trailers = this.parser.trailers.list;
    return {
      interims,
      status,
      fields,
      contentType,
      contentLength,
      body,
      trailers,
      keepAlive,
      hint,
      outcome,
      rest,
    };
  }

  /** Each piece stands somewhere in a buffer of its own, which is another's afterwards. */
  private take(piece: Buffer): void {
    const bytes = Buffer.concat([before, piece, behind]);
    this.pull(bytes, before.length, before.length + piece.length);
    bytes.fill('!');
  }

  private pull(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (this.outcome === 'unfinished') {
      const what = this.parser.next(bytes, at, to);
      ({ at } = this.parser);
      if (what === event.more) return;
      this.handle(what, bytes);
    }
    this.rest += bytes.toString('latin1', at, to);
  }

  private handle(what: event.ParserEvent, bytes: Buffer): void {
    const { parser } = this;
    switch (what) {
      case event.interim:
        this.interims.push([parser.status, parser.fields.list]);
        break;
      case event.head:
      case event.handover:
        this.status = parser.status;
        this.fields = parser.fields;
        this.keepAlive = parser.keepAlive;
        this.hint = parser.hint;
        if (what === event.handover) this.outcome = 'handover';
        break;
      case event.data:
        this.body += bytes.toString('latin1', parser.from, parser.to);
        break;
      case event.end:
        this.outcome = 'complete';
        break;
      default:
        break;
    }
  }
}

const noBytes = Buffer.alloc(0);
const before = Buffer.from('??');
const behind = Buffer.from('\r\n?');

function bytesOf(piece: string | Buffer): Buffer {
  return typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
}

/** Latin1 text as pieces of one byte. */
export function byByte(text: string): string[] {
  return text.split('');
}
