/**
 * A world of nodes on a carrier that loses, doubles, reorders and delays frames, cuts pairs of nodes
 * off, and says wrongly or rightly that a node is not there; nodes freeze and are restarted. Time is
 * simulated, and all chance comes from one seed.
 */
import type { DownReason, NodeIdentity, AssociationOptions } from '../../src/index.ts';
import { decodeFrame } from '../../src/association/frame.ts';
import { Endpoint } from '../../src/association/endpoint.ts';
import { associationDefaults, intervalOf } from '../../src/association/options.ts';

/** Random numbers from a seed: mulberry32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}

/** What the carrier does to frames. */
export interface Faults {
  readonly drop: number;
  readonly duplicate: number;
  /** Chance that a frame is delayed by up to `delayMs`, and so overtaken. */
  readonly reorder: number;
  readonly delayMs: number;
}

export const noFaults: Faults = { drop: 0, duplicate: 0, reorder: 0, delayMs: 0 };

/** What a node saw of another one. */
export type Seen =
  | { readonly type: 'up'; readonly node: NodeIdentity }
  | { readonly type: 'down'; readonly node: NodeIdentity; readonly reason: DownReason }
  | {
      readonly type: 'signal';
      readonly from: NodeIdentity;
      readonly value: number;
      /** The process there that has sent it. */
      readonly sender: number;
    };

export interface SimulatedNode {
  readonly identity: NodeIdentity;
  readonly endpoint: Endpoint;
  readonly seen: Seen[];
  readonly refusals: string[];
  frozen: boolean;
  readonly inbox: Uint8Array[];
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class World {
  readonly dice: Dice;
  readonly nodes = new Map<string, SimulatedNode>();
  readonly options: AssociationOptions;
  readonly #cookies = new Map<string, string>();
  readonly #cuts = new Set<string>();
  #events: Event[] = [];
  #order = 0;
  now = 0;
  faults: Faults = noFaults;
  /** Frames that were given to the carrier. */
  transmitted = 0;
  transmittedBytes = 0;
  /** Whether frames are taken with their buffers, as by a carrier that loses none. */
  takesFrames = false;
  /** Sees each frame that is given to the carrier. */
  overhear: ((to: NodeIdentity, frame: Uint8Array) => void) | undefined = undefined;

  constructor(seed: number, options: Partial<AssociationOptions> = {}) {
    this.dice = new Dice(seed);
    this.options = { ...associationDefaults, ...options };
  }

  start(
    name: string,
    { cookie = 'secret', takeover = false, sign = this.options.sign, startedAt = this.now } = {},
  ): SimulatedNode {
    const identity = { name, creation: 1 + this.dice.below(2 ** 31), startedAt };
    const seen: Seen[] = [];
    const refusals: string[] = [];
    const endpoint: Endpoint = new Endpoint(
      {
        self: identity,
        cookie,
        takeover,
        options: { ...this.options, sign },
        randomness: this.dice,
        now: () => this.now,
      },
      {
        transmit: (to, frame, probe) => this.#carry(identity, to, frame, probe),
        handOver: (to, frame, probe) => {
          const taken = this.takesFrames
            ? structuredClone(frame, { transfer: [frame.buffer] })
            : frame;
          this.#carry(identity, to, taken, probe);
          return this.takesFrames;
        },
        deliver: (from, bytes, start, end) => {
          const signal = bytes.subarray(start, end);
          seen.push({ type: 'signal', from, ...contentOf(signal) });
        },
        nodeUp: (node) => seen.push({ type: 'up', node }),
        nodeDown: (node, reason) => seen.push({ type: 'down', node, reason }),
        connectFailed: () => {},
        busy: () => {},
        refused: (reason) => refusals.push(reason),
        wantsFlush: () => this.at(0, () => endpoint.flush()),
      },
    );
    const node: SimulatedNode = { identity, endpoint, seen, refusals, frozen: false, inbox: [] };
    this.nodes.set(this.#address(identity), node);
    this.#cookies.set(name, cookie);
    const look = (): void => {
      if (this.nodes.get(this.#address(identity)) !== node) return;
      if (!node.frozen) endpoint.tick();
      this.at(intervalOf(this.options), look);
    };
    this.at(intervalOf(this.options), look);
    return node;
  }

  /** As kill -9: the node is gone, and tells no other. */
  kill(node: SimulatedNode): void {
    this.nodes.delete(this.#address(node.identity));
  }

  thaw(node: SimulatedNode): void {
    node.frozen = false;
    for (const frame of node.inbox.splice(0)) node.endpoint.frame(frame);
  }

  /** Tells every node of a node, as the carrier's announcements do. */
  announce(node: SimulatedNode): void {
    for (const other of this.nodes.values()) {
      if (other === node || other.frozen) continue;
      if (!this.#isCut(other.identity.name, node.identity.name)) {
        other.endpoint.announced(node.identity);
      }
    }
  }

  cut(a: string, b: string): void {
    this.#cuts.add(`${a} ${b}`).add(`${b} ${a}`);
  }

  healAll(): void {
    this.#cuts.clear();
  }

  at(delay: number, run: () => void): void {
    const event = { at: this.now + delay, order: this.#order++, run };
    // A binary heap would be faster; the events of one run are few at a time.
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other !== undefined && isLater(other, event)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const event = this.#events.at(-1);
      if (event === undefined || event.at > end) break;
      this.#events.pop();
      this.now = event.at;
      event.run();
    }
    this.now = end;
  }

  #carry(from: NodeIdentity, to: NodeIdentity, frame: Uint8Array, probe: boolean): void {
    this.transmitted++;
    this.transmittedBytes += frame.length;
    this.overhear?.(to, frame);
    const isHandshake = (decodeFrame(frame)?.type ?? 0) <= 3;
    const { drop, duplicate, reorder, delayMs } = this.faults;
    if (this.#isCut(from.name, to.name)) return;
    if (probe && !this.nodes.has(this.#address(to))) {
      const sender = this.nodes.get(this.#address(from));
      this.at(1, () => sender?.endpoint.unreachable(to));
      return;
    }
    if (this.dice.chance(drop)) return;
    const copies = this.dice.chance(duplicate) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const late = this.dice.chance(isHandshake ? reorder / 2 : reorder);
      this.at(1 + (late ? this.dice.next() * delayMs : 0), () => this.#arrive(from, to, frame));
    }
  }

  #arrive(from: NodeIdentity, to: NodeIdentity, frame: Uint8Array): void {
    const node = this.nodes.get(this.#address(to));
    if (node === undefined || this.#isCut(from.name, to.name)) return;
    if (node.frozen) node.inbox.push(frame);
    else node.endpoint.frame(frame);
  }

  #isCut(a: string, b: string): boolean {
    return this.#cuts.has(`${a} ${b}`);
  }

  #address({ name, creation }: NodeIdentity): string {
    return `${name} ${creation}`;
  }
}

const isLater = (a: Event, b: Event): boolean =>
  a.at > b.at || (a.at === b.at && a.order > b.order);

/** Bytes of the shortest signal. */
const shortest = 13;

/** A signal that is a number and the process that sends it, as long as wanted. */
export function signalOf(value: number, length = shortest, sender = 0): Uint8Array {
  const bytes = new Uint8Array(Math.max(shortest, length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, value);
  view.setUint32(4, sender);
  view.setUint32(8, bytes.length);
  bytes[bytes.length - 1] = value;
  return bytes;
}

/** What such a signal says; it must have arrived whole. */
function contentOf(signal: Uint8Array): { readonly value: number; readonly sender: number } {
  const view = new DataView(signal.buffer, signal.byteOffset, signal.length);
  const value = view.getUint32(0);
  if (view.getUint32(8) !== signal.length || signal.at(-1) !== (value & 0xff)) {
    throw new Error(`signal ${value} has not arrived whole`);
  }
  return { value, sender: view.getUint32(4) };
}
