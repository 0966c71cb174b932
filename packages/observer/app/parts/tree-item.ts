/** One process in the tree. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import type { SeenNode } from '../state/tree-model.ts';
import { age } from './format.ts';

/** Ms for which a restart stands out. */
const lately = 60_000;

/** How many characters of a name are always shown: pools of one server differ in the last ones, their tags. */
const endLength = 10;

export interface TreeItemProps {
  readonly seen: SeenNode;
  readonly now: number;
  readonly isActive: boolean;
  readonly onFold: (key: string) => void;
  readonly onOpen: (key: string) => void;
  readonly onFocus: (key: string) => void;
}

export function TreeItem({ seen, now, isActive, onFold, onOpen, onFocus }: TreeItemProps): VNode {
  const { key, node, count, level, position, siblings, isOpen, x, y } = seen;
  const { name, id, label, supervisor, pid, more, matched } = node;
  const isParent = node.children.length > 0 || more !== undefined;
  const title = count > 1 ? `${count} × ${label}` : (name ?? id ?? label);
  const isRecent = restartedLately(seen, now);
  const classes = [
    'node',
    supervisor === undefined ? '' : 'supervisor',
    pid === undefined && count === 1 ? 'absent' : '',
    isRecent ? 'recent' : '',
    matched === true ? 'matched' : '',
  ].join(' ');
  return html`<div
    role="treeitem"
    class=${classes}
    data-key=${key}
    aria-level=${level}
    aria-posinset=${position}
    aria-setsize=${siblings}
    aria-expanded=${isParent ? String(isOpen) : undefined}
    tabindex=${isActive ? 0 : -1}
    style=${{ left: `${x}px`, top: `${y}px`, '--level': level }}
    onFocus=${() => onFocus(key)}
    onClick=${() => onOpen(key)}
  >
    <span
      class="fold"
      aria-hidden="true"
      onClick=${(event: Event) => {
        event.stopPropagation();
        if (isParent) onFold(key);
      }}
      >${isParent ? (isOpen ? '▾' : '▸') : ''}</span
    >
    <span class="node-text">
      <span class="node-title" title=${title}
        ><span class="node-start">${title.slice(0, -endLength)}</span
        ><span class="node-end">${title.slice(-endLength)}</span></span
      >
      <span class="node-kind">${kindOf(seen)}</span>
      <span class="badges">${badgesOf(seen, now)}</span>
    </span>
  </div>`;
}

function restartedLately({ node }: SeenNode, now: number): boolean {
  const { restarts = 0, startedAt = 0, status } = node;
  return status === 'restarting' || (restarts > 0 && now - startedAt < lately);
}

function kindOf({ node }: SeenNode): string {
  const { label, supervisor, pid, name, id } = node;
  const kind =
    supervisor === undefined
      ? label
      : [label.replace(/_?supervisor$/, ''), supervisor.strategy].join(' ').trim();
  const shown = (name ?? id) === undefined && supervisor === undefined ? '' : kind;
  return [pid, shown].filter((part) => part !== undefined && part !== '').join(' · ');
}

function badgesOf({ node, isOpen, count }: SeenNode, now: number): readonly VNode[] {
  const { status, state, mailbox, supervisor, restarts = 0, startedAt, more, children } = node;
  const badges: Array<readonly [kind: string, text: string]> = [];
  if (state !== undefined) badges.push(['state', state]);
  if (status === 'restarting' || status === 'stopped') badges.push(['bad', status]);
  if (status === 'busy') badges.push(['state', 'busy']);
  if (mailbox > 0) badges.push(['warn', `${mailbox} waiting`]);
  if (supervisor !== undefined && supervisor.restarts > 0) {
    const { restarts: recent, intensity, period } = supervisor;
    badges.push(['warn', `${recent} of ${intensity} restarts in ${period} s`]);
  }
  const up = startedAt === undefined ? '' : age(now - startedAt);
  if (restarts > 0) badges.push(['warn', `restarted ${restarts}×, ${up} ago`]);
  else if (up !== '') badges.push(['quiet', `up ${up}`]);
  if (!isOpen && count === 1) badges.push(['quiet', `${children.length + (more ?? 0)} below`]);
  else if (more !== undefined) badges.push(['quiet', `${more} more: search for them`]);
  return badges.map(
    ([kind, text]) => html`<span class=${`badge ${kind}`} key=${text}>${text}</span>`,
  );
}
