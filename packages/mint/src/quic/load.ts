/**
 * Loads the implementation of QUIC, which is an optional package, when a
 * connection is about to be opened for the first time.
 */
import { QuicUnavailableError } from '../errors/index.ts';
import type { QuicBackend } from './backend.ts';
import type { Quiche } from './quiche-binding.ts';
import { QuicheBackend } from './quiche.ts';

/** The package with the binding of quiche. */
export const quicPackage = '@matrixai/quic';

/** Loads a module, as `import()` does. */
export type Importer = (specifier: string) => Promise<unknown>;

/** One attempt at loading; after one that failed, the next call tries anew: the package may be installed by then. */
export class QuicLoader {
  private readonly importer: Importer;
  private loading: Promise<QuicBackend> | undefined;

  constructor(importer: Importer) {
    this.importer = importer;
  }

  /** Rejects with `QuicUnavailableError`. */
  load(): Promise<QuicBackend> {
    this.loading ??= this.importBinding().catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  /** Whether it can be loaded. */
  async isAvailable(): Promise<boolean> {
    try {
      await this.load();
      return true;
    } catch {
      return false;
    }
  }

  private async importBinding(): Promise<QuicBackend> {
    try {
      const quiche = quicheOf(await this.importer(quicPackage));
      return new QuicheBackend(quiche);
    } catch (error) {
      throw new QuicUnavailableError({ packageName: quicPackage, cause: error });
    }
  }
}

function quicheOf(module: unknown): Quiche {
  const { native } = module as { native?: { quiche?: Partial<Quiche> } };
  const { Config, Connection, Shutdown } = native?.quiche ?? {};
  if (Config === undefined || Connection === undefined || Shutdown === undefined) {
    throw new Error('it has no binding of quiche, as version 2 has');
  }
  return { Config, Connection, Shutdown };
}

/** The loader of this thread. The package's name is in a variable: without it, this package compiles all the same. */
const loader = new QuicLoader((specifier) => import(specifier));

/** The implementation of QUIC; rejects with `QuicUnavailableError`. */
export function loadQuic(): Promise<QuicBackend> {
  return loader.load();
}

/**
 * Whether HTTP/3 can be spoken: whether the optional package `@matrixai/quic` is installed, with its
 * binary for this platform. Loads it.
 *
 * @example
 * const protocols: Protocol[] = (await quicAvailable()) ? ['http3'] : ['http2', 'http1'];
 */
export function quicAvailable(): Promise<boolean> {
  return loader.isAvailable();
}
