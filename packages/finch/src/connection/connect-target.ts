/** What a connection is opened for. */
import type { Discovery } from '../alt-svc/discovery.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';

/** What is needed to open a connection of a pool. */
export interface ConnectTarget {
  /** The name of the instance. */
  readonly instance: string;
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** Whether HTTP/1.1 is all that is to be offered. */
  readonly http1Only: boolean;
  /** Where the server can be reached by HTTP/3; undefined where that is of no interest. */
  readonly discovery: Discovery | undefined;
}
