/** The nodes of the cluster, and what they share. */
import type { VNode } from 'preact';
import type { ClusterDocument, NodeRow } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { age, count, kilobytes, megabytes, ms } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';
import { hrefOf } from '../state/route.ts';

export interface ClusterPageProps {
  readonly document: ClusterDocument;
}

const numbers = [
  'Round trip',
  'Heard',
  'Waiting',
  'Signals sent',
  'Sent',
  'Sent again',
  'Gaps',
  'Processes',
  'Run queue',
  'Memory',
  'Crashes',
];

export function ClusterPage({ document: shown }: ClusterPageProps): VNode {
  const { isRunning, nodes, order, system, names, nameCount, groups, groupCount } = shown;
  if (!isRunning) return html`<p>This program is no node of a cluster.</p>`;
  return html`<div>
    <div class="scroll" tabindex="0" role="region" aria-label="Nodes">
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">State</th>
            ${numbers.map((label) => html`<th scope="col" class="number" key=${label}>${label}</th>`)}
            <th scope="col">Look</th>
          </tr>
        </thead>
        <tbody>
          ${order.map((node) => {
            const row = nodes[node];
            return row === undefined ? null : nodeRow(node, row, system.at);
          })}
        </tbody>
      </table>
    </div>
    ${
      names === undefined
        ? null
        : html`<h2>Global names</h2>
            ${list(['Name', 'Node', 'Process'], namesOf(names, system.node), nameCount)}`
    }
    ${
      groups === undefined
        ? null
        : html`<h2>Groups</h2>
            ${list(
              ['Group', 'Members'],
              groups.map(([group, members]) => [group, count(members)]),
              groupCount,
            )}`
    }
  </div>`;
}

function nodeRow(node: string, row: NodeRow, now: number): VNode {
  const { state, since, reason, suspected, busy, waitingFrames = 0, waitingBytes = 0 } = row;
  const { roundTrip, heardAt, signalsSent, bytesSent, framesResent, gaps, figures } = row;
  const isBad = state === 'lost' || suspected === true || busy === true;
  const facts = [
    state,
    since === undefined ? '' : `for ${age(now - since)}`,
    reason ?? '',
    suspected === true ? 'unreachable' : '',
    busy === true ? 'busy' : '',
  ].filter((fact) => fact !== '');
  const isHere = state === 'this node';
  const waits = `${count(waitingFrames)}, ${kilobytes(waitingBytes)}`;
  const cells = [
    ms(roundTrip),
    heardAt === undefined ? '–' : `${age(now - heardAt)} ago`,
    heardAt === undefined ? '–' : waits,
    count(signalsSent),
    bytesSent === undefined ? '–' : kilobytes(bytesSent),
    count(framesResent),
    count(gaps),
    count(figures?.processes),
    count(figures?.runQueue),
    figures === undefined ? '–' : megabytes(figures.rss),
    count(figures?.crashes),
  ];
  return html`<tr key=${node}>
    <th scope="row" class="name">${node}</th>
    <td class=${isBad ? 'warn' : ''}>${facts.join(', ')}</td>
    ${cells.map((cell, index) => html`<td class="number" key=${index}>${cell}</td>`)}
    <td>
      ${
        figures === undefined
          ? html`<span class="muted">${state === 'connected' ? 'no observer' : '–'}</span>`
          : (['tree', 'processes', 'crashes'] as const).map(
              (page) =>
                html`<a
                    key=${page}
                    href=${hrefOf(page, { node: isHere ? '' : node })}
                    aria-label=${`${page} of ${node}`}
                    >${page}</a
                  >${' '}`,
            )
      }
    </td>
  </tr>`;
}

/** A process of another node has no page here. */
function namesOf(
  names: NonNullable<ClusterDocument['names']>,
  here: string,
): ReadonlyArray<ReadonlyArray<unknown>> {
  return names.map(([name, pid, node]) => [
    name,
    node,
    node === here ? html`<${PidLink} pid=${pid} />` : pid,
  ]);
}

function list(
  headings: readonly string[],
  rows: ReadonlyArray<ReadonlyArray<unknown>>,
  all: number | undefined,
): VNode {
  const [title = ''] = headings;
  const isPart = all !== undefined && rows.length < all;
  if (rows.length === 0) return html`<p>None.</p>`;
  return html`<div>
    ${isPart ? html`<p class="muted">${count(rows.length)} of ${count(all)}</p>` : null}
    <div class="scroll" tabindex="0" role="region" aria-label=${title}>
      <table>
        <thead>
          <tr>
            ${headings.map((each) => html`<th scope="col" key=${each}>${each}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([first, ...others], index) =>
              html`<tr key=${index}>
                <th scope="row" class="name">${first}</th>
                ${others.map((cell, column) => html`<td key=${column}>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}
