/** A read-only look at the whole live system. */
import { armedTimers } from '../process/clock.ts';
import { detailsOf, statusOf } from '../process/info.ts';
import { processes } from '../process/local-process.ts';
import { thisNode } from '../process/node.ts';
import { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import {
  childrenOf,
  stateValueOf,
  supervisorOf,
  textOfId,
  type ChildDetails,
  type Details,
} from './details.ts';
import type { ProcessNode, Snapshot } from './snapshot.ts';

type Draft = { -readonly [K in keyof ProcessNode]: ProcessNode[K] } & { children: ProcessNode[] };

interface Entry {
  readonly process: Process;
  readonly details: Details;
  readonly node: Draft;
  placed: boolean;
}

/**
 * The tree of all live processes, as plain data that can be printed or sent as JSON.
 *
 * A process stands below the supervisor that lists it as a child; otherwise below the process
 * that started it, if the two are linked. What remains is a root when something stands below it,
 * and one of the `others` when not. Takes time in proportion to the number of processes and
 * changes nothing; the state of servers is not part of it.
 *
 * Source: Erlang's `observer`, application and process tabs.
 * @example
 * console.log(formatTree(introspect()));
 */
export function introspect(): Snapshot {
  const now = Date.now();
  const entries = new Map<Pid, Entry>();
  for (const process of processes()) {
    const details = detailsOf(process);
    const node = describe(process, details, now);
    entries.set(process.pid, { process, details, node, placed: false });
  }
  for (const entry of entries.values()) placeChildren(entry, entries);
  const roots: ProcessNode[] = [];
  const others: ProcessNode[] = [];
  for (const entry of entries.values()) placeByLink(entry, entries);
  for (const { node, placed } of entries.values()) {
    if (placed) continue;
    (node.type === 'supervisor' || node.children.length > 0 ? roots : others).push(node);
  }
  return {
    node: thisNode().name,
    takenAt: now,
    processCount: entries.size,
    timers: armedTimers(),
    roots,
    others,
  };
}

function describe(process: Process, details: Details, now: number): Draft {
  const name = process.registeredName ?? viaNameOf(process);
  const state = stateValueOf(details);
  const supervisor = supervisorOf(details);
  // Assigned one by one: an object with spreads in it takes several times as long, and there may be many.
  const node: Draft = {
    pid: process.pid.toString(),
    label: process.label,
    type: supervisor === undefined ? 'worker' : 'supervisor',
    status: statusOf(process),
    mailbox: process.messages.size,
    uptime: Math.max(0, now - process.startedAt),
    children: [],
  };
  if (name !== undefined) node.name = String(name);
  if (state !== undefined) node.state = state;
  if (supervisor !== undefined) node.supervisor = supervisor;
  return node;
}

/** A process that a registry holds is known by its key. */
function viaNameOf({ viaKey }: Process): string | undefined {
  return viaKey === undefined ? undefined : textOfId(viaKey);
}

/** Puts the children of a supervisor below it, in its order. */
function placeChildren(parent: Entry, entries: ReadonlyMap<Pid, Entry>): void {
  for (const child of childrenOf(parent.details)) {
    const entry = Pid.isPid(child.pid) ? entries.get(child.pid) : undefined;
    if (entry === undefined) {
      parent.node.children.push(absent(child));
    } else if (!entry.placed && entry !== parent) {
      entry.placed = true;
      if (child.id !== undefined) entry.node.id = textOfId(child.id);
      entry.node.restart = child.restart;
      entry.node.restarts = child.restarts;
      entry.node.type = child.type;
      parent.node.children.push(entry.node);
    }
  }
}

function absent({ id, pid, type, restart, restarts }: ChildDetails): ProcessNode {
  const status = pid === 'restarting' ? 'restarting' : 'stopped';
  const label = type === 'supervisor' ? 'supervisor' : 'process';
  const child = {
    ...(id === undefined ? undefined : { id: textOfId(id) }),
    type,
    restart,
    restarts,
  };
  return { ...child, label, status, mailbox: 0, uptime: 0, children: [] };
}

/** Puts a process below the one that started it, if they are linked. */
function placeByLink(entry: Entry, entries: ReadonlyMap<Pid, Entry>): void {
  const { startedBy, links } = entry.process;
  if (entry.placed || startedBy === undefined || links?.has(startedBy) !== true) return;
  const parent = entries.get(startedBy);
  if (parent === undefined) return;
  entry.placed = true;
  parent.node.children.push(entry.node);
}
