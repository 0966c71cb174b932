/** A read-only look at the whole live system. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { armedTimers } from '../process/time/clock.ts';
import { flushDeferred } from '../process/time/deferred.ts';
import { detailsOf, statusOf } from '../process/info.ts';
import { processes } from '../process/local-process.ts';
import { thisNode } from '../process/node.ts';
import { Pid, processOf } from '../process/pid.ts';
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

type Draft = { -readonly [K in keyof ProcessNode]: ProcessNode[K] };

/** Of most processes: one for all of them, since a snapshot of many is large enough without. */
const noChildren: readonly ProcessNode[] = [];

interface Entry {
  readonly process: Process;
  readonly node: Draft;
  /** The children that it lists, if it is a supervisor. */
  readonly listed: readonly ChildDetails[];
  /** Those below it; the `children` of its node once there is one. */
  below: ProcessNode[] | undefined;
  placed: boolean;
}

/** By the ids of their pids: a Map of objects would give each of them a hash first. */
type Entries = Map<number, Entry>;

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
  const steps = look();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * As {@link introspect}, for programs of many processes: after some hundred of them, the rest of the
 * program has its turn. What starts or ends meanwhile may be missing, or may still be there.
 * @example
 * const { processCount } = await introspectInTurns();
 */
export async function introspectInTurns(): Promise<Snapshot> {
  const steps = look();
  let began = performance.now();
  for (let count = 1; ; count++) {
    const { done, value } = steps.next();
    if (done === true) return value;
    // What a server shows of itself is code of the program, which may take its time.
    if (count % stepsATurn > 0 && performance.now() - began < longestTurn) continue;
    await nextTurn();
    began = performance.now();
  }
}

/** Processes that are looked at in one step. */
const processesAStep = 25;

/** Steps in a turn of the event loop, at most. */
const stepsATurn = 20;

/** After so many ms the turn is over in any case. */
const longestTurn = 8;

/** Makes a snapshot, with a break after each step. */
function* look(): Generator<undefined, Snapshot> {
  flushDeferred();
  const now = Date.now();
  const entries: Entries = new Map();
  let count = 0;
  // The processes of this moment: the table itself may change between two steps.
  for (const process of Array.from(processes())) {
    if (++count % processesAStep === 0) yield;
    if (processOf(process.pid) !== undefined) enter(process, entries, now);
  }
  // Those that are found to have started meanwhile have their turn at the end.
  for (const entry of entries.values()) {
    for (const child of entry.listed) {
      if (++count % processesAStep === 0) yield;
      placeChild(entry, child, entries, now);
    }
  }
  const roots: ProcessNode[] = [];
  const others: ProcessNode[] = [];
  for (const entry of entries.values()) {
    if (++count % processesAStep === 0) yield;
    placeByLink(entry, entries);
  }
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

function enter(process: Process, entries: Entries, now: number): Entry {
  const details = detailsOf(process);
  const node = describe(process, details, now);
  const listed = childrenOf(details);
  const entry: Entry = { process, node, listed, below: undefined, placed: false };
  entries.set(process.pid.id, entry);
  return entry;
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
    children: noChildren,
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

/** A pid of another node may have the id of a process here. */
function entryOf(pid: Pid, entries: Entries): Entry | undefined {
  const entry = entries.get(pid.id);
  return entry?.process.pid === pid ? entry : undefined;
}

function putBelow(parent: Entry, node: ProcessNode): void {
  if (parent.below === undefined) parent.node.children = parent.below = [];
  parent.below.push(node);
}

/** Puts a child of a supervisor below it. */
function placeChild(parent: Entry, child: ChildDetails, entries: Entries, now: number): void {
  const entry = Pid.isPid(child.pid) ? childEntry(child.pid, entries, now) : undefined;
  if (entry === undefined) {
    putBelow(parent, absent(child));
  } else if (!entry.placed && entry !== parent) {
    entry.placed = true;
    if (child.id !== undefined) entry.node.id = textOfId(child.id);
    entry.node.restart = child.restart;
    entry.node.restarts = child.restarts;
    entry.node.type = child.type;
    putBelow(parent, entry.node);
  }
}

/** Also of a child that has started since the snapshot began. */
function childEntry(pid: Pid, entries: Entries, now: number): Entry | undefined {
  const entry = entryOf(pid, entries);
  if (entry !== undefined) return entry;
  const process = processOf(pid);
  return process === undefined ? undefined : enter(process, entries, now);
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
function placeByLink(entry: Entry, entries: Entries): void {
  const { startedBy, links } = entry.process;
  if (entry.placed || startedBy === undefined || links?.has(startedBy) !== true) return;
  const parent = entryOf(startedBy, entries);
  if (parent === undefined) return;
  entry.placed = true;
  putBelow(parent, entry.node);
}
