/** Metrics for Prometheus: those of the pools, and how long the gateway takes. */
import { collectMetrics } from '@linnet/finch/prometheus';
import { GenServer, signal } from '@linnet/otp';
import { Histogram, Registry } from 'prom-client';

/** What `/metrics` shows. */
export class Metrics {
  readonly registry = new Registry();
  readonly #durations = new Histogram({
    name: 'gateway_request_duration_seconds',
    help: 'How long the gateway took for an answer.',
    labelNames: ['service', 'status'],
    registers: [this.registry],
  });

  /** Measures from now on; what it returns is called with the status of the answer. */
  start(service: string): (status: number) => void {
    const end = this.#durations.startTimer({ service });
    return (status) => void end({ status });
  }
}

/** Collects those of the pools while it lives. */
export const PoolMetrics = GenServer.define({
  name: 'PoolMetrics',
  init: ({ registry }: Metrics) => {
    const stop = collectMetrics({ register: registry });
    signal().addEventListener('abort', stop, { once: true });
    return stop;
  },
});
