/**
 * OpenTelemetry for finch: client spans, context propagation and metrics, by the semantic conventions
 * for HTTP clients. Needs `@opentelemetry/api`, which is an optional peer dependency.
 */
export { instrument } from './instrument.ts';
export type { InstrumentOptions } from './options.ts';
