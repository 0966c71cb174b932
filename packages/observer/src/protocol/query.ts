/** What a page is asked for: the query of its URL, checked and bounded. */
import { intervals, sortKeys, type SortKey } from './documents.ts';

export interface Query {
  readonly search: string;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
  /** Of the tree: only what is below this process. */
  readonly root: string;
  /** Of the page of one process. */
  readonly pid: string;
  /** The pool whose connections are shown. */
  readonly pool: string;
  /** The registry whose entries are shown. */
  readonly registry: string;
  /** The node that the page is of; empty for this one. */
  readonly node: string;
  /** Seconds between two deltas of a stream. */
  readonly interval: number;
}

/** Rows of a page of the table, at most. */
const mostRows = 200;

/** Rows before those of a page, at most: to see what comes after them, search. */
const mostSkipped = 20_000;

/** What cannot be used has its default: a page is shown rather than refused. */
export function parseQuery(params: URLSearchParams): Query {
  const text = (name: string): string => (params.get(name) ?? '').slice(0, 300);
  return {
    search: text('search').trim(),
    sort: oneOf(sortKeys, params.get('sort'), 'pid'),
    descending: params.get('order') === 'desc',
    offset: integer(params.get('offset'), 0, mostSkipped, 0),
    limit: integer(params.get('limit'), 1, mostRows, 50),
    root: text('root'),
    pid: text('pid'),
    pool: text('pool'),
    registry: text('registry'),
    node: text('node'),
    interval: oneOf(intervals, Number(params.get('interval') ?? 1), 1),
  };
}

function oneOf<T>(allowed: readonly T[], value: unknown, otherwise: T): T {
  return allowed.find((each) => each === value) ?? otherwise;
}

function integer(value: string | null, min: number, max: number, otherwise: number): number {
  if (value === null || !/^\d{1,9}$/.test(value)) return otherwise;
  return Math.min(max, Math.max(min, Number(value)));
}
