/** What the examples in the doc comments of @linnet/mint use without declaring it. */
import type * as netModule from 'node:net';
import type { TLSSocket } from 'node:tls';

export declare const net: typeof netModule;
export declare const socket: TLSSocket;
export declare const origin: string;
export declare const error: unknown;
