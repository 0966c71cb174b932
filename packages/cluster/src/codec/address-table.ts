/**
 * What nodes name each other by numbers: one object for each, for as long as anything holds it, since
 * addresses are compared by identity.
 */
import { Alias, Pid } from '@linnet/otp';
import { isLocal, keepAlias, localPid, thisNode } from '@linnet/otp/distribution';

/** The other node of a signal, whose addresses are written as a number. */
export interface CodecPeer {
  readonly name: string;
  readonly creation: number;
}

/** Something of one run of a node. */
interface Address {
  readonly node: string;
  readonly creation: number;
  readonly id: number;
}

/** One of the sender is a number, one of the receiver `[id]`, any other one `[id, node, creation]`. */
type Written = number | readonly [id: number, node?: string, creation?: number];

/** Addresses of one kind: those of other nodes, and those of this node that others have. */
abstract class AddressTable<A extends Address> {
  /** What they are, for errors. */
  protected abstract readonly kind: string;
  readonly #make: (node: string, creation: number, id: number) => A;
  /** Those of other nodes, by its name and its run. */
  readonly #byNode = new Map<string, Map<number, Map<number, WeakRef<A>>>>();
  readonly #local = new Map<number, WeakRef<A>>();
  readonly #registry = new FinalizationRegistry<Address>(({ node, creation, id }) => {
    const runs = this.#byNode.get(node);
    const addresses = runs?.get(creation);
    // Another object may have taken the place of the collected one.
    if (addresses?.get(id)?.deref() !== undefined) return;
    addresses?.delete(id);
    if (addresses?.size === 0) runs?.delete(creation);
    if (runs?.size === 0) this.#byNode.delete(node);
  });

  readonly #localRegistry = new FinalizationRegistry<number>((id) => this.#local.delete(id));

  constructor(make: (node: string, creation: number, id: number) => A) {
    this.#make = make;
  }

  /** One of this node goes to another one, and may come back. */
  keepLocal(address: A): void {
    if (this.#local.has(address.id)) return;
    this.#local.set(address.id, new WeakRef(address));
    this.#localRegistry.register(address, address.id);
  }

  /** The one with these parts. */
  get(node: string, creation: number, id: number): A {
    const self = thisNode();
    if (node === self.name && creation === self.creation) {
      const local = this.local(id);
      if (local !== undefined) return local;
    }
    const kept = this.#byNode.get(node)?.get(creation)?.get(id)?.deref();
    if (kept !== undefined) return kept;
    const address = this.#make(node, creation, id);
    this.#keep(address);
    return address;
  }

  /** One of this node, if it is held anywhere. */
  local(id: number): A | undefined {
    return this.#local.get(id)?.deref();
  }

  /** One as it goes to a node. */
  written(address: A, peer: CodecPeer): Written {
    const { node, creation, id } = address;
    if (isLocal(address)) {
      this.keepLocal(address);
      return id;
    }
    return node === peer.name && creation === peer.creation ? [id] : [id, node, creation];
  }

  /**
   * One as it came from a node.
   * @throws {TypeError} for what is none.
   */
  read(datum: unknown, peer: CodecPeer): A {
    if (typeof datum === 'number') return this.get(peer.name, peer.creation, datum);
    if (Array.isArray(datum)) {
      const [id, node, creation] = datum as readonly unknown[];
      const self = thisNode();
      if (typeof id === 'number' && node === undefined) {
        return this.get(self.name, self.creation, id);
      }
      if (typeof id === 'number' && typeof node === 'string' && typeof creation === 'number') {
        return this.get(node, creation, id);
      }
    }
    throw new TypeError(`${this.kind} that cannot be read`);
  }

  #keep(address: A): void {
    const { node, creation, id } = address;
    const runs = this.#byNode.get(node) ?? new Map<number, Map<number, WeakRef<A>>>();
    const addresses = runs.get(creation) ?? new Map<number, WeakRef<A>>();
    this.#byNode.set(node, runs.set(creation, addresses.set(id, new WeakRef(address))));
    this.#registry.register(address, { node, creation, id });
  }
}

/** Pids, of which one of this node may come back when its process is dead. */
class PidTable extends AddressTable<Pid> {
  protected readonly kind = 'a pid';

  constructor() {
    super((node, creation, id) => new Pid(node, creation, id));
  }

  override local(id: number): Pid | undefined {
    return localPid(id) ?? super.local(id);
  }
}

/** Aliases, of which one of this node is kept for others for as long as it is active. */
class AliasTable extends AddressTable<Alias> {
  protected readonly kind = 'an alias';

  constructor() {
    super((node, creation, id) => new Alias(node, creation, id));
  }

  override keepLocal(alias: Alias): void {
    keepAlias(alias);
    super.keepLocal(alias);
  }
}

/** The addresses that a node and others have of each other. */
export class Addresses {
  readonly pids: PidTable = new PidTable();
  readonly aliases: AliasTable = new AliasTable();
}

/** The name of the node of a pid: a local pid may have been made before this node had one. */
export const nodeOf = (pid: Pid): string => (isLocal(pid) ? thisNode().name : pid.node);
