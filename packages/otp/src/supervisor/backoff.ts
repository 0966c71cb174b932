/** The wait before a child that keeps failing is started again. */
import type { RestartBackoff } from '../process/start/child-spec.ts';
import { arm, now, type Timer, type TimeoutTarget } from '../process/time/clock.ts';

/** Of one child: how long it has to wait, and the wait itself. */
export class Backoff implements TimeoutTarget {
  readonly #over: (key: unknown) => void;
  #key: unknown;
  #restarts = 0;
  /** When it was started again, if it has run since the last wait. */
  #upSince: number | undefined;
  #timer: Timer | undefined;

  /** `over`: what is done when a wait is over, with the child's key; it runs as plain code. */
  constructor(over: (key: unknown) => void) {
    this.#over = over;
  }

  /** The child with this key is to be started again after a while. */
  begin(key: unknown, { initial, max, factor = 2, resetAfter = max }: RestartBackoff): void {
    this.#key = key;
    if (this.#upSince !== undefined && now() - this.#upSince >= resetAfter) this.#restarts = 0;
    this.#upSince = undefined;
    const delay = Math.min(max, initial * factor ** this.#restarts);
    this.#restarts++;
    this.#timer?.cancel();
    this.#timer = arm(this, delay);
  }

  /** The child runs again. */
  started(): void {
    this.#upSince = now();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.#over(this.#key);
  }
}

/** Whether a value is a back-off that can be followed. */
export function isBackoff(value: unknown): value is RestartBackoff {
  if (typeof value !== 'object' || value === null) return false;
  const { initial, max, factor = 2, resetAfter = 0 } = value as Partial<RestartBackoff>;
  const isTime = (ms: unknown): ms is number =>
    typeof ms === 'number' && ms >= 0 && ms < Number.POSITIVE_INFINITY;
  return (
    isTime(initial) &&
    isTime(max) &&
    isTime(resetAfter) &&
    max >= initial &&
    typeof factor === 'number' &&
    factor >= 1 &&
    factor < Number.POSITIVE_INFINITY
  );
}
