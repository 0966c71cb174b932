/** This node and another one, in a program of its own, on one NATS server. */
import { receive, spawn } from '@linnet/otp';
import { Cluster, Node, type ClusterOptions, type NodeMessage } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { PeerNode } from '../test/support/peer-node.ts';
import { modules } from '../test/support/peer-processes.ts';
import { type Outcome, pause, waitFor } from './fault.ts';

export const here = 'faults@127.0.0.1';
export const there = 'peer@127.0.0.1';
export const downAfterMs = 8000;

/** What this node was told of others, with the time. */
export type News = NodeMessage & { readonly at: number };

/** What is at hand in a fault. */
export interface TwoNodes {
  readonly server: NatsServer;
  readonly peer: PeerNode;
  readonly news: News[];
  /** Waits for news of a type; how long after a time it came. */
  readonly next: (
    type: NodeMessage['type'],
    after: number,
    limitMs?: number,
  ) => Promise<number | undefined>;
}

/** All that this node is told of others, from now on. */
export function watchNodes(): News[] {
  const news: News[] = [];
  spawn(async () => {
    Node.monitorNodes(true);
    for (;;) news.push({ ...((await receive()) as NodeMessage), at: performance.now() });
  });
  return news;
}

export const startPeer = (server: NatsServer, options: Partial<ClusterOptions> = {}) =>
  PeerNode.start({
    name: there,
    cookie: 'secret',
    downAfterMs,
    ...options,
    nats: { servers: server.url },
  });

export async function withTwoNodes<T = Outcome>(
  run: (nodes: TwoNodes) => Promise<T>,
  options: Partial<ClusterOptions> = {},
): Promise<T> {
  await using server = await NatsServer.start();
  await using _cluster = await Cluster.start({
    name: here,
    cookie: 'secret',
    carrier: nats({ servers: server.url }),
    downAfterMs,
    modules,
    ...options,
  });
  await using peer = await startPeer(server, options);
  await Node.connect(there);
  const news = watchNodes();
  await pause(100);
  return await run({
    server,
    peer,
    news,
    next: async (type, after, limitMs) => {
      const found = (): News | undefined =>
        news.find((each) => each.type === type && each.at >= after);
      await waitFor(() => found() !== undefined, limitMs);
      const at = found()?.at;
      return at === undefined ? undefined : at - after;
    },
  });
}
