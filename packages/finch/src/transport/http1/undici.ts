/// <reference path="./undici-modules.d.ts" />
/**
 * The only place that reaches into undici. Its files are imported one by one:
 * the entry point of the package would replace the process-wide fetch
 * dispatcher.
 */
import symbols from 'undici/lib/core/symbols.js';
import Client from 'undici/lib/dispatcher/client.js';

export type {
  ConnectedSocket,
  Controller,
  DispatchHandler,
  HeadersBox,
  HTTPContext,
  Parser,
  QueuedRequest,
} from 'undici/lib/dispatcher/client.js';
export { Client };

// The annotations keep the symbols' own types: inferred, they would be `symbol`.
export const kConnect: typeof symbols.kConnect = symbols.kConnect;
export const kHTTPContext: typeof symbols.kHTTPContext = symbols.kHTTPContext;
export const kHostHeader: typeof symbols.kHostHeader = symbols.kHostHeader;
export const kKeepAliveDefaultTimeout: typeof symbols.kKeepAliveDefaultTimeout =
  symbols.kKeepAliveDefaultTimeout;
export const kKeepAliveTimeoutValue: typeof symbols.kKeepAliveTimeoutValue =
  symbols.kKeepAliveTimeoutValue;
export const kParser: typeof symbols.kParser = symbols.kParser;
export const kReset: typeof symbols.kReset = symbols.kReset;
export const kWriting: typeof symbols.kWriting = symbols.kWriting;
