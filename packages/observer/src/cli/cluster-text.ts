/** The nodes of a cluster as text. */
import type { ClusterDocument, NodeRow } from '../protocol/documents.ts';
import { age, bytes, milliseconds, plain, table } from './text.ts';

const columns = [
  'node',
  'state',
  'round trip',
  'heard',
  'waiting',
  'signals',
  'sent',
  'again',
  'processes',
  'memory',
  'crashes',
];

export function clusterText(document: ClusterDocument): string {
  const { isRunning, nodes, order, system, nameCount, groupCount } = document;
  if (!isRunning) return 'this program is no node of a cluster';
  const rows = order.flatMap((node) => {
    const row = nodes[node];
    return row === undefined ? [] : [cellsOf(plain(node), row, system.at)];
  });
  const aligns = columns.map((_, column) => (column < 2 ? 'left' : 'right'));
  const shared = [
    nameCount === undefined ? '' : `${nameCount} global names`,
    groupCount === undefined ? '' : `${groupCount} groups`,
  ].filter((text) => text !== '');
  const end = shared.length === 0 ? [] : ['', shared.join(', ')];
  return [...table([columns, ...rows], aligns), ...end].join('\n');
}

function cellsOf(node: string, row: NodeRow, now: number): string[] {
  const { roundTrip, heardAt, waitingBytes, signalsSent, bytesSent, framesResent, figures } = row;
  const size = (value: number | undefined): string => (value === undefined ? '-' : bytes(value));
  return [
    node,
    stateOf(row, now),
    milliseconds(roundTrip),
    heardAt === undefined ? '-' : age(now - heardAt),
    size(waitingBytes),
    String(signalsSent ?? '-'),
    size(bytesSent),
    String(framesResent ?? '-'),
    String(figures?.processes ?? '-'),
    size(figures?.rss),
    String(figures?.crashes ?? '-'),
  ];
}

function stateOf({ state, since, reason, suspected, busy }: NodeRow, now: number): string {
  const parts = [state, since === undefined ? '' : `for ${age(now - since)}`, plain(reason ?? '')];
  if (suspected === true) parts.push('unreachable');
  if (busy === true) parts.push('busy');
  return parts.filter((part) => part !== '').join(', ');
}
