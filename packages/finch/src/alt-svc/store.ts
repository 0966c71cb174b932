/**
 * The alternative services of an instance (RFC 7838): what origins said of where they can be reached
 * by HTTP/3. It is kept by origin, never used for another one, and bounded: what was not asked for
 * lately is forgotten, which costs no more than HTTP/2 until the server says it again.
 */
import { BoundedCache, bracketed } from '../identity/index.ts';
import { BrokenAlternatives } from './broken.ts';
import { parseAltSvc, type Alternative } from './field.ts';

/** Where an origin can be reached by HTTP/3. */
export interface AlternativeService {
  readonly host: string;
  readonly port: number;
  /** What the field `alt-used` says of it: `alt.example.com:8443` (RFC 7838, 5). */
  readonly authority: string;
}

interface KnownAlternative extends AlternativeService {
  /** From when on it must not be used, in ms. */
  readonly expiresAt: number;
}

interface Entry {
  /** The field as it came, so that the same one is not read again. */
  readonly field: string | undefined;
  readonly read: readonly Alternative[];
  readonly alternatives: readonly KnownAlternative[];
}

const nothing: Entry = { field: undefined, read: [], alternatives: [] };

/** Of so many origins alternatives are kept, at least. */
const mostOrigins = 1000;

export class AlternativeServices {
  /** Set when HTTP/3 cannot be spoken in this program. */
  disabled = false;
  private readonly now: () => number;
  private readonly entries: BoundedCache<string, Entry>;
  private readonly broken: BrokenAlternatives;

  /** `now` gives the time in ms. */
  constructor(now: () => number, limit = mostOrigins) {
    this.now = now;
    this.entries = new BoundedCache(limit);
    this.broken = new BrokenAlternatives(now, limit);
  }

  /** The first alternative of an origin that may be used now. */
  find(origin: string): AlternativeService | undefined {
    if (this.disabled) return undefined;
    const entry = this.entries.get(origin);
    if (entry === undefined) return undefined;
    const now = this.now();
    return entry.alternatives.find(
      (known) => now < known.expiresAt && !this.broken.has(keyOf(origin, known)),
    );
  }

  /**
   * An origin sent the field, in a response that is `age` seconds old. It replaces what was known;
   * a field that cannot be read changes nothing.
   */
  learn(origin: string, host: string, field: string, age: number): void {
    const known = this.entries.get(origin) ?? nothing;
    const read = field === known.field ? known.read : parseAltSvc(field);
    if (read === undefined) return;
    if (read === 'clear' || read.length === 0) {
      this.forget(origin);
      return;
    }
    const now = this.now();
    const alternatives = read.map((each) => {
      const alternative = { host: each.host === '' ? host : each.host, port: each.port };
      const expiresAt = now + (each.maxAge - age) * 1000;
      return { ...alternative, authority: authorityOf(alternative), expiresAt };
    });
    this.entries.set(origin, { field, read, alternatives });
  }

  /** It could not be reached while its origin could; returns whether it was not set aside yet. */
  failed(origin: string, alternative: AlternativeService): boolean {
    return this.broken.add(keyOf(origin, alternative));
  }

  /** A connection to it is open. */
  works(origin: string, alternative: AlternativeService): void {
    this.broken.clear(keyOf(origin, alternative));
  }

  /**
   * It answered that it does not speak for the origin: 421 (RFC 7838, 6). It is removed, and set aside
   * in case the origin goes on naming it.
   */
  misdirected(origin: string, alternative: AlternativeService): void {
    const entry = this.entries.get(origin);
    this.failed(origin, alternative);
    if (entry === undefined) return;
    const { authority } = alternative;
    const alternatives = entry.alternatives.filter((known) => known.authority !== authority);
    this.entries.set(origin, { ...nothing, alternatives });
  }

  private forget(origin: string): void {
    if (this.entries.get(origin) !== undefined) this.entries.set(origin, nothing);
  }
}

function keyOf(origin: string, { authority }: AlternativeService): string {
  return `${origin} ${authority}`;
}

function authorityOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${bracketed(host)}:${port}`;
}
