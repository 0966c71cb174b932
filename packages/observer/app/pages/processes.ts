/** The table of processes. */
import type { VNode } from 'preact';
import type { ProcessesDocument, ProcessRow } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { age, count } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';
import { Search } from '../parts/search.ts';
import { SortHeader } from '../parts/sort-header.ts';
import { setQuery, type Route } from '../state/route.ts';

/** Rows of a page, as the API has them by default. */
const pageSize = 50;

export interface ProcessesPageProps {
  readonly document: ProcessesDocument;
  readonly route: Route;
}

export function ProcessesPage({ document: shown, route }: ProcessesPageProps): VNode {
  const { order, rows, matched, offset, system } = shown;
  const { sort = 'pid', order: direction = 'asc' } = route.query;
  const onSort = (name: string, next: string): void =>
    setQuery({ sort: name, order: next, offset: '' });
  const header = (label: string, name: string, isNumber = false): VNode =>
    html`<${SortHeader} ...${{ label, name, sort, order: direction, isNumber, onSort }} />`;
  const last = Math.min(matched, offset + pageSize);
  return html`<div>
    <div class="tools">
      <${Search} label="Search by name, kind or pid" value=${route.query['search'] ?? ''} />
      <span class="muted">
        ${matched === 0 ? 'none' : `${count(offset + 1)} to ${count(last)} of ${count(matched)}`}
      </span>
      <button
        type="button"
        disabled=${offset === 0}
        onClick=${() => setQuery({ offset: String(Math.max(0, offset - pageSize)) })}
      >
        Previous
      </button>
      <button
        type="button"
        disabled=${last >= matched}
        onClick=${() => setQuery({ offset: String(offset + pageSize) })}
      >
        Next
      </button>
    </div>
    <div class="scroll" tabindex="0" role="region" aria-label="Processes">
      <table>
        <thead>
          <tr>
            ${header('Pid', 'pid')} ${header('Name', 'name')} ${header('Kind', 'label')}
            ${header('Status', 'status')} ${header('Mailbox', 'mailbox', true)}
            ${header('Up', 'uptime', true)} ${header('Restarts', 'restarts', true)}
            <th scope="col" class="number">Links</th>
            <th scope="col" class="number">Monitors</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          ${order.map((pid) => {
            const row = rows[pid];
            return row === undefined ? null : rowOf(row, system.at);
          })}
        </tbody>
      </table>
    </div>
  </div>`;
}

function rowOf(row: ProcessRow, now: number): VNode {
  const { pid, name, label, status, mailbox, startedAt = now, restarts = 0 } = row;
  const { links, monitors, monitoredBy, state } = row;
  return html`<tr key=${pid}>
    <td><${PidLink} pid=${pid} /></td>
    <th scope="row" class="name">${name ?? '–'}</th>
    <td>${label}</td>
    <td>${status}</td>
    <td class=${mailbox > 0 ? 'number warn' : 'number'}>${count(mailbox)}</td>
    <td class="number">${age(now - startedAt)}</td>
    <td class=${restarts > 0 ? 'number warn' : 'number'}>${count(restarts)}</td>
    <td class="number">${count(links)}</td>
    <td class="number">${count(monitors)} / ${count(monitoredBy)}</td>
    <td>${state ?? ''}</td>
  </tr>`;
}
