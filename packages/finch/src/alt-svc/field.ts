/**
 * The field `alt-svc` (RFC 7838, 3): where else an origin can be reached, and by which protocol. Only
 * alternatives that speak HTTP/3 are of use here; the others are read and left out.
 *
 * What does not follow the grammar is left out up to the next comma. Reading takes one pass, and ends
 * at limits that no server needs to exceed.
 */
import { originOf } from '../identity/index.ts';

/** An alternative that speaks HTTP/3, as a field names it. */
export interface Alternative {
  /** Lower case, without brackets; empty: the origin's. */
  readonly host: string;
  readonly port: number;
  /** For how long it may be used, in seconds (`ma`). */
  readonly maxAge: number;
  /** Whether it outlives a change of the network (`persist`). No such change is noticed here, so all do. */
  readonly persist: boolean;
}

/** `'clear'`: all that was known of the origin is void. */
export type AltSvcField = 'clear' | readonly Alternative[];

/** For how long an alternative without `ma` may be used, in seconds (RFC 7838, 3.1). */
const defaultMaxAge = 86_400;

/** Longer ones are as good as this, in seconds: a clock in ms holds it exactly. */
const longestMaxAge = 2_147_483_647;

/** What is read of a field, in characters. */
const longestField = 8192;

/** How many elements of a field are read. */
const mostElements = 64;

/**
 * The ALPN name of HTTP/3. An identifier has one spelling only, what must be percent-encoded in it and
 * what must not (RFC 7838, 3), so that texts can be compared; `h3-29` and its like are other protocols.
 */
const http3 = 'h3';

/**
 * Reads a field; several lines of it are joined by commas. Undefined when nothing in it follows the
 * grammar: such a field says nothing.
 */
export function parseAltSvc(field: string): AltSvcField | undefined {
  const reader = new FieldReader(field.slice(0, longestField));
  const alternatives: Alternative[] = [];
  let isKnown = false;
  for (let count = 0; count < mostElements && reader.toElement(); count++) {
    const element = readElement(reader);
    if (element === 'clear') return 'clear';
    if (element === undefined) reader.skipElement();
    else isKnown = true;
    if (typeof element === 'object') alternatives.push(element);
  }
  return isKnown ? alternatives : undefined;
}

/** `'other'`: an alternative that speaks something else; undefined: it does not follow the grammar. */
function readElement(reader: FieldReader): Alternative | 'other' | 'clear' | undefined {
  const protocol = reader.token();
  if (protocol === 'clear' && reader.atElementEnd()) return 'clear';
  if (protocol === '' || !reader.take('=')) return undefined;
  const authority = readAuthority(reader.quoted());
  if (authority === undefined) return undefined;
  let maxAge = defaultMaxAge;
  let persist = false;
  while (reader.takeSemicolon()) {
    const name = reader.token().toLowerCase();
    if (name === '' || !reader.take('=')) return undefined;
    const value = reader.quoted() ?? reader.token();
    if (name === 'ma') {
      if (!/^\d+$/.test(value)) return undefined;
      maxAge = Math.min(Number(value), longestMaxAge);
    } else if (name === 'persist') {
      // Other values are to be ignored (RFC 7838, 3.1).
      persist ||= value === '1';
    } else if (value === '') {
      return undefined;
    }
  }
  if (!reader.atElementEnd()) return undefined;
  return protocol === http3 ? { ...authority, maxAge, persist } : 'other';
}

/** `[host] ":" port`. */
function readAuthority(
  text: string | undefined,
): { readonly host: string; readonly port: number } | undefined {
  const [, host = '', digits = ''] = /^(.*):(\d{1,5})$/.exec(text ?? '') ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (host === '') return { host, port };
  if (host.includes(':') && !host.startsWith('[')) return undefined;
  const origin = originOf('https', host, port);
  return 'problem' in origin ? undefined : { host: origin.host, port };
}

/** Goes over a field from left to right, never back. */
class FieldReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Goes to the next element; false at the end. Elements may be empty (RFC 9110, 5.6.1.2). */
  toElement(): boolean {
    this.pass(/[\t ,]*/y);
    return this.at < this.text.length;
  }

  /** Goes to the comma after an element, or to the end. */
  skipElement(): void {
    this.pass(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)*/sy);
  }

  /** Whether an element ends here. */
  atElementEnd(): boolean {
    this.pass(/[\t ]*/y);
    return this.at === this.text.length || this.text[this.at] === ',';
  }

  /** A token; empty when there is none. */
  token(): string {
    return this.pass(/[!#$%&'*+\-.^_`|~0-9A-Za-z]*/y);
  }

  /** What a quoted string stands for; undefined when there is none. */
  quoted(): string | undefined {
    const text = this.pass(
      /"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"/y,
    );
    return text === '' ? undefined : text.slice(1, -1).replace(/\\(.)/g, '$1');
  }

  take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Takes a semicolon with the blanks around it. */
  takeSemicolon(): boolean {
    return this.pass(/[\t ]*;[\t ]*/y) !== '';
  }

  /** Takes what a sticky expression matches here. */
  private pass(expression: RegExp): string {
    expression.lastIndex = this.at;
    const [taken = ''] = expression.exec(this.text) ?? [];
    this.at += taken.length;
    return taken;
  }
}
