/**
 * The process behind `ClusterSupervisor` on each node: it starts children of this node under a
 * DynamicSupervisor of its own, tells the others of them, and takes over what belongs to it of a node
 * that has gone.
 */
import {
  DynamicSupervisor,
  type DynamicSupervisorHandle,
  GenServer,
  isSoftReason,
  noreply,
  onDeath,
  type Pid,
  reply,
  self,
  sendAfter,
} from '@linnet/otp';
import { Node } from '../node/node.ts';
import { Companions } from '../shared/companions.ts';
import { rendezvous } from '../shared/rendezvous.ts';
import { ChildTables } from './child-tables.ts';
import type { ChildEntry, ClusterChild, ClusterChildModule } from './cluster-child.ts';

/** What such a process is started with. */
export interface PlacementOptions {
  readonly serverName: string;
  readonly modules: Readonly<Record<string, ClusterChildModule>>;
  readonly redistributeAfterMs: number;
  readonly majorityOf: number | undefined;
}

/** What other processes read without asking it. */
export interface Placement {
  readonly tables: ChildTables;
  /** The nodes with such a process, this one among them. */
  readonly nodes: () => string[];
  /** The node on which a child belongs. */
  readonly nodeFor: (id: string) => string;
}

const placements = new WeakMap<Pid, Placement>();

export const placementIn = (pid: Pid): Placement | undefined => placements.get(pid);

type Update =
  | { readonly type: 'add'; readonly entry: ChildEntry }
  | { readonly type: 'remove'; readonly id: string };

/** What a start came to. */
export type StartOutcome =
  | { readonly type: 'started'; readonly pid: Pid }
  | { readonly type: 'error'; readonly reason: unknown };

interface State extends Placement {
  readonly options: PlacementOptions;
  readonly companions: Companions;
  readonly local: DynamicSupervisorHandle;
}

const redistribute = { type: 'linnet:redistribute' } as const;

export const PlacementServer = GenServer.define({
  name: 'ClusterSupervisor',
  init: async (options: PlacementOptions): Promise<State> => {
    const local = await DynamicSupervisor.startLink();
    const tables = new ChildTables();
    const server = self();
    const later = (): void => void sendAfter(server, redistribute, options.redistributeAfterMs);
    const settle = (node: string, id: string): void => {
      // It ran on both sides of a cut: both come to the same.
      if (tables.own.has(id) && rendezvous(id, [node, Node.self()]) === node) {
        GenServer.cast(server, ['drop', id]);
      }
    };
    const companions: Companions = new Companions(options.serverName, {
      ownContent: () => [...tables.own.values()],
      synced: (node, content) => {
        const entries = content as ChildEntry[];
        tables.set(node, entries);
        for (const { child } of entries) settle(node, child.id);
        if (tables.orphans.size > 0) later();
      },
      updated: (node, content) => {
        const update = content as Update;
        if (update.type === 'remove') tables.remove(node, update.id);
        else {
          tables.add(node, update.entry);
          settle(node, update.entry.child.id);
        }
      },
      left: (node) => {
        tables.orphan(node);
        if (!hasMajority(options, companions)) GenServer.cast(server, 'pause');
        later();
      },
    });
    const nodes = (): string[] => [Node.self(), ...companions.nodes()];
    const nodeFor = (id: string): string => rendezvous(id, nodes()) ?? Node.self();
    placements.set(server, { tables, nodes, nodeFor });
    onDeath(server, () => placements.delete(server));
    return { tables, nodes, nodeFor, options, companions, local };
  },
  handleCall: {
    start: async (state, child: ClusterChild) => reply(await startHere(state, child), state),
    terminate: async (state, id: string) => {
      const had = state.tables.own.has(id);
      if (had) await drop(state, id);
      return reply(had, state);
    },
  },
  handleCast: {
    /** A child that ran on a node that has gone belongs here. */
    adopt: async (state, child: ClusterChild) => {
      await startHere(state, child);
      return noreply(state);
    },
    /** A child has been started, for the first time or anew. */
    up: (state, child: ClusterChild, pid: Pid) => {
      const entry = { child, pid };
      state.tables.own.set(child.id, entry);
      state.companions.update({ type: 'add', entry } satisfies Update);
      const server = self();
      onDeath(pid, (reason) => GenServer.cast(server, ['down', child.id, pid, reason]));
      return noreply(state);
    },
    down: (state, id: string, pid: Pid, reason: unknown) => {
      const entry = state.tables.own.get(id);
      const restart = entry?.child.restart ?? 'permanent';
      const ends = restart === 'temporary' || (restart === 'transient' && isSoftReason(reason));
      if (entry?.pid === pid && ends) forget(state, id);
      return noreply(state);
    },
    drop: async (state, id: string) => {
      await drop(state, id);
      return noreply(state);
    },
    /** This node is in a minority: the others run what it has run. */
    pause: async (state) => {
      for (const [id, { child }] of state.tables.own) {
        await drop(state, id);
        if (child.restart !== 'temporary') state.tables.orphans.set(id, child);
      }
      return noreply(state);
    },
  },
  handleInfo: async (state, message) => {
    if (!state.companions.handle(message) && isRedistribute(message)) await takeOver(state);
    return noreply(state);
  },
});

const isRedistribute = (message: unknown): boolean =>
  typeof message === 'object' &&
  message !== null &&
  'type' in message &&
  message.type === redistribute.type;

function hasMajority({ majorityOf }: PlacementOptions, companions: Companions): boolean {
  return majorityOf === undefined || companions.nodes().length + 1 > majorityOf / 2;
}

async function takeOver(state: State): Promise<void> {
  const { tables, nodeFor } = state;
  if (!hasMajority(state.options, state.companions)) return;
  for (const [id, child] of tables.orphans) {
    const node = nodeFor(id);
    if (node === Node.self()) await startHere(state, child);
    // It may be a new run of the node that has gone, which knows nothing of the child.
    else GenServer.cast({ name: state.options.serverName, node }, ['adopt', child]);
  }
  // Until each of them runs: a start may have failed, or its node be gone, too.
  if (tables.orphans.size > 0) sendAfter(self(), redistribute, state.options.redistributeAfterMs);
}

async function startHere(state: State, child: ClusterChild): Promise<StartOutcome> {
  const { tables, options, companions, local } = state;
  const running = tables.find(child.id, Node.self());
  if (running !== undefined) {
    return { type: 'error', reason: ['already_started', running.pid] };
  }
  if (!hasMajority(options, companions)) return { type: 'error', reason: 'no_majority' };
  const module = Object.hasOwn(options.modules, child.module)
    ? options.modules[child.module]
    : undefined;
  if (module === undefined) return { type: 'error', reason: ['undef', child.module] };
  const server = self();
  const spec = module.childSpec(child.arg as never);
  try {
    const started = await local.startChild({
      ...spec,
      restart: child.restart ?? 'permanent',
      start: async () => {
        const up = await spec.start();
        const pid = pidOf(up);
        if (pid !== undefined) GenServer.cast(server, ['up', child, pid]);
        return up;
      },
    });
    const pid = pidOf(started);
    if (pid === undefined) return { type: 'error', reason: 'ignore' };
    // At once, not only with the cast: the next request may be for the same id.
    tables.own.set(child.id, { child, pid });
    tables.orphans.delete(child.id);
    return { type: 'started', pid };
  } catch (error) {
    return { type: 'error', reason: (error as { readonly reason?: unknown }).reason ?? error };
  }
}

function pidOf(started: unknown): Pid | undefined {
  if (typeof started !== 'object' || started === null) return undefined;
  return 'pid' in started ? (started.pid as Pid) : (started as Pid);
}

async function drop(state: State, id: string): Promise<void> {
  const pid = state.tables.own.get(id)?.pid;
  forget(state, id);
  if (pid !== undefined) await state.local.terminateChild(pid).catch(() => {});
}

function forget({ tables, companions }: State, id: string): void {
  if (!tables.own.delete(id)) return;
  companions.update({ type: 'remove', id } satisfies Update);
}
