/** System messages: looking into any server from outside, as `sys` does. */
import { request } from '../process/messages/call.ts';
import type { CallSite } from '../process/messages/call-error.ts';
import { BadArgumentError, timeoutOf } from '../process/errors.ts';
import type { ServerRef } from '../process/names/server-ref.ts';

/** An event of a traced server. */
export type TraceEvent =
  | { readonly type: 'in'; readonly message: unknown }
  | { readonly type: 'out'; readonly to: unknown; readonly message: unknown }
  | { readonly type: 'state'; readonly state: unknown };

/** Asked of a server through its mailbox, in order with all other messages. */
export type SystemRequest =
  | { readonly operation: 'getState' }
  | { readonly operation: 'replaceState'; readonly replace: (state: unknown) => unknown }
  | { readonly operation: 'suspend' | 'resume' }
  | { readonly operation: 'trace'; readonly listener: ((event: TraceEvent) => void) | undefined }
  | { readonly operation: 'terminate'; readonly reason: unknown };

/** Marks a call as a system message. */
export class SystemMessage {
  readonly #request: SystemRequest;
  constructor(systemRequest: SystemRequest) {
    this.#request = systemRequest;
  }
  static requestOf(value: unknown): SystemRequest | undefined {
    try {
      return value instanceof SystemMessage ? value.#request : undefined;
    } catch {
      return undefined; // a revoked proxy
    }
  }
}

/** Options of {@link getState} and the other system messages. */
export interface SystemOptions {
  /** Milliseconds to wait for the answer, 5000 by default. */
  readonly timeout?: number | 'infinity';
}

const site: CallSite = { module: 'sys', function: 'call' };

function ask<T>(
  server: ServerRef,
  systemRequest: SystemRequest,
  options: SystemOptions | undefined,
): Promise<T> {
  return request(site, server, new SystemMessage(systemRequest), timeoutOf(options, 5000));
}

/**
 * The state of a server, for debugging. Source: `sys:get_state/2`.
 * @throws {CallError} when the server is not alive or does not answer.
 * @example
 * await getState('counter'); // 3
 */
export function getState(server: ServerRef, options?: SystemOptions): Promise<unknown> {
  return ask(server, { operation: 'getState' }, options);
}

/**
 * Replaces the state of a server by what `replace` makes of it; resolves with the new state. An async
 * function is awaited, and the server's messages wait meanwhile. When it throws, the state is kept and
 * the call rejects. Source: `sys:replace_state/3`.
 * @throws {CallError} when the server is not alive or does not answer.
 * @example
 * await replaceState('counter', () => 0);
 */
export function replaceState(
  server: ServerRef,
  replace: (state: unknown) => unknown,
  options?: SystemOptions,
): Promise<unknown> {
  if (typeof replace !== 'function') throw new BadArgumentError('replace', replace, 'a function');
  return ask<{ state: unknown } | { error: unknown }>(
    server,
    { operation: 'replaceState', replace },
    options,
  ).then((answer) => {
    if ('error' in answer) throw answer.error;
    return answer.state;
  });
}

/**
 * Stops a server from handling messages until {@link resume}.
 *
 * Source: `sys:suspend/2`.
 * @throws {CallError} when the server is not alive or does not answer.
 * @example
 * await suspend('counter');
 * await replaceState('counter', () => 0);
 * await resume('counter');
 */
export function suspend(server: ServerRef, options?: SystemOptions): Promise<void> {
  return ask(server, { operation: 'suspend' }, options);
}

/**
 * Lets a suspended server go on with the messages that have waited.
 *
 * Source: `sys:resume/2`.
 * @throws {CallError} when the server is not alive or does not answer.
 * @example
 * await resume('counter');
 */
export function resume(server: ServerRef, options?: SystemOptions): Promise<void> {
  return ask(server, { operation: 'resume' }, options);
}

/**
 * Calls `listener` for every message, answer and new state of a server; undefined ends it.
 * A listener that throws is dropped. Source: `sys:trace/2`, `sys:install/2`.
 * @throws {CallError} when the server is not alive or does not answer.
 * @example
 * await trace('counter', (event) => console.log(event));
 * await trace('counter', undefined);
 */
export function trace(
  server: ServerRef,
  listener: ((event: TraceEvent) => void) | undefined,
  options?: SystemOptions,
): Promise<void> {
  if (listener !== undefined && typeof listener !== 'function') {
    throw new BadArgumentError('listener', listener, 'a function or undefined');
  }
  return ask(server, { operation: 'trace', listener }, options);
}
