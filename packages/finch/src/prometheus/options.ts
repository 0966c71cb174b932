/** What can be chosen of the metrics for Prometheus. */
import type { Registry } from 'prom-client';
import type { Finch } from '../finch.ts';

/** Options of `collectMetrics`. */
export interface MetricsOptions {
  /** The registry that the metrics are added to; by default the global one of prom-client. */
  readonly register?: Registry;
  /** The instances to measure; by default all of the program, those included that start later. */
  readonly finch?: Finch | readonly Finch[];
  /** What the names of the metrics begin with. Default: `finch_`. */
  readonly prefix?: string;
  /** The upper bounds of the buckets of durations, in seconds. Default: from 0.005 to 10. */
  readonly buckets?: readonly number[];
  /**
   * How many values the label `pool` may have; pools that come after them are `other`. Default: 100.
   */
  readonly maxPools?: number;
}

/** The options with their defaults. */
export interface ResolvedMetricsOptions {
  readonly prefix: string;
  readonly buckets: number[];
  readonly registers: Registry[];
}
