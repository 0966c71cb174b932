/** One call, or one cast, to the servers of a name on many nodes. */
import { CallError, type CallOptions, GenServer } from '@linnet/otp';
import { Node } from './node/node.ts';

/** What has come of a call to many nodes. */
export interface MultiCallResult<T> {
  /** The answers, by their nodes. */
  readonly replies: ReadonlyMap<string, T>;
  /** Why there is none, by nodes. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** Options of {@link multiCall}. */
export interface MultiCallOptions extends CallOptions {
  /** The nodes, each once; by default this one and all that are connected. */
  readonly nodes?: readonly string[];
}

/**
 * Calls the servers of one name on many nodes at once, and waits for all answers, each for 5000 ms at
 * most. It does not reject for a node that does not answer: that is among the failures, with `'timeout'`,
 * `'noproc'`, `['nodedown', node]` or what the server ended with. An answer that comes later is dropped.
 *
 * Source: `gen_server:multi_call/4`.
 * @throws {DataCloneError} for a request that cannot be sent; {MessageTooLongError} for one that is too long.
 * @example
 * const { replies, failures } = await multiCall<number>('counter', 'value', { timeout: 1000 });
 */
export async function multiCall<T = unknown>(
  name: string,
  request: string | readonly [clause: string, ...args: unknown[]],
  options: MultiCallOptions = {},
): Promise<MultiCallResult<T>> {
  const { nodes = [Node.self(), ...Node.list()], ...callOptions } = options;
  const replies = new Map<string, T>();
  const failures = new Map<string, unknown>();
  await Promise.all(
    [...new Set(nodes)].map(async (node) => {
      try {
        replies.set(node, await GenServer.call<T>({ name, node }, request, callOptions));
      } catch (error) {
        // The error of the caller, such as a request that cannot be sent.
        if (!(error instanceof CallError)) throw error;
        failures.set(node, error.why);
      }
    }),
  );
  return { replies, failures };
}

/**
 * Casts to the servers of one name on many nodes at once; by default on this one and all that are connected.
 * Nodes without such a server, and those that are not connected, are left out.
 *
 * Source: `gen_server:abcast/3`.
 * @throws {DataCloneError} for a request that cannot be sent.
 * @example
 * abcast('cache', ['forget', 'user-17']);
 */
export function abcast(
  name: string,
  request: string | readonly [clause: string, ...args: unknown[]],
  nodes: readonly string[] = [Node.self(), ...Node.list()],
): void {
  for (const node of new Set(nodes)) GenServer.cast({ name, node }, request);
}
