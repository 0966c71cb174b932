/** OpenTelemetry: spans, propagation and metrics of what finch does. */
import { diag, metrics as globalMetrics, trace } from '@opentelemetry/api';
import { Subscriptions } from '../monitoring/subscriptions.ts';
import { WatchedInstances } from '../monitoring/watched-instances.ts';
import type { TelemetrySubscription } from '../telemetry/subscribe.ts';
import { resolved, type InstrumentOptions } from './options.ts';
import { Peers } from './peers.ts';
import { PoolFigures } from './pool-figures.ts';
import { PoolEvents } from './pool-metrics.ts';
import { RequestDetails, RequestDuration } from './request-metrics.ts';
import { Spans } from './spans.ts';

const scope = '@linnet/finch';

/** What a processor, an exporter or a meter throws must not end the program that it watches. */
const report = (error: unknown): void => diag.error(`${scope}: telemetry failed`, error);

/**
 * Gives each request a client span, sends its context to the server (`traceparent` with the default
 * propagator), and records metrics. Use it once, when the program starts and the providers are set;
 * what it returns ends it, by a call or as a `using` declaration.
 *
 * Without options all instances of the program are watched, spans and metrics go to the global
 * providers. Spans and metrics are those of the semantic conventions for HTTP clients, 1.44; the metrics
 * of pools have names of their own: `finch.pool.wait_time`, `finch.pool.connection.count`, …
 *
 * The context is that of the code that makes the request. A server or machine that makes requests for its
 * callers needs `context: 'caller'` for that, see `GenServer.define`; tasks have it by themselves.
 *
 * @throws OptionsError when `finch` is no instance.
 *
 * @example
 * import { instrument } from '@linnet/finch/opentelemetry';
 *
 * const stop = instrument({ template: (request) => request.path.replaceAll(/\d+/g, '{id}') });
 * await finch.get('https://api.example.com/users/1'); // a span `GET /users/{id}`
 * stop();
 */
export function instrument(options: InstrumentOptions = {}): TelemetrySubscription {
  const { traces = true, metrics = 'all' } = options;
  const given = resolved(options);
  const instances = new WatchedInstances(options.finch);
  const subscriptions = new Subscriptions(instances, report);
  const peers = new Peers();
  const stops = [() => subscriptions.end()];
  if (traces || metrics === 'all') peers.subscribe(subscriptions);
  if (traces) {
    const provider = options.tracerProvider ?? trace;
    const spans = new Spans(provider.getTracer(scope), peers, given);
    spans.subscribe(subscriptions);
    stops.push(() => spans.stop());
  }
  if (metrics !== 'none') {
    const meter = (options.meterProvider ?? globalMetrics).getMeter(scope);
    new RequestDuration(meter, given.template).subscribe(subscriptions);
    if (metrics === 'all') {
      const details = new RequestDetails(meter, given.template);
      details.subscribe(subscriptions);
      new PoolEvents(meter, peers).subscribe(subscriptions);
      const figures = new PoolFigures(meter, instances);
      stops.push(
        () => details.stop(),
        () => figures.stop(),
      );
      // An instance that has been up for long is met with its first pool or request.
      subscriptions.on('pool.started', () => {});
    }
  }
  const stop = (): void => {
    for (const each of stops.splice(0)) each();
  };
  return Object.assign(stop, { [Symbol.dispose]: stop });
}
