/** The layers of each package, and what does not follow them yet. */
import type { Layers } from './import-order.ts';

export interface Package {
  /** The folders and files of `src`, the lowest layer first. */
  readonly layers: Layers;
  /** Imports against the order that are still there: `from -> to`, and what removes them. */
  readonly known: Readonly<Record<string, string>>;
  /** Two files of one folder that import each other for good, and why. */
  readonly pairs: ReadonlyArray<{
    readonly files: readonly [string, string];
    readonly why: string;
  }>;
  /** Circles that are still there, and what removes them. */
  readonly circles: ReadonlyArray<{ readonly files: readonly string[]; readonly why: string }>;
}

/** By the name of the folder in `packages`. */
export const packages: Readonly<Record<string, Package>> = {
  otp: {
    layers: [
      ['options', 'process/values/brand.ts', 'process/names/name.ts'],
      ['process/values/bounded-copy.ts'],
      ['process/errors.ts', 'process/exit-reason.ts'],
      ['process/pid.ts', 'process/process.ts'],
      ['process/node.ts'],
      ['process/links/signals.ts'],
      ['process'],
      ['gen-server'],
      ['machine', 'supervisor'],
      ['task'],
      ['agent', 'distribution', 'introspect', 'nact', 'pg', 'registry'],
      ['application'],
      ['index.ts', 'testing'],
    ],
    known: {},
    pairs: [
      {
        files: ['process/pid.ts', 'process/process.ts'],
        why: 'a pid leads to its process, and a process has its pid: types only',
      },
    ],
    circles: [],
  },
  mint: {
    layers: [
      ['errors'],
      ['syntax.ts'],
      ['fields.ts'],
      ['compression', 'output-buffer.ts', 'trailers.ts', 'request-shape.ts', 'wire.ts'],
      ['message'],
      ['http1', 'http2', 'http3', 'quic', 'response.ts'],
      ['codecs.ts', 'driver'],
      ['dial'],
      ['wire-options.ts'],
      ['connect.ts'],
      ['index.ts', 'testing'],
    ],
    known: {},
    pairs: [],
    circles: [],
  },
  finch: {
    layers: [
      ['errors'],
      ['identity'],
      ['options'],
      ['request'],
      ['response'],
      ['telemetry'],
      ['alt-svc'],
      ['connection'],
      ['pool'],
      ['instance'],
      ['exchange'],
      ['adapters'],
      ['finch.ts', 'pool.ts'],
      ['finch-client.ts', 'monitoring'],
      ['opentelemetry', 'prometheus', 'testing'],
      ['index.ts'],
    ],
    known: {},
    pairs: [],
    circles: [],
  },
  cluster: {
    layers: [
      ['association', 'errors', 'testing'],
      ['carrier', 'telemetry.ts'],
      ['codec'],
      ['node'],
      ['options.ts'],
      ['cluster.ts', 'multi-call.ts', 'shared'],
      ['global', 'nats', 'pg', 'supervisor', 'workers'],
      ['finch', 'index.ts'],
    ],
    known: {},
    pairs: [],
    circles: [],
  },
  observer: {
    layers: [
      ['errors.ts', 'protocol'],
      ['options.ts'],
      ['collect'],
      ['actions'],
      ['http'],
      ['server'],
      ['observer.ts'],
      ['cli', 'index.ts'],
    ],
    known: {},
    pairs: [],
    circles: [],
  },
  req: {
    layers: [
      ['errors', 'version.ts'],
      ['header-list.ts', 'origin.ts'],
      ['cache/http-cache.ts', 'upstreams.ts'],
      ['options'],
      ['retry'],
      ['message'],
      ['auth', 'body', 'cache', 'guards'],
      ['adapter', 'steps'],
      ['pipeline'],
      ['caller.ts'],
      ['events', 'streams', 'websocket'],
      ['stream-options.ts', 'tree.ts'],
      ['req.ts'],
      ['index.ts'],
    ],
    known: {},
    pairs: [],
    circles: [],
  },
};
