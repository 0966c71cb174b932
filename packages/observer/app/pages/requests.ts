/** Requests, with where their time went. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { PhaseTimes, RequestRow, RequestsDocument } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { clock, count, ms } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';

export interface RequestsPageProps {
  readonly document: RequestsDocument;
}

const phases = ['queue', 'connect', 'send', 'wait', 'receive'] as const;

export function RequestsPage({ document: shown }: RequestsPageProps): VNode {
  const [list, setList] = useState<'recent' | 'slowest'>('recent');
  const rows = shown[list].flatMap((id) => {
    const row = shown.rows[id];
    return row === undefined ? [] : [{ id, row }];
  });
  const longest = Math.max(1, ...rows.map(({ row }) => row.duration));
  const { requests } = shown.system;
  return html`<div>
    <div class="tools">
      <div role="group" aria-label="Which requests">
        ${(['recent', 'slowest'] as const).map(
          (name) =>
            html`<button
              type="button"
              key=${name}
              aria-pressed=${String(list === name)}
              onClick=${() => setList(name)}
            >
              ${name === 'recent' ? 'Last' : 'Slowest'}
            </button>`,
        )}
      </div>
      <span class="muted">
        ${count(requests?.count)} since ${clock(requests?.since ?? shown.system.at)},
        ${' '}${count(requests?.failed)} failed
      </span>
      <ul class="key" aria-label="Phases">
        ${phases.map((phase) => html`<li class=${`phase-${phase}`} key=${phase}>${phase}</li>`)}
      </ul>
    </div>
    ${rows.length === 0 ? html`<p>No request since this page was opened.</p>` : null}
    <div class="scroll" tabindex="0" role="region" aria-label="Requests">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Request</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="number">Took</th>
            <th scope="col">Phases</th>
            <th scope="col" class="number">Attempts</th>
            <th scope="col">Connection</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(({ id, row }) => requestRow(id, row, longest))}
        </tbody>
      </table>
    </div>
  </div>`;
}

function requestRow(id: string, row: RequestRow, longest: number): VNode {
  const { at, method, path, pool, status, error, duration, attempts, connection, protocol } = row;
  return html`<tr key=${id}>
    <td>${clock(at)}</td>
    <th scope="row" class="name">
      <span>${method} ${path}</span> <span class="muted">${pool}</span>
      ${row.headers === undefined ? null : headersOf(row.headers)}
    </th>
    <td class=${error !== undefined || (status ?? 0) >= 500 ? 'warn' : ''}>
      ${[status, error].filter((part) => part !== undefined).join(' ')}
    </td>
    <td class="number">${ms(duration)}</td>
    <td>${bars(row.phases, longest)}</td>
    <td class=${attempts > 1 ? 'number warn' : 'number'}>${count(attempts)}</td>
    <td><${PidLink} pid=${connection} /> <span class="muted">${protocol ?? ''}</span></td>
  </tr>`;
}

function bars(times: PhaseTimes, longest: number): VNode {
  const text = phases
    .filter((phase) => times[phase] !== undefined)
    .map((phase) => `${phase} ${ms(times[phase])}`)
    .join(', ');
  return html`<span class="bars" role="img" aria-label=${text} title=${text}>
    ${phases.map((phase) => {
      const size = ((times[phase] ?? 0) / longest) * 100;
      return html`<span
        class=${`phase-${phase}`}
        key=${phase}
        style=${{ width: `${size}%` }}
      ></span>`;
    })}
  </span>`;
}

function headersOf(headers: NonNullable<RequestRow['headers']>): VNode {
  return html`<details>
    <summary>Headers</summary>
    <ul class="links">
      ${headers.map(([name, value], index) => html`<li key=${index}><code>${name}: ${value}</code></li>`)}
    </ul>
  </details>`;
}
