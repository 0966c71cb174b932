/** The figures of a pool at one moment, by the same names wherever they are reported. */
export interface Figures {
  /** The cap on open connections. */
  readonly size: number;
  /** Connections that serve a request or a lease. */
  readonly inUse: number;
  /** Requests and leases on these connections: a shared connection carries several. */
  readonly inFlight: number;
  /** Open connections that are not in use. */
  readonly idle: number;
  /** Connections that are being opened. */
  readonly connecting: number;
  /** Callers that wait for a connection. */
  readonly queued: number;
}

/** Those of them that an error knows. */
export type PoolFigures = { readonly [K in keyof Figures]?: number | undefined };
