/** The supervision tree, drawn on wide screens and indented on narrow ones; one list for both. */
import type { VNode } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { TreeDocument } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { count } from '../parts/format.ts';
import { Search } from '../parts/search.ts';
import { TreeItem } from '../parts/tree-item.ts';
import { hrefOf, type Route } from '../state/route.ts';
import { layOut, type SeenNode, type Toggled } from '../state/tree-model.ts';

export interface TreePageProps {
  readonly document: TreeDocument;
  readonly route: Route;
}

export function TreePage({ document: shown, route }: TreePageProps): VNode {
  const [toggled, setToggled] = useState<Toggled>(new Set());
  const [active, setActive] = useState('');
  const holder = useRef<HTMLDivElement>(null);
  const seen = useMemo(() => layOut(shown, toggled), [shown, toggled]);
  const { nodes } = seen;
  const current = nodes.some(({ key }) => key === active) ? active : nodes[0]?.key;

  const toggle = (key: string): void => {
    const next = new Set(toggled);
    if (!next.delete(key)) next.add(key);
    setToggled(next);
  };
  const open = (key: string): void => {
    const pid = shown.nodes[key]?.pid;
    if (pid !== undefined) location.hash = hrefOf('process', { pid });
    else if (nodes.some((node) => node.key === key && node.count > 1)) toggle(key);
  };
  const focus = (node: SeenNode | undefined): void => {
    if (node === undefined) return;
    setActive(node.key);
    const items = holder.current?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? [];
    [...items].find((item) => item.dataset['key'] === node.key)?.focus();
  };
  // The keys of the tree pattern of WAI-ARIA.
  const onKey = (event: KeyboardEvent): void => {
    const index = nodes.findIndex(({ key }) => key === current);
    const node = nodes[index];
    if (node === undefined) return;
    const isParent = node.node.children.length > 0 || node.node.more !== undefined;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => focus(nodes[index + 1]),
      ArrowUp: () => focus(nodes[index - 1]),
      Home: () => focus(nodes[0]),
      End: () => focus(nodes.at(-1)),
      Enter: () => open(node.key),
      ArrowRight: () => {
        if (isParent && !node.isOpen) toggle(node.key);
        else if (nodes[index + 1]?.parent === node.key) focus(nodes[index + 1]);
      },
      ArrowLeft: () => {
        if (isParent && node.isOpen) toggle(node.key);
        else focus(nodes.find(({ key }) => key === node.parent));
      },
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };
  const parents = Object.entries(shown.nodes).filter(([, node]) => node.children.length > 0);
  return html`<div>
    <div class="tools">
      <${Search} label="Search by name, kind or pid" value=${route.query['search'] ?? ''} />
      <button type="button" onClick=${() => setToggled(new Set(parents.map(([key]) => key)))}>
        Fold all
      </button>
      <button type="button" onClick=${() => setToggled(new Set())}>Unfold all</button>
      <span class="muted">${count(shown.shown)} of ${count(shown.total)} processes</span>
    </div>
    ${nodes.length === 0 ? html`<p>No process matches.</p>` : null}
    <div class="tree-scroll">
      <div
        ref=${holder}
        role="tree"
        aria-label="Processes by their supervisors"
        class="tree"
        style=${{ '--width': `${seen.width}px`, '--height': `${seen.height}px` }}
        onKeyDown=${onKey}
      >
        <svg aria-hidden="true" role="presentation" width=${seen.width} height=${seen.height}>
          ${seen.lines.map(({ key, path }) => html`<path key=${key} d=${path} />`)}
        </svg>
        ${nodes.map(
          (node) =>
            html`<${TreeItem}
              key=${node.key}
              seen=${node}
              now=${shown.system.at}
              isActive=${node.key === current}
              onFold=${toggle}
              onOpen=${open}
              onFocus=${setActive}
            />`,
        )}
      </div>
    </div>
  </div>`;
}
