/** The nodes of the cluster, and the names and groups that they share. */
import type * as ClusterModule from '@linnet/cluster';
import { now } from '@linnet/otp';
import { thisNode } from '@linnet/otp/distribution';
import type { ClusterDocument, NodeRow, SystemFigures } from '../../protocol/documents.ts';
import { cut, given, round, showValue } from '../show.ts';
import { NodeProbes } from './node-probes.ts';
import { NodeWatch, type HeardNode } from './node-watch.ts';

type Cluster = typeof ClusterModule;
type ClusterPage = Omit<ClusterDocument, 'system'>;

/** Nodes that are shown, beside this one. */
const mostNodes = 200;

/** Names, and groups, that are shown. */
const mostNames = 500;

/** The name of a program that is no node. */
const noNode = 'nonode@nohost';

export class ClusterSource {
  readonly watch = new NodeWatch();
  readonly #probes = new NodeProbes();

  /** At this moment; `own` are the figures of this node. */
  async page(own: SystemFigures): Promise<ClusterPage> {
    const cluster = await loadCluster();
    if (cluster === undefined) return { isRunning: false, nodes: {}, order: [] };
    const connected = cluster.Node.list().slice(0, mostNodes);
    await this.#probes.ask(connected);
    const lost = this.watch.lost.filter((node) => !connected.includes(node)).slice(0, mostNodes);
    const rows: Array<readonly [node: string, row: NodeRow]> = [
      [own.node, { state: 'this node', figures: figuresOf(own) }],
      ...connected.map((node) => [node, this.#connected(cluster, node)] as const),
      ...lost.map((node) => [node, lostRow(this.watch.get(node))] as const),
    ];
    return {
      isRunning: true,
      nodes: Object.fromEntries(rows),
      order: rows.map(([node]) => node),
      ...namesOf(cluster),
      ...groupsOf(cluster),
    };
  }

  #connected({ Node }: Cluster, node: string): NodeRow {
    const heard = this.watch.get(node);
    const probe = this.#probes.get(node);
    const figures = Node.figures(node);
    return {
      state: 'connected',
      ...given('since', heard?.isUp === true ? heard.since : undefined),
      ...given('roundTrip', probe === undefined ? undefined : round(probe.roundTrip)),
      ...(figures === undefined
        ? undefined
        : {
            // To the second: it is told once, and not again because clocks differ by a ms.
            heardAt: Math.round((Date.now() - (now() - figures.lastHeard)) / 1000) * 1000,
            suspected: figures.suspected,
            waitingFrames: figures.unacknowledgedFrames,
            waitingBytes: figures.unacknowledgedBytes,
            busy: heard?.isBusy ?? false,
            signalsSent: figures.signalsSent,
            bytesSent: figures.bytesSent,
            framesResent: figures.framesResent,
            gaps: figures.gaps,
          }),
      ...given('figures', probe?.figures === undefined ? undefined : figuresOf(probe.figures)),
    };
  }
}

/** Undefined while the program is no node: nothing is loaded then. One that is a node has it loaded. */
async function loadCluster(): Promise<Cluster | undefined> {
  if (thisNode().name === noNode) return undefined;
  try {
    return await import('@linnet/cluster');
  } catch {
    return undefined; // what makes it a node is another package
  }
}

function lostRow(heard: HeardNode | undefined): NodeRow {
  return {
    state: 'lost',
    ...given('since', heard?.since),
    ...given('reason', heard?.reason === undefined ? undefined : cut(heard.reason, 200)),
  };
}

function figuresOf(system: SystemFigures): NonNullable<NodeRow['figures']> {
  const { startedAt, processes, runQueue, crashes, restarts, memory } = system;
  return { startedAt, processes, runQueue, crashes, restarts, rss: memory.rss };
}

function namesOf({ Global }: Cluster): Pick<ClusterPage, 'names' | 'nameCount'> {
  return whereItRuns(() => {
    const all = Global.names();
    const names = all.slice(0, mostNames).flatMap((name) => {
      const pid = Global.whereis(name);
      return pid === undefined ? [] : [[cut(name, 200), pid.toString(), pid.node] as const];
    });
    return { names, nameCount: all.length };
  });
}

function groupsOf({ Pg }: Cluster): Pick<ClusterPage, 'groups' | 'groupCount'> {
  return whereItRuns(() => {
    const all = Pg.groups();
    const groups = all
      .slice(0, mostNames)
      .map((group) => [textOf(group), Pg.members(group).length] as const);
    return { groups, groupCount: all.length };
  });
}

const textOf = (group: unknown): string =>
  cut(typeof group === 'string' ? group : showValue(group), 300);

/** Nothing where the table of names, or of groups, does not run. */
function whereItRuns<T extends object>(look: () => T): T | Record<string, never> {
  try {
    return look();
  } catch {
    return {};
  }
}
