/**
 * A node that sends numbered messages to all others that it sees, checks those that it gets, wants a
 * global name, and tells of all that when it is asked.
 */
import { receive, register, send, spawn } from '@linnet/otp';
import { Cluster, type ClusterOptions, Global, Node, type NodeMessage } from '../src/index.ts';
import { nats, type NatsOptions } from '../src/nats/index.ts';

interface Numbered {
  readonly from: string;
  readonly number: number;
}

/** What such a node tells. */
export interface PartitionReport {
  readonly received: number;
  /** Gaps between two messages of a node without a nodedown in between. */
  readonly silentGaps: number;
  readonly outOfOrder: number;
  /** All nodeups and nodedowns, with the time in ms since 1970. */
  readonly events: ReadonlyArray<{
    readonly at: number;
    readonly type: string;
    readonly node: string;
    readonly reason?: string;
  }>;
  readonly connected: readonly string[];
  /** The node of the process that has the name, and when one of this node lost it. */
  readonly leader: string | undefined;
  readonly deposedAt: number | undefined;
  readonly names: readonly string[];
}

const given = JSON.parse(process.argv[2] ?? '{}') as ClusterOptions & {
  readonly nats: NatsOptions;
};
const { nats: natsOptions, ...options } = given;
await Cluster.start({ ...options, carrier: nats(natsOptions) });
await Global.startLink();

const counts = { received: 0, silentGaps: 0, outOfOrder: 0 };
const events: Array<PartitionReport['events'][number]> = [];
let deposedAt: number | undefined;

/** What was heard of a node, and whether something may be missing since. */
const heard = new Map<string, { last: number; mayJump: boolean }>();

function take({ from, number }: Numbered): void {
  const before = heard.get(from);
  counts.received++;
  if (before !== undefined) {
    if (number <= before.last) counts.outOfOrder++;
    else if (number > before.last + 1 && !before.mayJump) counts.silentGaps++;
  }
  heard.set(from, { last: number, mayJump: false });
}

spawn(async () => {
  register('stream');
  Node.monitorNodes(true);
  for (;;) {
    const message = (await receive()) as Numbered | NodeMessage;
    if ('number' in message) {
      take(message);
      continue;
    }
    events.push({ at: Date.now(), ...message });
    const before = heard.get(message.node);
    if (message.type === 'nodedown' && before !== undefined) before.mayJump = true;
  }
});

const numbers = new Map<string, number>();
setInterval(() => {
  for (const node of Node.list()) {
    const next = numbers.get(node) ?? 0;
    for (let i = 0; i < 10; i++) {
      send({ name: 'stream', node }, { from: options.name, number: next + i } satisfies Numbered);
    }
    numbers.set(node, next + 10);
  }
}, 10);

/** Wants the name for a process of its own, which ends when it loses it. */
function lead(): void {
  const pid = spawn(async () => {
    await Global.register('leader');
    await receive();
  });
  const look = setInterval(() => {
    if (Global.whereis('leader') === pid || !events.some(({ type }) => type === 'nodedown')) return;
    if (Global.whereis('leader')?.node === options.name) return;
    deposedAt = Date.now();
    clearInterval(look);
  }, 5);
}

function report(): PartitionReport {
  return {
    ...counts,
    events,
    connected: Node.list().toSorted(),
    leader: Global.whereis('leader')?.node,
    deposedAt,
    names: Global.names()
      .map((name) => `${name} ${Global.whereis(name)?.node}`)
      .toSorted(),
  };
}

process.send?.('up');
process.on('message', (message) => {
  if (message === 'lead') lead();
  if (message === 'report') process.send?.(report());
});
// Without its parent, it has no purpose.
process.on('disconnect', () => process.exit(1));
