/** The metrics of one registry, which are taken out of it again at the end. */
import { Counter, Gauge, Histogram, type CollectFunction } from 'prom-client';
import { metricHelp, type MetricName } from './metric-names.ts';
import type { ResolvedMetricsOptions } from './options.ts';

export class MetricSet {
  private readonly options: ResolvedMetricsOptions;
  private readonly names: string[] = [];

  constructor(options: ResolvedMetricsOptions) {
    this.options = options;
  }

  counter<L extends string>(name: MetricName, labelNames: readonly L[]): Counter<L> {
    return new Counter({ ...this.head(name), labelNames });
  }

  gauge<L extends string>(
    name: MetricName,
    labelNames: readonly L[],
    collect?: CollectFunction<Gauge<L>>,
  ): Gauge<L> {
    const head = { ...this.head(name), labelNames };
    return new Gauge(collect === undefined ? head : { ...head, collect });
  }

  /** A duration, in seconds. */
  histogram<L extends string>(name: MetricName, labelNames: readonly L[]): Histogram<L> {
    return new Histogram({ ...this.head(name), labelNames, buckets: this.options.buckets });
  }

  /** Takes the metrics out of the registry. */
  remove(): void {
    for (const register of this.options.registers) {
      for (const name of this.names) register.removeSingleMetric(name);
    }
  }

  private head(name: MetricName) {
    const full = `${this.options.prefix}${name}`;
    this.names.push(full);
    return { name: full, help: metricHelp[name], registers: this.options.registers };
  }
}
