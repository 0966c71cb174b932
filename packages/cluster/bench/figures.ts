/** What a turn is measured by. */

/** What one turn of one contender came to. */
export interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly calls: number;
  readonly oneWay: number;
  /** Microseconds of CPU time of all programs, for a call and for a message. */
  readonly cpuPerCall: number;
  readonly cpuPerMessage: number;
}
