/**
 * The process behind `ClusterSupervisor` on each node: it starts children of this node under a
 * DynamicSupervisor of its own, tells the others of them, takes over what belongs to it of a node that
 * has gone, and hands its own children over when it leaves.
 */
import {
  DynamicSupervisor,
  GenServer,
  isSoftReason,
  noreply,
  onDeath,
  type Pid,
  reply,
  self,
  stop,
  trapExit,
} from '@linnet/otp';
import { requireMember } from '../node/current.ts';
import { Node } from '../node/node.ts';
import { Companions } from '../shared/companions.ts';
import { rendezvous } from '../shared/rendezvous.ts';
import type { ChildEntry, ClusterChild } from './cluster-child.ts';
import { Placement, type PlacementOptions, redistribute, type Update } from './placement.ts';

const placements = new WeakMap<Pid, Placement>();

/** What other processes read without asking the process. */
export const placementIn = (pid: Pid): Placement | undefined => placements.get(pid);

export const PlacementServer = GenServer.define({
  name: 'ClusterSupervisor',
  init: async (options: PlacementOptions) => {
    trapExit();
    const server = self();
    const placement = new Placement(options, await DynamicSupervisor.startLink());
    const companions = companionsOf(placement, server);
    placement.companions = companions;
    placements.set(server, placement);
    const stays = requireMember('ClusterSupervisor').beforeLeaving(() =>
      GenServer.call(server, 'leave', { timeout: 2 * options.handoffMs + 1000 }),
    );
    onDeath(server, () => {
      stays();
      placements.delete(server);
    });
    return { placement, companions };
  },
  handleCall: {
    start: async (state, child: ClusterChild) => reply(await state.placement.start(child), state),
    terminate: async (state, id: string) => {
      const { placement } = state;
      const had = placement.tables.own.has(id);
      if (had) {
        await placement.drop(id);
        placement.ended(id);
      }
      return reply(had, state);
    },
    cancel: (state, id: string) => reply(state.placement.cancel(id), state),
    take: async (state, child: ClusterChild, handedOver: unknown, from: string) =>
      reply(await state.placement.start(child, handedOver, from), state),
    leave: async (state) => {
      await state.placement.leave();
      return reply(undefined, state);
    },
  },
  handleCast: {
    /** A child that ran on a node that has gone belongs here. */
    adopt: async (state, child: ClusterChild) => {
      await state.placement.adopt(child);
      return noreply(state);
    },
    up: (state, child: ClusterChild, pid: Pid) => {
      state.placement.up(child, pid);
      const server = self();
      onDeath(pid, (reason) => GenServer.cast(server, ['down', child.id, pid, reason]));
      return noreply(state);
    },
    down: (state, id: string, pid: Pid, reason: unknown) => {
      const { tables, moves } = state.placement;
      const entry = tables.own.get(id);
      const restart = entry?.child.restart ?? 'permanent';
      const ends = restart === 'temporary' || (restart === 'transient' && isSoftReason(reason));
      if (entry?.pid === pid && ends && !moves.has(id)) state.placement.ended(id);
      return noreply(state);
    },
    ended: (state, id: string) => {
      state.placement.ended(id);
      return noreply(state);
    },
    drop: async (state, id: string) => {
      await state.placement.drop(id);
      return noreply(state);
    },
    /** This node is in a minority: the others run what it has run. */
    pause: async (state) => {
      const { placement } = state;
      for (const [id, { child }] of placement.tables.own) {
        await placement.drop(id);
        if (child.restart !== 'temporary') placement.tables.orphans.set(id, child);
      }
      return noreply(state);
    },
    rebalance: (state) => {
      state.placement.rebalance();
      return noreply(state);
    },
    handOver: async (state, id: string, pid: Pid, to: string, handedOver: unknown) => {
      await state.placement.handOver(id, pid, to, handedOver);
      return noreply(state);
    },
    take: async (state, child: ClusterChild, handedOver: unknown, from: string) => {
      await state.placement.take(child, handedOver, from);
      return noreply(state);
    },
    refused: async (state, id: string, by: string) => {
      const move = state.placement.moves.end(id, by);
      if (move !== undefined) await state.placement.reclaim(move);
      return noreply(state);
    },
    /** Children were on their way to a node that has gone. */
    reclaimFrom: async (state, node: string) => {
      for (const move of state.placement.moves.takeNode(node)) await state.placement.reclaim(move);
      return noreply(state);
    },
  },
  handleInfo: async (state, message) => {
    if (state.companions.handle(message)) return noreply(state);
    const { type, reason } = message as { readonly type?: unknown; readonly reason?: string };
    if (type === redistribute.type) await state.placement.takeOver();
    // The supervisor of the children of this node: it has given up.
    return type === 'EXIT' ? stop(reason ?? 'normal', state) : noreply(state);
  },
  terminate: (_reason, { placement }) => placement.leave(),
});

function companionsOf(placement: Placement, server: Pid): Companions {
  const { tables, moves, options } = placement;
  const started = (node: string, id: string): void => {
    if (moves.end(id, node) !== undefined) placement.forget(id);
    // It ran on both sides of a cut: both come to the same.
    else if (tables.own.has(id) && !moves.has(id) && rendezvous(id, [node, Node.self()]) === node) {
      GenServer.cast(server, ['drop', id]);
    }
  };
  return new Companions(options.serverName, {
    ownContent: () => [...tables.own.values()],
    synced: (node, content) => {
      const entries = content as ChildEntry[];
      placement.setLeaving(node, false);
      tables.set(node, entries);
      for (const { child } of entries) started(node, child.id);
      if (tables.orphans.size > 0) placement.redistributeLater();
      if (options.isActive) GenServer.cast(server, 'rebalance');
    },
    updated: (node, content) => {
      const update = content as Update;
      if (update.type === 'leaving') placement.setLeaving(node, true);
      else if (update.type === 'remove') tables.remove(node, update.id);
      else if (update.type === 'cancel') tables.orphans.delete(update.id);
      else {
        tables.add(node, update.entry);
        started(node, update.entry.child.id);
      }
    },
    left: (node) => {
      placement.setLeaving(node, false);
      tables.orphan(node);
      GenServer.cast(server, ['reclaimFrom', node]);
      if (!placement.hasMajority) GenServer.cast(server, 'pause');
      placement.redistributeLater();
    },
  });
}
