/** Several servers that give the same: each attempt goes to the next one. */
import { originOf } from './origin.ts';

/** One of them. */
interface Upstream {
  /** What is put before the path. */
  readonly url: string;
  readonly origin: string;
}

/** A list of base URLs, gone through in turn; the turn is that of all calls of a client. */
export class Upstreams {
  /** Each once, however often its URL is in the list. */
  readonly origins: ReadonlySet<string>;
  readonly #list: readonly Upstream[];
  #next: number;

  /** It begins anywhere, so that programs which are started together do not all ask the first. */
  constructor(urls: readonly string[], random: () => number = Math.random) {
    this.#list = urls.map((url) => ({ url, origin: originOf(url) }));
    this.origins = new Set(this.#list.map(({ origin }) => origin));
    this.#next = Math.floor(random() * urls.length);
  }

  /**
   * The next one that is not ejected, and not `last`, which this call asked just now. When there is no
   * other, the last one is better than an ejected one, and an ejected one better than none.
   */
  pick(ejected: ReadonlySet<string>, last: string | undefined): string {
    const inTurn = [...this.#list.slice(this.#next), ...this.#list.slice(0, this.#next)];
    const usable = inTurn.filter(({ origin }) => !ejected.has(origin));
    const candidates = usable.length > 0 ? usable : inTurn;
    const other = candidates.find(({ origin }) => origin !== last);
    const found = (other ?? candidates[0]) as Upstream;
    this.#next = (this.#list.indexOf(found) + 1) % this.#list.length;
    return found.url;
  }
}
