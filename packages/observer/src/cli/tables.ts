/** Pools, crashes and processes as text. */
import type {
  CrashesDocument,
  PoolsDocument,
  ProcessesDocument,
  SystemFigures,
} from '../protocol/documents.ts';
import { age, bytes, milliseconds, plain, table } from './text.ts';

const poolColumns = [
  'instance',
  'pool',
  'shard',
  'status',
  'protocol',
  'size',
  'in use',
  'idle',
  'opening',
  'queued',
  'checkouts',
  'wait p99',
  'timeouts',
  'connect errors',
];

export function poolsText({ pools }: PoolsDocument): string {
  const rows = Object.values(pools).flatMap((pool) =>
    Object.entries(pool.shards).map(([shard, figures]) => [
      pool.instance,
      pool.key,
      shard.replace('shard ', ''),
      pool.status + (pool.userManaged ? ', user-managed' : ''),
      figures.protocol ?? '-',
      ...[figures.size, figures.inUse, figures.idle, figures.connecting, figures.queued].map(
        String,
      ),
      String(figures.checkouts),
      milliseconds(pool.waitP99),
      String(pool.timeouts),
      String(pool.connectErrors),
    ]),
  );
  if (rows.length === 0) return 'no pools';
  const aligns = poolColumns.map((_, column) => (column < 2 || column === 3 ? 'left' : 'right'));
  return table([poolColumns, ...rows], aligns).join('\n');
}

export function crashesText({ crashes, order, dropped, system }: CrashesDocument): string {
  const blocks = order.flatMap((id) => {
    const crash = crashes[id];
    if (crash === undefined) return [];
    const { name, label, pid, at, outcome, successor, stack, reason } = crash;
    const title = `${name ?? label} ${pid}, ${age(system.at - at)} ago: ${outcome}`;
    const successorText = successor === undefined ? '' : ` as ${successor}`;
    const body = (stack ?? reason).split('\n').map((line) => `  ${plain(line)}`);
    return [[plain(title) + successorText, ...body].join('\n')];
  });
  if (dropped > 0) blocks.push(`${dropped} more came too fast to be kept`);
  return blocks.length === 0 ? 'no crashes' : blocks.join('\n\n');
}

export function processesText({ order, rows, matched, system }: ProcessesDocument): string {
  const heading = ['pid', 'name', 'kind', 'status', 'mailbox', 'up', 'restarts', 'links', 'state'];
  const lines = order.flatMap((pid) => {
    const row = rows[pid];
    if (row === undefined) return [];
    const { name = '', label, status, mailbox, startedAt = system.at, restarts = 0, links } = row;
    const cells = [pid, cutTo(name, 40), cutTo(label, 30), status, String(mailbox)];
    return [
      [...cells, age(system.at - startedAt), String(restarts), String(links), row.state ?? ''],
    ];
  });
  const aligns = heading.map((_, column) => ([4, 5, 6, 7].includes(column) ? 'right' : 'left'));
  const more = matched - lines.length;
  const end = more > 0 ? ['', `${more} more`] : [];
  return [...table([heading, ...lines], aligns), ...end].join('\n');
}

/** One line on the program as a whole. */
export function systemLine(system: SystemFigures, before: SystemFigures | undefined): string {
  const { processes, runQueue, memory, loop, at, startedAt } = system;
  const perSecond =
    before === undefined
      ? '-'
      : Math.round(((system.reductions - before.reductions) * 1000) / Math.max(1, at - before.at));
  return [
    `${processes} processes`,
    `run queue ${runQueue}`,
    `${perSecond} reductions/s`,
    `event loop ${Math.round(loop.utilization * 100)} %, p99 ${milliseconds(loop.delayP99)}`,
    `memory ${bytes(memory.rss)}`,
    `up ${age(at - startedAt)}`,
  ].join(', ');
}

const cutTo = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;
