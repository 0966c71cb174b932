/** Figures of the runtime as a whole. */
import { processCount } from '../process/local-process.ts';
import { schedulerFigures } from '../process/scheduler.ts';

/** The runtime at one moment. */
export interface Statistics {
  /** Live processes. */
  readonly processes: number;
  /** Processes that have their turn soon. */
  readonly runQueue: number;
  /**
   * Activations of processes and messages that they handled, since the program began: the work of the
   * scheduler. Its growth is the load.
   */
  readonly reductions: number;
}

/**
 * How many processes there are, how many are about to run, and how much has been done: read at once,
 * whatever the number of processes.
 *
 * Source: `erlang:statistics/1` (`run_queue`, `reductions`), `erlang:system_info(process_count)`.
 * @example
 * const { processes, runQueue } = statistics();
 */
export function statistics(): Statistics {
  return { processes: processCount(), ...schedulerFigures() };
}
