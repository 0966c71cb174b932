/**
 * Who holds leases of a host, and who wants some: what a limiter decides from, without processes. Each
 * change gives the news for holders: leases that are granted, and shares that they are to keep to.
 */
import { fairShares } from './shares.ts';

/** One that holds leases, or wants some. */
interface Holder {
  held: number;
  /** Leases that it waits for; 0 when it waits for none. */
  needs: number;
  /** Leases that it takes if there are more than are needed. */
  batch: number;
  /** The share that it was told last. */
  share: number;
}

/** What a holder is to be told: leases that it gets, or the most that it is to keep. */
export type LimiterNews<H> =
  | { readonly type: 'granted'; readonly to: H; readonly count: number }
  | { readonly type: 'share'; readonly to: H; readonly share: number };

export class LimiterState<H> {
  readonly #holders = new Map<H, Holder>();
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
  }

  /** Leases that are held, by all. */
  get total(): number {
    let total = 0;
    for (const { held } of this.#holders.values()) total += held;
    return total;
  }

  has(holder: H): boolean {
    return this.#holders.has(holder);
  }

  /** No lease is held or wanted. */
  get isEmpty(): boolean {
    return [...this.#holders.values()].every(({ held, needs }) => held === 0 && needs === 0);
  }

  /** A holder says what it has in all. */
  attach(key: H, held: number): void {
    this.#of(key).held = held;
  }

  /** A holder gives leases back, or with a number < 0 has some that were not granted. */
  giveBack(key: H, count: number): void {
    this.#of(key).held -= count;
  }

  ask(key: H, needs: number, batch: number): void {
    const holder = this.#of(key);
    holder.needs = needs;
    holder.batch = batch;
    // Of those who hold the same, who asked first comes first.
    this.#holders.delete(key);
    this.#holders.set(key, holder);
  }

  gone(key: H): void {
    this.#holders.delete(key);
  }

  /** Grants what is free, and divides what is not. */
  distribute(): Array<LimiterNews<H>> {
    const asking = [...this.#holders]
      .filter(([, { needs }]) => needs > 0)
      .toSorted(([, a], [, b]) => a.held - b.held);
    const news: Array<LimiterNews<H>> = [];
    let free = this.#limit - this.total;
    let left = asking.length;
    for (const [to, holder] of asking) {
      if (free <= 0) break;
      const part = Math.max(1, Math.floor(free / left--));
      const count = Math.min(part, Math.max(holder.needs, holder.batch));
      holder.held += count;
      holder.needs = 0;
      free -= count;
      news.push({ type: 'granted', to, count });
    }
    return [...this.#share(), ...news];
  }

  /** The shares, where they have changed: without limits unless some ask in vain. */
  *#share(): Generator<LimiterNews<H>> {
    const holders = [...this.#holders].toSorted(([, a], [, b]) => a.held - b.held);
    const isContended = this.total > this.#limit || holders.some(([, { needs }]) => needs > 0);
    const demands = holders.map(([, { held, needs }]) => held + needs);
    const shares = isContended ? fairShares(this.#limit, demands) : [];
    for (const [index, [to, holder]] of holders.entries()) {
      const fair = shares[index] ?? Number.POSITIVE_INFINITY;
      const share = fair < holder.held ? fair : Number.POSITIVE_INFINITY;
      if (share === holder.share) continue;
      holder.share = share;
      yield { type: 'share', to, share };
    }
  }

  #of(key: H): Holder {
    let holder = this.#holders.get(key);
    if (holder === undefined) {
      holder = { held: 0, needs: 0, batch: 0, share: Number.POSITIVE_INFINITY };
      this.#holders.set(key, holder);
    }
    return holder;
  }
}
