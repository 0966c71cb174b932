/** The table of processes, one page at a time. */
import { processInfo, type Pid } from '@linnet/otp';
import type { ProcessesDocument, ProcessRow, SortKey } from '../protocol/documents.ts';
import { pidOf } from './pids.ts';
import { factsOf, matches, type Entry, type LiveTree } from './live-tree.ts';
import { Top } from './top.ts';
import { Turns } from './turns.ts';

export interface TableQuery {
  readonly search: string;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

type TablePage = Omit<ProcessesDocument, 'system'>;

export async function processTable(tree: LiveTree, query: TableQuery): Promise<TablePage> {
  const { offset, limit } = query;
  const search = query.search.toLowerCase();
  const keyOf = keys[query.sort];
  const top = new Top<Keyed>(offset + limit, orderOf(query));
  const turns = new Turns();
  let matched = 0;
  for (const entry of tree.all) {
    if (turns.over) await turns.next();
    const { pid } = entry.node;
    if (pid === undefined || (search !== '' && !matches(entry, search))) continue;
    matched++;
    top.add({ entry, key: keyOf(entry), id: idOf(pid) });
  }
  const rows: Record<string, ProcessRow> = {};
  for (const { entry } of top.list().slice(offset)) {
    rows[entry.key] = rowOf(entry, pidOf(entry.key), tree.takenAt);
  }
  return { total: tree.total, matched, offset, order: Object.keys(rows), rows };
}

/** A process as the table and its own page show it. */
export function rowOf(entry: Entry, pid: Pid | undefined, takenAt: number): ProcessRow {
  const info = pid === undefined ? undefined : processInfo(pid);
  return {
    ...factsOf(entry, takenAt),
    pid: entry.key,
    links: info?.links.length ?? 0,
    monitors: info?.monitors ?? 0,
    monitoredBy: info?.monitoredBy ?? 0,
  };
}

const text = (value: string | undefined): string => value ?? '';

/** What is compared: numbers, or text. Pids are in the order in which they began. */
const keys: Readonly<Record<SortKey, (entry: Entry) => number | string>> = {
  pid: ({ node }) => idOf(node.pid),
  name: ({ node }) => text(node.name),
  label: ({ node }) => node.label,
  status: ({ node }) => node.status,
  mailbox: ({ node }) => node.mailbox,
  uptime: ({ node }) => node.uptime,
  restarts: ({ node }) => node.restarts ?? 0,
};

interface Keyed {
  readonly entry: Entry;
  readonly key: number | string;
  readonly id: number;
}

/** By the key; of those with the same one, the oldest first. */
function orderOf({ descending }: TableQuery): (one: Keyed, other: Keyed) => number {
  const sign = descending ? -1 : 1;
  return (one, other) => {
    if (one.key !== other.key) return one.key < other.key ? -sign : sign;
    return one.id - other.id;
  };
}

/** The number in `#PID<0.42.0>`. */
function idOf(pid: string | undefined): number {
  return Number(pid?.split('.').at(-2) ?? 0);
}
