/** A node of a cluster, as a process of its tree. */
import {
  type ChildSpec,
  type ChildSpecOverrides,
  exit,
  type ExitMessage,
  GenServer,
  noreply,
  onDeath,
  type Pid,
  self,
  splitOverrides,
  stop,
  trapExit,
} from '@linnet/otp';
import { Member } from './node/member.ts';
import { clusterName, forgetMember, memberOf, rememberMember } from './node/current.ts';
import { checkOptions, type CheckedOptions, type ClusterOptions } from './options.ts';

const ClusterServer = GenServer.define({
  name: 'Cluster',
  init: async (options: CheckedOptions) => {
    trapExit();
    const pid = self();
    const member = new Member({
      ...options,
      fenced: (by) => exit(pid, { shutdown: ['fenced', by] }),
    });
    const leave = (): Array<Promise<void>> => {
      forgetMember(pid);
      return member.stop();
    };
    // Whatever ends the process: no other node is to believe that it is there.
    onDeath(pid, () => void Promise.allSettled(leave()));
    rememberMember(pid, member);
    await member.start();
    return { member, leave };
  },
  handleInfo: (state, message) => {
    const { type, reason } = message as Partial<ExitMessage>;
    return type === 'EXIT' ? stop(reason, state) : noreply(state);
  },
  terminate: async (_reason, { member, leave }) => {
    await member.prepareToLeave();
    await Promise.allSettled(leave());
  },
});

/** A running node. */
export class ClusterHandle implements AsyncDisposable {
  /** The process of the node: as long as it lives, this runtime is part of the cluster. */
  readonly pid: Pid;
  /** The name of the node. */
  readonly node: string;

  /** @internal */
  constructor(pid: Pid, node: string) {
    this.pid = pid;
    this.node = node;
  }

  /**
   * Leaves the cluster, and waits until that is done: the children that `ClusterSupervisor` has on this node
   * are handed over to other nodes first.
   */
  async stop(): Promise<void> {
    if (memberOf(this.pid) !== undefined) await GenServer.stop(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function startNode(options: ClusterOptions, linked: boolean): Promise<ClusterHandle> {
  const checked = checkOptions(options);
  const named = { name: clusterName };
  const { pid } = await (linked
    ? ClusterServer.startLink(checked, named)
    : ClusterServer.start(checked, named));
  return new ClusterHandle(pid, checked.name);
}

/**
 * Makes this runtime a node of a cluster, until the handle is stopped.
 *
 * Processes go on as they are. From then on, pids and names of other nodes are taken wherever a process
 * is: by `send`, `GenServer.call`, `monitor`, `link`, `exit`. Without a carrier, the node is alone.
 *
 * Source: `net_kernel:start/2`.
 * @throws {StartError} whose cause is a {@link ClusterError} when the node is refused or its carrier
 *   cannot be started, and with `['already_started', pid]` when this runtime is a node already.
 * @throws {BadArgumentError} naming the option.
 * @example
 * await using cluster = await Cluster.start({ name: 'api@127.0.0.1', cookie: 'secret' });
 * console.log(cluster.node, Node.list()); // api@127.0.0.1 []
 */
const start = (options: ClusterOptions): Promise<ClusterHandle> => startNode(options, false);

/**
 * As {@link start}, linked to the current process.
 * @example
 * await Cluster.startLink({ name: 'api@127.0.0.1', cookie: 'secret' });
 */
const startLink = (options: ClusterOptions): Promise<ClusterHandle> => startNode(options, true);

/**
 * The node as a child of a supervisor. Put it before what uses other nodes.
 * @example
 * const cluster = Cluster.childSpec({ name: 'api@127.0.0.1', cookie: 'secret' });
 * await Supervisor.startLink([cluster], { strategy: 'rest_for_one' });
 */
function childSpec(given: ClusterOptions & ChildSpecOverrides): ChildSpec<ClusterHandle> {
  const [overrides, options] = splitOverrides(given);
  return { id: 'Cluster', start: () => startLink(options), ...overrides };
}

/** A node of a cluster. */
export const Cluster: {
  readonly start: typeof start;
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
} = Object.freeze({ start, startLink, childSpec });
