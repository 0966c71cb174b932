/** Processes that are traced, and what they received, sent and became. */
import { onDeath, trace, type Pid, type TraceEvent, type Watch } from '@linnet/otp';
import type { TraceLine } from '../protocol/documents.ts';
import { showKind, showValue } from './show.ts';

/** Lines that are kept of a process. */
const mostLines = 100;

/** Processes that are traced at a time. */
const mostTraced = 20;

interface Traced {
  readonly lines: TraceLine[];
  readonly watch: Watch;
  count: number;
}

export class Tracer {
  readonly #reveal: boolean;
  readonly #traced = new Map<Pid, Traced>();

  constructor(reveal: boolean) {
    this.#reveal = reveal;
  }

  /** The last lines first; undefined when it is not traced. */
  lines(pid: Pid): readonly TraceLine[] | undefined {
    return this.#traced.get(pid)?.lines.toReversed();
  }

  /** Rejects when the process is no server, or too many are traced. */
  async start(pid: Pid): Promise<void> {
    if (this.#traced.has(pid)) return;
    if (this.#traced.size >= mostTraced) {
      throw new RangeError(`${mostTraced} processes are traced already: stop one of them`);
    }
    const watch = onDeath(pid, () => void this.#traced.delete(pid));
    const traced: Traced = { lines: [], watch, count: 0 };
    this.#traced.set(pid, traced);
    try {
      await trace(pid, (event) => this.#add(traced, event), { timeout: 2000 });
    } catch (error) {
      this.#forget(pid, traced);
      throw error;
    }
  }

  async stop(pid: Pid): Promise<void> {
    const traced = this.#traced.get(pid);
    if (traced === undefined) return;
    this.#forget(pid, traced);
    await trace(pid, undefined, { timeout: 2000 });
  }

  /** Ends all traces. */
  stopAll(): void {
    for (const pid of this.#traced.keys()) this.stop(pid).catch(() => {});
  }

  #forget(pid: Pid, { watch }: Traced): void {
    watch.unwatch();
    this.#traced.delete(pid);
  }

  #add(traced: Traced, event: TraceEvent): void {
    const value = event.type === 'state' ? event.state : event.message;
    const text = this.#reveal ? showValue(value) : showKind(value);
    traced.lines.push({ n: ++traced.count, at: Date.now(), type: event.type, text });
    if (traced.lines.length > mostLines) traced.lines.shift();
  }
}
