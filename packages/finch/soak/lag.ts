/** How late the event loop itself was: nobody can end a request while it is held up. */

const interval = 10;
/** How long it remembers, in ms: longer than any request takes. */
const memory = 60_000;

export class Lag {
  private readonly late: { readonly at: number; readonly ms: number }[] = [];
  /** The longest hold-up, in ms. */
  longest = 0;
  private last = performance.now();
  private readonly timer = setInterval(() => this.tick(), interval);

  /**
   * The sum of the hold-ups that can have made a timer late: those since its deadline, and those
   * about when it was armed, as a timer counts from the end of the turn in which it was.
   */
  excuse(armedAt: number, deadline: number): number {
    // The one that may be under way; taking note of it here would cut it in pieces.
    let sum = Math.max(0, performance.now() - this.last - interval);
    for (let index = this.late.length - 1; index >= 0; index--) {
      const { at, ms } = this.late[index] as { at: number; ms: number };
      if (at < armedAt) break;
      const startedAt = at - ms - interval;
      if (at >= deadline - 1 || startedAt <= armedAt + 2 * interval) sum += ms;
    }
    return sum;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const at = performance.now();
    const ms = at - this.last - interval;
    this.last = at;
    this.longest = Math.max(this.longest, ms);
    if (ms > 1) this.late.push({ at, ms });
    while (this.late.length > 0 && (this.late[0]?.at ?? at) < at - memory) this.late.shift();
  }
}
