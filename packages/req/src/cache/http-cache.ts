/** A bounded store of responses in memory. */
import { ReqOptionsError } from '../errors/index.ts';

/** Header fields as the rules take them. */
export type RuleHeaders = Record<string, string | string[]>;

/** A request as the rules take it. */
export interface RuleRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: RuleHeaders;
}

/** The rules by which a response may be used: what is used of a `CachePolicy` of http-cache-semantics. */
export interface CacheRules {
  evaluateRequest(request: RuleRequest): {
    readonly response?: unknown;
    readonly revalidation?: unknown;
  };
  revalidationHeaders(
    request: RuleRequest,
  ): Readonly<Record<string, string | string[] | undefined>>;
  revalidatedPolicy(
    request: RuleRequest,
    response: { readonly status: number; readonly headers: RuleHeaders },
  ): { readonly policy: CacheRules; readonly modified: boolean; readonly matches: boolean };
  responseHeaders(): Readonly<Record<string, string | string[] | undefined>>;
}

/** A response that is kept, and the rules by which it may be used. */
export interface CacheEntry {
  readonly policy: CacheRules;
  readonly status: number;
  readonly url: string;
  /** The headers as they came; those of its policy are newer. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** The options of an {@link HttpCache}. */
export interface HttpCacheOptions {
  /** The bytes of all bodies and headers together, 64 MiB by default; the least recently used go first. */
  readonly maxSize?: number;
  /** The bytes of one body, 4 MiB by default; a larger one is not kept. */
  readonly maxEntrySize?: number;
  /**
   * Whether the cache serves many users: then responses that are private, or to requests with
   * credentials, are not kept (RFC 9111, 3.5). Default false: the cache of one program.
   */
  readonly shared?: boolean;
}

/** What an entry costs beside its body and its headers: its rules, its place. */
const overhead = 2048;
/** How many variants of one URL are kept (`vary`). */
const variants = 8;

/**
 * Responses in memory, for the option `cache`: kept and used by the rules of RFC 9111, within bounds.
 * Clients with one cache share it.
 *
 * @example
 * const cache = new HttpCache({ maxSize: 16 * 1024 * 1024 });
 * const req = Req.new({ cache });
 * await req.get('https://api.example.com/rates');
 * console.log(cache.size, cache.count);
 */
export class HttpCache {
  /** Whether responses for one user only are left out. */
  readonly shared: boolean;
  readonly #maxSize: number;
  readonly #maxEntrySize: number;
  /** By method and URL; the most recently used is last. */
  readonly #entries = new Map<string, readonly CacheEntry[]>();
  #size = 0;

  /** @throws ReqOptionsError */
  constructor(options: HttpCacheOptions = {}) {
    const { maxSize = 64 * 1024 * 1024, maxEntrySize = 4 * 1024 * 1024, shared = false } = options;
    for (const [option, value] of Object.entries({ maxSize, maxEntrySize })) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new ReqOptionsError({ option, value, allowed: 'an integer >= 0 in bytes' });
    }
    this.#maxSize = maxSize;
    this.#maxEntrySize = maxEntrySize;
    this.shared = shared;
  }

  /** The bytes that are in use. */
  get size(): number {
    return this.#size;
  }

  /** How many responses are kept. */
  get count(): number {
    let count = 0;
    for (const entries of this.#entries.values()) count += entries.length;
    return count;
  }

  /** Removes everything. */
  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  /** @internal The kept responses of a key, the latest first. */
  find(key: string): readonly CacheEntry[] {
    const entries = this.#entries.get(key);
    if (entries === undefined) return [];
    this.#entries.delete(key);
    this.#entries.set(key, entries);
    return entries;
  }

  /** @internal Keeps a response, in place of another. */
  put(key: string, entry: CacheEntry, replaced: CacheEntry | undefined): void {
    const others = this.find(key).filter((other) => other !== replaced);
    this.remove(key);
    if (entry.body.length > this.#maxEntrySize) return this.#keep(key, others);
    this.#keep(key, [entry, ...others.slice(0, variants - 1)]);
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#maxSize) break;
      this.remove(oldest);
    }
  }

  /** @internal Removes the responses of a key. */
  remove(key: string): void {
    for (const entry of this.#entries.get(key) ?? []) this.#size -= costOf(entry);
    this.#entries.delete(key);
  }

  /** @internal Removes the responses of a method and URL for all users: theirs have keys that begin alike. */
  removeAll(base: string): void {
    for (const key of this.#entries.keys()) {
      if (key === base || key.startsWith(`${base} `)) this.remove(key);
    }
  }

  #keep(key: string, entries: readonly CacheEntry[]): void {
    if (entries.length === 0) return;
    this.#entries.set(key, entries);
    for (const entry of entries) this.#size += costOf(entry);
  }
}

/** Headers are held twice: as they came, and by the rules. */
function costOf({ body, headers, url }: CacheEntry): number {
  const fields = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return body.length + 2 * fields + url.length + overhead;
}
