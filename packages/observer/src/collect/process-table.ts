/** The table of processes, one page at a time. */
import { processInfo, type Pid } from '@linnet/otp';
import type { ProcessesDocument, ProcessRow, SortKey } from '../protocol/documents.ts';
import type { Pids } from './pids.ts';
import { factsOf, matches, type Entry, type LiveTree } from './live-tree.ts';

export interface TableQuery {
  readonly search: string;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

type TablePage = Omit<ProcessesDocument, 'system'>;

export function processTable(tree: LiveTree, pids: Pids, query: TableQuery): TablePage {
  const { offset, limit } = query;
  const search = query.search.toLowerCase();
  const found = tree.all.filter(
    (entry) => entry.node.pid !== undefined && (search === '' || matches(entry, search)),
  );
  const page = sorted(found, query).slice(offset, offset + limit);
  const rows: Record<string, ProcessRow> = {};
  for (const entry of page) rows[entry.key] = rowOf(entry, pids.get(entry.key), tree.takenAt);
  return { total: tree.total, matched: found.length, offset, order: Object.keys(rows), rows };
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

function sorted(entries: readonly Entry[], { sort, descending }: TableQuery): Entry[] {
  const keyOf = keys[sort];
  const sign = descending ? -1 : 1;
  const keyed = entries.map((entry) => ({ entry, key: keyOf(entry), id: idOf(entry.node.pid) }));
  keyed.sort((one, other) => {
    if (one.key !== other.key) return one.key < other.key ? -sign : sign;
    return one.id - other.id;
  });
  return keyed.map(({ entry }) => entry);
}

/** The number in `#PID<0.42.0>`. */
function idOf(pid: string | undefined): number {
  return Number(pid?.split('.').at(-2) ?? 0);
}
