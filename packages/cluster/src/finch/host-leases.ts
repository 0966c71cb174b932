/**
 * A limit on the connections to each host over all nodes of a cluster. Each connection of an instance of
 * Finch needs a lease, which a process for the host grants, one for the whole cluster. A node gets leases
 * in batches and keeps one for as long as its connection is open: a request on a connection that is there
 * asks for nothing.
 */
import {
  BadArgumentError,
  CallError,
  type ChildSpec,
  type ChildSpecOverrides,
  onDeath,
  type Pid,
  self,
  splitOverrides,
  whereis,
} from '@linnet/otp';
import type { HostLimiter } from '@linnet/finch';
import { LeaseServer } from './lease-server.ts';
import { type LeaseFigures, LeaseTable } from './lease-table.ts';
import { leasesName } from './limiter-server.ts';

/** Options of `HostLeases`, the same on all nodes. */
export interface HostLeasesOptions {
  /** The most connections to one host and port, over all nodes. */
  readonly maxPerHost: number;
  /** Other limits for some hosts, by `host:port`. */
  readonly hosts?: Readonly<Record<string, number>>;
  /**
   * How many nodes there are when all are there. When the network is cut, each part limits itself: to its
   * share of the limit, by the number of its nodes, if this is given; else to the whole limit.
   */
  readonly nodes?: number;
  /** Milliseconds for which a node keeps leases that no connection uses. Default 5000. */
  readonly keepMs?: number;
}

/** The leases of this node, of which instances of Finch take. */
const table = new LeaseTable();

/**
 * Starts what gets leases for this node, linked to the current process. It has to run on each node that
 * takes part, after `Global`.
 * @throws {StartError} with a `CallError` when `Global` does not run here.
 * @throws {BadArgumentError} naming the option.
 * @example
 * await HostLeases.startLink({ maxPerHost: 200 });
 */
async function startLink(options: HostLeasesOptions): Promise<Pid> {
  const { maxPerHost, hosts = {}, nodes, keepMs = 5000 } = options;
  const numbers = { maxPerHost, ...hosts, nodes: nodes ?? 1 };
  for (const [name, value] of Object.entries(numbers)) {
    if (!(Number.isInteger(value) && value > 0)) {
      throw new BadArgumentError(name, value, 'an integer > 0');
    }
  }
  const limitOf = (host: string): number =>
    (Object.hasOwn(hosts, host) ? hosts[host] : undefined) ?? maxPerHost;
  const { pid } = await LeaseServer.startLink(
    { table, limitOf, nodes, keepMs },
    { name: leasesName },
  );
  return pid;
}

/**
 * The same as a child of a supervisor. Put it behind `Cluster` and `Global`, and before Finch.
 * @example
 * await Supervisor.startLink(
 *   [
 *     Cluster.childSpec({ name: 'api@10.0.0.5', cookie: 'secret', carrier: nats() }),
 *     Global.childSpec(),
 *     HostLeases.childSpec({ maxPerHost: 200, nodes: 3 }),
 *     Finch.childSpec({ name: 'http', hostLimiter: HostLeases.limiter() }),
 *   ],
 *   { strategy: 'rest_for_one' },
 * );
 */
function childSpec(given: HostLeasesOptions & ChildSpecOverrides): ChildSpec<Pid> {
  const [overrides, options] = splitOverrides(given);
  return { id: 'HostLeases', start: () => startLink(options), ...overrides };
}

/**
 * The limiter for the option `hostLimiter` of an instance of Finch. To start the instance fails when
 * `HostLeases` does not run.
 * @example
 * await Finch.startLink({ name: 'http', hostLimiter: HostLeases.limiter() });
 */
const limiter = (): HostLimiter => ({
  join: (instance) => {
    if (whereis(leasesName) === undefined) {
      throw new CallError('noproc', { module: 'HostLeases', function: 'limiter' }, [leasesName]);
    }
    const { source, leave } = table.join(instance);
    onDeath(self(), leave);
    return source;
  },
});

/**
 * What this node has of a host: leases, connections that use one, and instances that wait for more.
 * @example
 * const { held, used, waiting } = HostLeases.figures('api.example.com:443');
 */
const figures = (host: string): LeaseFigures => table.figures(host);

/** A limit on the connections to each host over all nodes. */
export const HostLeases: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly limiter: typeof limiter;
  readonly figures: typeof figures;
} = Object.freeze({ startLink, childSpec, limiter, figures });
