/** What was asked for, how it ended, and whether it ended as it must. */
import { isFinchError } from '../src/index.ts';
import { Lag } from './lag.ts';

/** What a request may end after its deadline, the hold-ups of the event loop apart, in ms. */
const margin = 150;

/** Violations that are kept word by word. */
const maxListed = 20;

/** Something that was asked for and has to end by its deadline. */
export interface Entry {
  readonly what: string;
  readonly startedAt: number;
  deadline: number;
  ended: boolean;
  /** Set when it was cancelled, or whoever asked for it has died: it cannot succeed any more. */
  cancelled: boolean;
}

export class Tally {
  readonly outcomes: Record<string, number> = {};
  readonly kills: Record<string, number> = {};
  readonly violations: string[] = [];
  violationCount = 0;
  started = 0;
  late = 0;
  lost = 0;
  /** The latest end after a deadline, hold-ups apart, in ms. */
  latest = 0;
  private readonly live = new Set<Entry>();
  readonly lag = new Lag();

  get pending(): number {
    return this.live.size;
  }

  /** Ends the timers of its own. */
  stop(): void {
    this.lag.stop();
  }

  /** Something was asked for that has to end within `limit` ms. */
  begin(what: string, limit: number): Entry {
    const startedAt = performance.now();
    const entry = { what, startedAt, deadline: startedAt + limit, ended: false, cancelled: false };
    this.started++;
    this.live.add(entry);
    return entry;
  }

  /** Brings a deadline forward to now: it was cancelled, or whoever asked for it has died. */
  endsNow(entry: Entry): void {
    entry.deadline = Math.min(entry.deadline, performance.now());
    entry.cancelled = true;
  }

  end(entry: Entry, outcome: string, error?: Error): void {
    if (entry.ended) {
      this.violation(`${entry.what} ended twice: ${outcome}`);
      return;
    }
    entry.ended = true;
    this.live.delete(entry);
    this.count(this.outcomes, outcome);
    const overdue = performance.now() - entry.deadline;
    if (overdue <= 0) return;
    const late = overdue - this.lag.excuse(entry.startedAt, entry.deadline);
    this.latest = Math.max(this.latest, late);
    if (late <= margin) return;
    this.late++;
    this.violation(
      `${entry.what} ended ${Math.round(late)} ms late, hold-ups of ${Math.round(overdue - late)} ms apart: ${error?.message ?? outcome}`,
    );
  }

  /** Ends an entry with the outcome of a promise; returns what that resolved with. */
  async track<T>(entry: Entry, promise: Promise<T>): Promise<T | undefined> {
    try {
      const value = await promise;
      this.end(entry, 'ok');
      if (entry.cancelled && !readsOn(entry))
        this.violation(`${entry.what} went on when cancelled`);
      return value;
    } catch (error) {
      this.failed(entry, error);
      return undefined;
    }
  }

  failed(entry: Entry, error: unknown): void {
    if (isFinchError(error)) {
      this.end(entry, error.code, error);
    } else {
      this.end(entry, 'another error');
      this.violation(`${entry.what} failed with ${inspect(error)}`);
    }
  }

  killed(what: string): void {
    this.count(this.kills, what);
  }

  /** Pools die while they are steered, but whoever steers them gets errors of this package. */
  steerFailed(what: string, error: unknown): void {
    this.violation(`${what} failed with ${inspect(error)}`);
  }

  violation(text: string): void {
    this.violationCount++;
    if (this.violations.length < maxListed) this.violations.push(text);
  }

  /** How long the last deadline is away, with its margin and the hold-ups, in ms. */
  get remaining(): number {
    let last = 0;
    for (const { startedAt, deadline } of this.live) {
      last = Math.max(last, deadline + this.lag.excuse(startedAt, deadline));
    }
    return Math.max(0, last + margin - performance.now());
  }

  /** Whatever has not ended by now never will. */
  giveUp(): void {
    for (const { what, startedAt } of this.live) {
      this.lost++;
      this.violation(`${what} never ended, ${Math.round(performance.now() - startedAt)} ms on`);
    }
  }

  private count(counts: Record<string, number>, name: string): void {
    counts[name] = (counts[name] ?? 0) + 1;
  }
}

function inspect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

/** Whether what has come already may still be read when nothing more comes. */
function readsOn({ what }: Entry): boolean {
  return what.startsWith('open ');
}
