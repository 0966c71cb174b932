/** The state of a ClusterSupervisor on one node, and what is done to it: children start, move and end. */
import {
  type DynamicSupervisorHandle,
  GenServer,
  now,
  type Pid,
  self,
  sendAfter,
  spawn,
} from '@linnet/otp';
import { Node } from '../node/node.ts';
import type { Companions } from '../shared/companions.ts';
import { rendezvous } from '../shared/rendezvous.ts';
import { ChildTables } from './child-tables.ts';
import type { ChildEntry, ClusterChild, ClusterChildModule } from './cluster-child.ts';
import { handedOverBy, type Move, Moves } from './moves.ts';

/** What such a process is started with. */
export interface PlacementOptions {
  readonly serverName: string;
  readonly modules: Readonly<Record<string, ClusterChildModule>>;
  readonly redistributeAfterMs: number;
  readonly majorityOf: number | undefined;
  /** Whether children move to nodes that join. */
  readonly isActive: boolean;
  readonly handoffMs: number;
}

/** What its processes on the nodes tell each other. */
export type Update =
  | { readonly type: 'add'; readonly entry: ChildEntry }
  | { readonly type: 'remove'; readonly id: string }
  /** A child whose node has gone is not to be started again. */
  | { readonly type: 'cancel'; readonly id: string }
  /** The node starts no more children. */
  | { readonly type: 'leaving' };

/** What a start came to. */
export type StartOutcome =
  | { readonly type: 'started'; readonly pid: Pid }
  | { readonly type: 'error'; readonly reason: unknown };

/** Sent to itself when it is time to look after children whose node has gone. */
export const redistribute = { type: 'linnet:redistribute' } as const;

export class Placement {
  readonly tables: ChildTables = new ChildTables();
  readonly moves: Moves = new Moves();
  readonly options: PlacementOptions;
  readonly #local: DynamicSupervisorHandle;
  readonly #server = self();
  /** Other nodes that start no more children. */
  readonly #leaving = new Set<string>();
  /** Neither does this one. */
  #isLeaving = false;
  #companions: Companions | undefined = undefined;

  /** To be made in the process of the supervisor. */
  constructor(options: PlacementOptions, local: DynamicSupervisorHandle) {
    this.options = options;
    this.#local = local;
  }

  set companions(companions: Companions) {
    this.#companions = companions;
  }

  /** The nodes with such a process that start children, this one among them. */
  nodes(): string[] {
    const others = (this.#companions?.nodes() ?? []).filter((node) => !this.#leaving.has(node));
    return this.#isLeaving ? others : [Node.self(), ...others];
  }

  /** The node on which a child belongs. */
  nodeFor(id: string): string {
    return rendezvous(id, this.nodes()) ?? Node.self();
  }

  get hasMajority(): boolean {
    const { majorityOf } = this.options;
    const present = 1 + (this.#companions?.nodes().length ?? 0);
    return majorityOf === undefined || present > majorityOf / 2;
  }

  /** Starts a child here, unless it runs anywhere; `from` is the node from which it moves here. */
  async start(child: ClusterChild, handedOver?: unknown, from?: string): Promise<StartOutcome> {
    const running = this.tables.find(child.id, Node.self());
    if (running !== undefined && running.node !== from) {
      return { type: 'error', reason: ['already_started', running.pid] };
    }
    if (this.#isLeaving) return { type: 'error', reason: 'leaving' };
    if (!this.hasMajority) return { type: 'error', reason: 'no_majority' };
    const module = this.#moduleOf(child);
    if (module === undefined) return { type: 'error', reason: ['undef', child.module] };
    try {
      const started = await this.#local.startChild(this.#specOf(module, child, handedOver));
      const pid = pidOf(started);
      if (pid === undefined) return { type: 'error', reason: 'ignore' };
      // At once, not only with the cast: the next request may be for the same id, and who asked for the
      // child is to know of it before the answer. Else it would be lost if this node died now.
      this.up(child, pid);
      this.tables.orphans.delete(child.id);
      this.tables.begun(child.id);
      return { type: 'started', pid };
    } catch (error) {
      return { type: 'error', reason: (error as { readonly reason?: unknown }).reason ?? error };
    }
  }

  /** A child has been started here, for the first time or anew: the others are told. */
  up(child: ClusterChild, pid: Pid): void {
    if (this.tables.own.get(child.id)?.pid === pid) return;
    const entry = { child, pid };
    this.tables.own.set(child.id, entry);
    this.update({ type: 'add', entry });
  }

  /** Ends a child of this node. */
  async drop(id: string): Promise<void> {
    const pid = this.tables.own.get(id)?.pid;
    this.forget(id);
    if (pid !== undefined) await this.#end(pid);
  }

  forget(id: string): void {
    if (this.tables.own.delete(id)) this.update({ type: 'remove', id });
  }

  /** A child of this node has ended for good. */
  ended(id: string): void {
    const at = now();
    this.tables.ended(id, at, at - 2 * this.options.redistributeAfterMs);
    this.forget(id);
  }

  /** A child whose node has gone is not to run anywhere. */
  cancel(id: string): boolean {
    if (!this.tables.orphans.delete(id)) return false;
    this.update({ type: 'cancel', id });
    return true;
  }

  update(update: Update): void {
    this.#companions?.update(update);
  }

  // When a node has gone -------------------------------------------------------------

  redistributeLater(): void {
    sendAfter(this.#server, redistribute, this.options.redistributeAfterMs);
  }

  /** Starts the children that belong here of nodes that have gone. */
  async takeOver(): Promise<void> {
    const { orphans } = this.tables;
    if (!this.hasMajority) return;
    for (const [id, child] of orphans) {
      const node = this.nodeFor(id);
      if (node === Node.self()) await this.start(child);
      // It may be a new run of the node that has gone, which knows nothing of the child.
      else GenServer.cast(this.#at(node), ['adopt', child]);
    }
    // Until each of them runs: a start may have failed, or its node be gone, too.
    if (orphans.size > 0) this.redistributeLater();
  }

  /** Starts a child whose node has gone, for another node that knows of it. */
  async adopt(child: ClusterChild): Promise<void> {
    // Each of the other nodes asks; it may have run to its end between two of them.
    if (!this.tables.hasEnded(child.id)) await this.start(child);
  }

  // Moves ----------------------------------------------------------------------------

  /** Begins to move the children that belong on other nodes. */
  rebalance(): void {
    if (!this.hasMajority) return;
    for (const [id, { child, pid }] of this.tables.own) {
      const to = this.nodeFor(id);
      if (to === Node.self() || child.restart === 'temporary' || this.moves.has(id)) continue;
      const server = this.#server;
      // Apart from this process: to hand over may take long.
      spawn(async () => {
        const handedOver = await this.#handedOverBy(child, pid);
        GenServer.cast(server, ['handOver', id, pid, to, handedOver]);
      });
    }
  }

  /** Ends a child here, and has it started there, if it still is the one that was asked. */
  async handOver(id: string, pid: Pid, to: string, handedOver: unknown): Promise<void> {
    const entry = this.tables.own.get(id);
    if (entry?.pid !== pid || this.moves.has(id) || !this.nodes().includes(to)) return;
    this.moves.begin({ child: entry.child, to, handedOver });
    await this.#end(pid);
    GenServer.cast(this.#at(to), ['take', entry.child, handedOver, Node.self()]);
  }

  /** A child that another node hands over: it is told what has come of it. */
  async take(child: ClusterChild, handedOver: unknown, from: string): Promise<StartOutcome> {
    const outcome = await this.start(child, handedOver, from);
    if (outcome.type === 'error')
      GenServer.cast(this.#at(from), ['refused', child.id, Node.self()]);
    return outcome;
  }

  /** A child that was to move runs here again, since it cannot run there. */
  async reclaim({ child, handedOver }: Move): Promise<void> {
    this.tables.own.delete(child.id);
    const outcome = await this.start(child, handedOver);
    if (outcome.type === 'started') return;
    this.update({ type: 'remove', id: child.id });
    if (this.tables.isKnown(child.id)) return;
    this.tables.orphans.set(child.id, child);
    this.redistributeLater();
  }

  // Leaving --------------------------------------------------------------------------

  /** Another node starts no more children, or does again. */
  setLeaving(node: string, isLeaving: boolean): void {
    if (isLeaving) this.#leaving.add(node);
    else this.#leaving.delete(node);
  }

  /**
   * Hands all children over to the other nodes. Those that cannot be are started there as those of any
   * node that has gone.
   */
  async leave(): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.update({ type: 'leaving' });
    const others = this.nodes();
    if (others.length === 0 || !this.hasMajority) return;
    await Promise.all(
      [...this.tables.own.values()].map(async ({ child, pid }) => {
        const to = rendezvous(child.id, others);
        if (to === undefined || child.restart === 'temporary' || this.moves.has(child.id)) return;
        const handedOver = await this.#handedOverBy(child, pid);
        await this.#end(pid);
        const request: [string, ...unknown[]] = ['take', child, handedOver, Node.self()];
        const timeout = this.options.handoffMs;
        const outcome = await GenServer.call<StartOutcome>(this.#at(to), request, {
          timeout,
        }).catch(() => undefined);
        if (outcome?.type === 'started') this.forget(child.id);
      }),
    );
  }

  #handedOverBy(child: ClusterChild, pid: Pid): Promise<unknown> {
    return handedOverBy(this.#moduleOf(child), pid, this.options.handoffMs);
  }

  #moduleOf({ module }: ClusterChild): ClusterChildModule | undefined {
    const { modules } = this.options;
    return Object.hasOwn(modules, module) ? modules[module] : undefined;
  }

  /** Its first start has what was handed over; later ones begin anew. */
  #specOf(module: ClusterChildModule, child: ClusterChild, handedOver: unknown) {
    const first = module.childSpec(child.arg as never, handedOver as never);
    let next = first;
    return {
      ...first,
      restart: child.restart ?? ('permanent' as const),
      start: async () => {
        const up = await next.start();
        next = handedOver === undefined ? first : module.childSpec(child.arg as never);
        const pid = pidOf(up);
        // `ignore`: it is not there any more.
        if (pid === undefined) GenServer.cast(this.#server, ['ended', child.id]);
        else GenServer.cast(this.#server, ['up', child, pid]);
        return up;
      },
    };
  }

  async #end(pid: Pid): Promise<void> {
    await this.#local.terminateChild(pid).catch(() => {});
  }

  #at(node: string): { readonly name: string; readonly node: string } {
    return { name: this.options.serverName, node };
  }
}

function pidOf(started: unknown): Pid | undefined {
  if (typeof started !== 'object' || started === null) return undefined;
  return 'pid' in started ? (started.pid as Pid) : (started as Pid);
}
