/** A node that could not become, or stay, a part of its cluster. */

/** Why a node is not part of its cluster. */
export type ClusterFailure =
  /** A living node has this name. */
  | 'name_in_use'
  /** Another node of the cluster has another cookie. */
  | 'bad_cookie'
  /** Another node has another version of the protocol. */
  | 'version'
  /** A newcomer with `takeover` has taken the name over. */
  | 'fenced'
  /** Too few nodes are here for what a majority of them must agree to. */
  | 'no_majority'
  /** The carrier could not be started: see `cause`. */
  | 'carrier'
  /** There is no running cluster in this runtime. */
  | 'not_started';

/** `Cluster.start` has failed, or a function needs a cluster that is not there. */
export class ClusterError extends Error {
  readonly code: string;
  override readonly name = 'ClusterError';
  readonly reason: ClusterFailure;

  constructor(reason: ClusterFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.code = `ERR_CLUSTER_${reason.toUpperCase()}`;
  }
}
