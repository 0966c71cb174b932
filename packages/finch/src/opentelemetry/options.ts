/** What can be chosen of the instrumentation. */
import { diag, type Attributes, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import type { Finch } from '../finch.ts';
import type { Request } from '../request/index.ts';

/** Options of `instrument`. What one of their functions throws is told to the logger of OpenTelemetry, `diag`. */
export interface InstrumentOptions {
  /** The instances to watch; by default all of the program, those included that start later. */
  readonly finch?: Finch | readonly Finch[];
  /** Where spans go; by default the global provider. */
  readonly tracerProvider?: TracerProvider;
  /** Where metrics go; by default the global provider. */
  readonly meterProvider?: MeterProvider;
  /** Whether requests have spans and carry their context to the server. Default: true. */
  readonly traces?: boolean;
  /**
   * Which metrics: `'stable'` is `http.client.request.duration`; `'all'`, the default, those of the
   * conventions that are in development, and those of pools.
   */
  readonly metrics?: 'all' | 'stable' | 'none';
  /** Requests that have no span and carry no context. Default: none. */
  readonly ignore?: (request: Request) => boolean;
  /**
   * The route of a request, such as `/users/{id}`: it names the span and is `url.template` of span and
   * metrics. There must be few of them. Default: none.
   */
  readonly template?: (request: Request) => string | undefined;
  /** Further attributes of a request's span. Default: none. */
  readonly attributes?: (request: Request) => Attributes;
  /** Headers that become attributes of spans, by name, in any case. Default: none. */
  readonly captureHeaders?: {
    readonly request?: readonly string[];
    readonly response?: readonly string[];
  };
}

/** The options with their defaults, as far as spans need them. */
export interface ResolvedOptions {
  readonly ignore: (request: Request) => boolean;
  readonly template: (request: Request) => string | undefined;
  readonly attributes: (request: Request) => Attributes;
  readonly captureHeaders: {
    readonly request: readonly string[];
    readonly response: readonly string[];
  };
}

/** Fills in the defaults. */
export function resolved(options: InstrumentOptions): ResolvedOptions {
  const { captureHeaders = {} } = options;
  const lower = (names: readonly string[] = []): string[] =>
    names.map((name) => name.toLowerCase());
  return {
    ignore: guarded('ignore', options.ignore, false),
    template: guarded('template', options.template, undefined),
    attributes: guarded('attributes', options.attributes, {}),
    captureHeaders: {
      request: lower(captureHeaders.request),
      response: lower(captureHeaders.response),
    },
  };
}

/** A function of the program's, or what stands in place of what it returns. */
function guarded<T>(
  name: string,
  given: ((request: Request) => T) | undefined,
  fallback: T,
): (request: Request) => T {
  if (given === undefined) return () => fallback;
  return (request) => {
    try {
      return given(request);
    } catch (error) {
      diag.error(`@linnet/finch: the option ${name} of instrument threw`, error);
      return fallback;
    }
  };
}
