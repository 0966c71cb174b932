/** Children of a supervisor of the whole cluster. */
import type { ChildSpec, Pid, Startable } from '@linnet/otp';

/** A module that makes child specifications, such as a GenServer definition. */
export interface ClusterChildModule {
  /**
   * The specification of a child that is started with an argument of another node. A child that moves here
   * from another node has what its `handOff` gave as the second argument; when it is started again later,
   * it has none.
   */
  childSpec(arg: never, handedOver?: never): ChildSpec<Startable>;
  /**
   * What a child that moves to another node goes on with there: plain data. It is asked while the child
   * still runs, for `handoffMs` at most; if it fails, the child begins anew.
   */
  handOff?(pid: Pid): unknown;
}

/** What is to run once in the cluster; plain data, since it goes from node to node. */
export interface ClusterChild {
  /** Its id: there is one child of it in the cluster. */
  readonly id: string;
  /** The name of its module in the `modules` of the supervisor. */
  readonly module: string;
  /** The argument of the module's `childSpec`. */
  readonly arg?: unknown;
  /** As in other child specifications; `'temporary'` ones are not moved to other nodes. Default `'permanent'`. */
  readonly restart?: 'permanent' | 'transient' | 'temporary';
}

/** A child that runs. */
export interface RunningChild {
  readonly id: string;
  readonly node: string;
  readonly pid: Pid;
}

/** A child with its process, as nodes tell each other of it. */
export interface ChildEntry {
  readonly child: ClusterChild;
  readonly pid: Pid;
}
