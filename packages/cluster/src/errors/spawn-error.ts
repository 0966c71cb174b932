/** A process that could not be started on another node. */

/** Why a process could not be started on another node. */
export type SpawnFailure =
  /** The node has no module of this name in its `modules`. */
  | 'undef'
  /** There is no connection to the node, or it was lost. */
  | 'noconnection';

/**
 * `Node.spawn` has failed.
 *
 * Source: `erlang:spawn_request/5`, error reasons.
 */
export class SpawnError extends Error {
  readonly code = 'ERR_SPAWN';
  override readonly name = 'SpawnError';
  readonly reason: SpawnFailure;
  readonly node: string;
  readonly module: string;

  constructor(reason: SpawnFailure, node: string, module: string) {
    super(`${module} could not be spawned on ${node}: ${words[reason]} (${reason})`);
    this.reason = reason;
    this.node = node;
    this.module = module;
  }
}

const words: Readonly<Record<SpawnFailure, string>> = {
  undef: 'the node has no such module: name it in the `modules` of its Cluster.start',
  noconnection: 'there is no connection to the node',
};
