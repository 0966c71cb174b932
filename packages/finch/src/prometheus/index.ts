/**
 * Metrics of finch for Prometheus. Needs `prom-client`, which is an optional peer dependency.
 */
export { collectMetrics } from './collect-metrics.ts';
export type { MetricsOptions } from './options.ts';
