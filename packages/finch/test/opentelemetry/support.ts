/** OpenTelemetry with everything in memory, for one test. */
import {
  context,
  propagation,
  trace,
  type Attributes,
  type TextMapPropagator,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader, type MetricData } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { onTestFinished } from 'vitest';

/** The W3C trace context, of which nothing is read here. */
const traceContext: TextMapPropagator = {
  inject: (ctx, carrier, setter) => {
    const span = trace.getSpanContext(ctx);
    if (span === undefined) return;
    setter.set(carrier, 'traceparent', traceparent(span));
  },
  extract: (ctx) => ctx,
  fields: () => ['traceparent'],
};

export function traceparent({ traceId, spanId }: { traceId: string; spanId: string }): string {
  return `00-${traceId}-${spanId}-01`;
}

/** A tracer provider whose spans are kept, with propagation and active spans. */
export function startTracing() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(traceContext);
  onTestFinished(() => {
    context.disable();
    propagation.disable();
  });
  const tracer = tracerProvider.getTracer('test');
  return {
    tracerProvider,
    /** Runs code inside a span of this name. */
    inSpan: <T>(name: string, run: () => Promise<T>): Promise<T> =>
      tracer.startActiveSpan(name, (span) => run().finally(() => span.end())),
    /** Spans that have ended, the first one first. */
    spans: (): ReadableSpan[] => exporter.getFinishedSpans(),
    span: (name: string): ReadableSpan => {
      const found = exporter.getFinishedSpans().find((span) => span.name === name);
      if (found === undefined) throw new Error(`no span ${name} has ended`);
      return found;
    },
  };
}

class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** A point of a metric. */
export interface Point {
  readonly attributes: Attributes;
  readonly value: unknown;
}

/** A meter provider whose metrics are read when the test asks for them. */
export function startMetering() {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const collect = async (): Promise<MetricData[]> => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  };
  return {
    meterProvider,
    collect,
    points: async (name: string): Promise<Point[]> => {
      const metric = (await collect()).find(({ descriptor }) => descriptor.name === name);
      return (metric?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value }));
    },
  };
}
