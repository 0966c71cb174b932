/** The heading of a column by which a table can be sorted. */
import type { VNode } from 'preact';
import { html } from '../html.ts';

export interface SortHeaderProps {
  readonly label: string;
  readonly name: string;
  readonly sort: string;
  readonly order: string;
  readonly isNumber?: boolean;
  readonly onSort: (name: string, order: string) => void;
}

export function SortHeader(props: SortHeaderProps): VNode {
  const { label, name, sort, order, isNumber = false, onSort } = props;
  const isSorted = sort === name;
  const direction = order === 'desc' ? 'descending' : 'ascending';
  // The first look at a number is at the largest.
  const next = isSorted ? (order === 'desc' ? 'asc' : 'desc') : isNumber ? 'desc' : 'asc';
  return html`<th
    scope="col"
    class=${isNumber ? 'number' : ''}
    aria-sort=${isSorted ? direction : 'none'}
  >
    <button type="button" class="sort" onClick=${() => onSort(name, next)}>
      ${label}<span aria-hidden="true">${isSorted ? (order === 'desc' ? ' ↓' : ' ↑') : ''}</span>
    </button>
  </th>`;
}
