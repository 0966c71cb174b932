/**
 * Which pool: scheme, host, port and tag, or a Unix socket and tag, as a frozen
 * value with one canonical printable key. Equal servers have equal keys,
 * however their URLs are written.
 */
import { printOrigin, type Scheme } from './origin.ts';
import { defaultTag } from './tag.ts';

/** Survives two copies of the package. */
const brand: unique symbol = Symbol.for('@linnet/finch/pool') as never;

/**
 * The identity of a pool. Made by `Pool.new` and `Pool.from`; frozen; two of
 * them mean the same pool if and only if their `key` is the same string.
 */
export class PoolIdentity {
  readonly scheme: Scheme;
  /** Lower case, punycode, without brackets; `'localhost'` for a Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly tag: string;
  /** The path of the Unix socket, if it is one. */
  readonly unixSocket: string | undefined;
  /** The server without the tag: `https://api.example.com:443`. */
  readonly origin: string;
  /** The canonical key: the origin, and `#tag` unless the tag is `'default'`. */
  readonly key: string;

  /** @internal Takes canonical parts; use `Pool.new` or `Pool.from`. */
  constructor(
    scheme: Scheme,
    host: string,
    port: number,
    tag: string,
    unixSocket: string | undefined,
  ) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.tag = tag;
    this.unixSocket = unixSocket;
    this.origin =
      unixSocket === undefined
        ? printOrigin(this)
        : `${scheme}+unix://${encodeURIComponent(unixSocket)}`;
    this.key = tag === defaultTag ? this.origin : `${this.origin}#${encodeURIComponent(tag)}`;
    Object.freeze(this);
  }

  /** The key. */
  toString(): string {
    return this.key;
  }
}

Object.defineProperty(PoolIdentity.prototype, brand, { value: true });

/** Tells whether a value is a pool's identity, whichever copy of the package made it. */
export function isPool(value: unknown): value is PoolIdentity {
  return typeof value === 'object' && value !== null && brand in value;
}
