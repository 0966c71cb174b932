/** This runtime as a member of a cluster: what is there while its Cluster process lives. */
import { arm, detached, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import { startDistribution, thisNode } from '@linnet/otp/distribution';
import type { DownReason } from '../association/down-reason.ts';
import type { ConnectFailure } from '../association/endpoint-types.ts';
import { Endpoint } from '../association/endpoint.ts';
import type { Refusal } from '../association/greeting.ts';
import type { NodeIdentity } from '../association/identity.ts';
import { intervalOf, type AssociationOptions } from '../association/options.ts';
import { systemRandomness } from '../association/randomness.ts';
import type { AssociationFigures } from '../association/association.ts';
import type { Carrier } from '../carrier/carrier.ts';
import { PortCarrier } from '../carrier/message-ports.ts';
import { Addresses } from '../codec/address-table.ts';
import type { Codec } from '../codec/codec.ts';
import { ClusterError } from '../errors/cluster-error.ts';
import {
  nodeBusyChannel,
  nodeDownChannel,
  nodeRefusedChannel,
  nodeUpChannel,
} from '../telemetry.ts';
import { Distributor } from './distributor.ts';
import type { Modules } from './modules.ts';
import { NodeMonitors } from './node-monitors.ts';
import { taskBody, taskModule } from './remote-task-body.ts';
import type { NodeRef, SignalSender } from './signal.ts';

/** What a member is made of. */
export interface MemberSettings {
  readonly name: string;
  readonly cookie: string;
  readonly takeover: boolean;
  readonly carriers: readonly Carrier[];
  readonly modules: Modules;
  readonly announceMs: number;
  readonly associations: AssociationOptions;
  /** Called when another run has taken over the name of this one. */
  readonly fenced: (by: string) => void;
}

/** Waits for a node to be connected. */
interface Waiter {
  resolve(connected: boolean): void;
}

/** Reasons after which the run of the node is not there any more. */
const isGone: ReadonlySet<DownReason> = new Set(['gone', 'no_responders', 'replaced']);

export class Member implements SignalSender, TimeoutTarget {
  readonly self: NodeIdentity;
  readonly settings: MemberSettings;
  readonly #carriers: Carrier[];
  #ports: PortCarrier | undefined = undefined;
  readonly monitors: NodeMonitors = new NodeMonitors();
  readonly distributor: Distributor;
  readonly #addresses = new Addresses();
  /** Loaded with the first way to other nodes. */
  #codec: Codec | undefined = undefined;
  readonly #endpoint: Endpoint;
  readonly #heardOf = new Map<string, NodeIdentity>();
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #ready = new Map<string, Set<() => void>>();
  #timer: Timer | undefined = undefined;
  #announcedAt = 0;
  #leave: (() => void) | undefined = undefined;
  #refusal: ClusterError | undefined = undefined;
  readonly #beforeLeaving = new Set<() => Promise<unknown>>();
  #starting = true;

  constructor(settings: MemberSettings) {
    const { name, cookie, takeover, associations } = settings;
    this.settings = settings;
    this.#carriers = [...settings.carriers];
    this.self = { name, creation: thisNode().creation, startedAt: Date.now() };
    const modules = { ...settings.modules, [taskModule]: taskBody(settings.modules) };
    this.distributor = new Distributor(this, this.#addresses, modules);
    this.#endpoint = new Endpoint(
      {
        self: this.self,
        cookie,
        takeover,
        options: associations,
        randomness: systemRandomness,
        now,
      },
      {
        transmit: (to, frame, probe) => this.#carrierOf(to)?.send(to, frame, probe),
        handOver: (to, frame, probe) => {
          const carrier = this.#carrierOf(to);
          if (carrier?.handOver !== undefined) return carrier.handOver(to, frame, probe);
          carrier?.send(to, frame, probe);
          return false;
        },
        deliver: (from, bytes, start, end) => this.#deliver(from, bytes, start, end),
        nodeUp: (node) => this.#nodeUp(node),
        nodeDown: (node, reason) => {
          if (isGone.has(reason)) this.#heardOf.delete(node.name);
          this.distributor.nodeDown(node.name);
          const event = { node: node.name, creation: node.creation, reason };
          if (nodeDownChannel.hasSubscribers) nodeDownChannel.publish(event);
          this.monitors.tell({ type: 'nodedown', node: node.name, reason });
          this.#setReady(node.name);
        },
        connectFailed: (node, reason) => this.#connectFailed(node, reason),
        busy: (node, on) => {
          nodeBusyChannel.publish({ node: node.name, busy: on });
          if (!on) this.#setReady(node.name);
        },
        refused: (reason, by) => this.#refused(reason, by),
        wantsFlush: () => queueMicrotask(() => this.#endpoint.flush()),
      },
    );
  }

  /**
   * Starts the carriers, and waits until the nodes that are there have been heard of.
   * @throws {ClusterError} when this node is refused, or a carrier cannot be started.
   */
  async start(): Promise<void> {
    this.#leave = startDistribution(this.self.name, this.distributor);
    if (this.#carriers.length > 0) await this.#loadCodec();
    let waitMs = 0;
    for (const carrier of this.#carriers) {
      try {
        waitMs = Math.max(waitMs, await carrier.start(this.self, this.#events()));
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        throw new ClusterError('carrier', `the carrier could not be started: ${words}`, {
          cause: error,
        });
      }
    }
    this.#announce();
    // Without a way to other nodes there is nothing to look after.
    if (this.#carriers.length > 0) this.onTimeout();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#starting = false;
    const refusal = this.#refusal;
    // A node with another cookie cannot keep others from starting that find their cluster.
    const isAlone = this.#endpoint.connected().length === 0;
    if (refusal !== undefined && (refusal.reason !== 'bad_cookie' || isAlone)) throw refusal;
  }

  /** Has a function run before this node leaves in order; gives what takes that back. */
  beforeLeaving(act: () => Promise<unknown>): () => void {
    this.#beforeLeaving.add(act);
    return () => this.#beforeLeaving.delete(act);
  }

  /** Waits for what is to be done before it leaves. */
  async prepareToLeave(): Promise<void> {
    await Promise.allSettled([...this.#beforeLeaving].map((act) => act()));
  }

  /** Leaves: other nodes are told, and signals from them end. */
  stop(): Array<Promise<void>> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#endpoint.stop();
    this.#leave?.();
    this.#leave = undefined;
    return this.#carriers.map((carrier) => carrier.stop());
  }

  /** The way to worker threads, made when it is needed first. */
  async ports(): Promise<PortCarrier> {
    await this.#loadCodec();
    if (this.#ports === undefined) {
      this.#ports = new PortCarrier();
      // Ports come first: what they reach is near.
      this.#carriers.unshift(this.#ports);
      await this.#ports.start(this.self, this.#events());
      if (this.#timer === undefined) this.onTimeout();
    }
    return this.#ports;
  }

  send(to: NodeRef, signal: readonly unknown[], sender: number): boolean {
    const node = this.#endpoint.known(to.name);
    if (node === undefined || this.#codec === undefined) return false;
    if (to.creation !== undefined && to.creation !== node.creation) return false;
    return this.#endpoint.send(node, this.#codec.encode(signal, node), sender);
  }

  list(): string[] {
    return this.#endpoint.connected().map(({ name }) => name);
  }

  isConnected(name: string): boolean {
    const node = this.#endpoint.known(name);
    return node !== undefined && this.#endpoint.isConnected(node);
  }

  figures(name: string): AssociationFigures | undefined {
    return this.#endpoint.figures(name);
  }

  /** Waits for a connection to a node, opening one if the node has been heard of. */
  connect(name: string, timeoutMs: number): Promise<boolean> {
    if (this.isConnected(name)) return Promise.resolve(true);
    const node = this.#heardOf.get(name);
    if (node !== undefined) this.#endpoint.connect(node);
    else this.#announce();
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(name) ?? new Set<Waiter>();
      this.#waiting.set(name, waiters);
      const timer = setTimeout(() => waiter.resolve(false), timeoutMs);
      const waiter: Waiter = {
        resolve: (connected) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          if (waiters.size === 0) this.#waiting.delete(name);
          resolve(connected);
        },
      };
      waiters.add(waiter);
    });
  }

  disconnect(name: string): boolean {
    return this.#endpoint.disconnect(name);
  }

  /** Waits until a node takes more: at once unless more than half of its window waits. */
  async ready(name: string): Promise<void> {
    if (!this.#endpoint.isBusy(name)) return;
    await new Promise<void>((resolve) => {
      const waiting = this.#ready.get(name) ?? new Set<() => void>();
      this.#ready.set(name, waiting);
      waiting.add(resolve);
    });
  }

  onTimeout(): void {
    this.#timer = arm(this, intervalOf(this.settings.associations));
    this.#endpoint.tick();
    if (now() - this.#announcedAt >= this.settings.announceMs) this.#announce();
  }

  async #loadCodec(): Promise<void> {
    const { Codec: CodecClass } = await import('../codec/codec.ts');
    this.#codec ??= new CodecClass(this.#addresses, this.settings.associations.maxSignalBytes);
  }

  #announce(): void {
    this.#announcedAt = now();
    for (const carrier of this.#carriers) carrier.announce();
  }

  #events(): Parameters<Carrier['start']>[1] {
    return {
      frame: (bytes) => detached(() => this.#endpoint.frame(bytes)),
      announced: (node) => {
        this.#heardOf.set(node.name, node);
        if (this.#waiting.has(node.name)) this.#endpoint.connect(node);
        else this.#endpoint.announced(node);
      },
      unreachable: (node) => this.#endpoint.unreachable(node),
      gone: (node, how) => {
        this.#heardOf.delete(node.name);
        this.#endpoint.gone(node, how);
      },
      up: () => {
        this.#endpoint.carrierUp();
        this.#announce();
      },
    };
  }

  #carrierOf(node: NodeIdentity): Carrier | undefined {
    return this.#carriers.find((carrier) => carrier.reaches(node));
  }

  #deliver(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    try {
      this.distributor.received(from, this.#codec?.decode(bytes, from, start, end));
    } catch (error) {
      // What cannot be read may be anything: the connection is of no use any more.
      const reason = error instanceof Error ? error.message : String(error);
      nodeRefusedChannel.publish({ node: from.name, reason });
      this.#endpoint.disconnect(from.name, 'bad_frame');
    }
  }

  #nodeUp(node: NodeIdentity): void {
    this.#heardOf.set(node.name, node);
    nodeUpChannel.publish({ node: node.name, creation: node.creation });
    for (const waiter of this.#waiting.get(node.name) ?? []) waiter.resolve(true);
    this.#waiting.delete(node.name);
    this.monitors.tell({ type: 'nodeup', node: node.name });
  }

  #connectFailed(node: NodeIdentity, reason: ConnectFailure): void {
    if (reason === 'no_responders' || reason === 'gone') this.#heardOf.delete(node.name);
    nodeRefusedChannel.publish({ node: node.name, reason });
    this.distributor.nodeDown(node.name);
  }

  #refused(reason: Refusal | 'fenced', by: NodeIdentity): void {
    nodeRefusedChannel.publish({ node: by.name, reason });
    if (reason === 'fenced') {
      detached(() => this.settings.fenced(by.name));
    } else if (this.#starting) {
      this.#refusal ??= new ClusterError(
        reason,
        `${this.self.name} was refused by ${by.name}: ${words[reason]}`,
      );
    }
  }

  #setReady(name: string): void {
    const waiting = this.#ready.get(name);
    this.#ready.delete(name);
    for (const resolve of waiting ?? []) resolve();
  }
}

const words: Readonly<Record<Refusal, string>> = {
  name_in_use: 'a living node has its name. Choose another one, or set `takeover`',
  bad_cookie: 'their cookies differ. All nodes of a cluster need the same one',
  version: 'their versions of the protocol differ',
};
