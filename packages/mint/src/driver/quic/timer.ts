/**
 * The timer of a QUIC connection. What it waits for moves with each datagram,
 * nearly always to a later time: so it is armed anew only for an earlier one,
 * and looks again when it goes off.
 */
export class QuicTimer {
  private readonly run: () => void;
  private handle: NodeJS.Timeout | undefined;
  /** When the timer goes off, and when it has something to do; by `performance.now`. */
  private armedFor = Infinity;
  private due = Infinity;

  constructor(run: () => void) {
    this.run = run;
  }

  /** It is due in so many ms; undefined for never. Keeps no program running. */
  set(ms: number | undefined): void {
    this.due = ms === undefined ? Infinity : performance.now() + ms;
    if (this.due < this.armedFor) this.arm();
  }

  stop(): void {
    clearTimeout(this.handle);
    this.due = Infinity;
    this.armedFor = Infinity;
  }

  private arm(): void {
    clearTimeout(this.handle);
    this.armedFor = this.due;
    // A timer of Node counts whole ms, and QUIC's is not to go off before its time.
    const ms = Math.max(0, Math.ceil(this.due - performance.now())) + 1;
    this.handle = setTimeout(this.onTimeout, ms).unref();
  }

  private readonly onTimeout = (): void => {
    this.armedFor = Infinity;
    if (this.due === Infinity) return;
    if (this.due > performance.now()) this.arm();
    else this.run();
  };
}
