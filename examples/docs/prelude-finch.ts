/** What the examples in the doc comments of @linnet/finch use without declaring it. */
import type { AsyncRequestRef, Finch, Lease, Request, ResponseHeaders } from '@linnet/finch';
import type { FakeOrigin } from '@linnet/finch/testing';
import type { Hash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type * as netModule from 'node:net';
import type { SupervisorHandle } from '@linnet/otp';

export declare const finch: Finch;
export declare const request: Request;
export declare const headers: ResponseHeaders;
export declare const lease: Lease;
export declare const origin: FakeOrigin;
export declare const supervisor: SupervisorHandle;
export declare const hash: Hash;
export declare const file: Writable;
export declare const ref: AsyncRequestRef;
export declare const error: unknown;
export declare const net: typeof netModule;

export interface User {
  readonly name: string;
}
export declare function shedLoad(): void;
