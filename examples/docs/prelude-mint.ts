/** What the examples in the doc comments of @linnet/mint use without declaring it. */
import type * as netModule from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Wire } from '@linnet/mint';

export declare const net: typeof netModule;
export declare const socket: TLSSocket;
export declare const wire: Wire;
export declare const origin: string;
export declare const error: unknown;
