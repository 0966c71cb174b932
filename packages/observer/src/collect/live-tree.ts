/** The live processes at one moment, flattened; kept for a moment, so that many viewers cost one look. */
import {
  introspectInTurns,
  now,
  type ProcessNode,
  type Snapshot,
  type StateValue,
} from '@linnet/otp';
import type { ProcessFacts } from '../protocol/documents.ts';
import { cut, given } from './show.ts';
import { Turns } from './turns.ts';

/** How long a look serves all viewers, in ms. */
const freshness = 300;

/** A process in the tree, or a child that is not running. */
export interface Entry {
  /** Its pid, or for a child that is not running one made of its parent's. */
  readonly key: string;
  readonly node: ProcessNode;
  readonly parent: Entry | undefined;
  readonly children: readonly Entry[];
}

export interface LiveTree {
  readonly takenAt: number;
  readonly total: number;
  readonly roots: readonly Entry[];
  readonly others: readonly Entry[];
  /** All entries, the roots first; children after their parents. */
  readonly all: readonly Entry[];
  readonly byKey: ReadonlyMap<string, Entry>;
}

export class TreeSource {
  /** The last look, which may not be over. */
  #known: Promise<LiveTree> | undefined;
  #knownAt = 0;

  /** The tree as it is now, or was a moment ago. */
  get(): Promise<LiveTree> {
    const time = now();
    if (this.#known !== undefined && time - this.#knownAt < freshness) return this.#known;
    this.#known = introspectInTurns().then(flatten);
    this.#knownAt = time;
    return this.#known;
  }

  /** Forgets what it knows: something has been changed. */
  expire(): void {
    this.#known = undefined;
  }
}

type Draft = Entry & { readonly children: Entry[] };

/** The children of most entries. */
const none: Entry[] = [];

async function flatten(snapshot: Snapshot): Promise<LiveTree> {
  const turns = new Turns();
  const all: Draft[] = [];
  const byKey = new Map<string, Entry>();
  const enter = (node: ProcessNode, index: number, parent: Entry | undefined): Draft => {
    const key = node.pid ?? `${parent?.key ?? ''}/${node.id ?? index}`;
    const children = node.children.length === 0 ? none : [];
    const entry: Draft = { key, node, parent, children };
    all.push(entry);
    byKey.set(key, entry);
    return entry;
  };
  const roots = snapshot.roots.map((node, index) => enter(node, index, undefined));
  const others = snapshot.others.map((node, index) => enter(node, index, undefined));
  // A loop over a growing list: chains of processes may be longer than the stack.
  for (let i = 0; i < all.length; i++) {
    const entry = all[i] as Draft;
    for (const [index, node] of entry.node.children.entries()) {
      if (turns.over) await turns.next();
      entry.children.push(enter(node, index, entry));
    }
  }
  const { takenAt, processCount: total } = snapshot;
  return { takenAt, total, roots, others, all, byKey };
}

/** What all pages tell of a process. */
export function factsOf({ node }: Entry, takenAt: number): ProcessFacts {
  const { pid, name, label, type, status, mailbox, uptime, state, restarts } = node;
  return {
    ...given('pid', pid),
    ...given('name', name === undefined ? undefined : cut(name, 200)),
    label: cut(label, 200),
    type,
    status,
    mailbox,
    ...given('startedAt', pid === undefined ? undefined : takenAt - uptime),
    ...given('state', state === undefined ? undefined : textOfState(state)),
    ...given('restarts', restarts),
  };
}

/** `connected`, `connected.idle`, or `audio.on video.off` for parallel regions. */
function textOfState(state: StateValue): string {
  if (typeof state === 'string') return cut(state, 200);
  const regions = Object.entries(state).map(([name, value]) => `${name}.${textOfState(value)}`);
  return cut(regions.join(' '), 200);
}

/** Whether a process has a text in its name, id, kind, state or pid. */
export function matches({ node }: Entry, search: string): boolean {
  const { pid, name, id, label, state } = node;
  return (
    label.toLowerCase().includes(search) ||
    name?.toLowerCase().includes(search) === true ||
    id?.toLowerCase().includes(search) === true ||
    pid?.toLowerCase().includes(search) === true ||
    (typeof state === 'string' && state.toLowerCase() === search)
  );
}
