/**
 * This node's end of all its associations: which nodes it knows, to which of them a connection is open,
 * and what waits for one. Pure, as associations are: its owner gives it frames and the time.
 *
 * A node opens a connection only if it has none; one that is asked for another while it has one keeps the
 * old until the other side has proven that it asks now, so that a late copy of a hello ends nothing. Of
 * two runs of one name, the second takes the place of the first if that does not answer any more.
 */
import { Association, type AssociationFigures } from './association.ts';
import type { DownReason } from './down-reason.ts';
import type { EndpointEffects, EndpointSettings } from './endpoint-types.ts';
import { decodeFrame, frameType, type Frame } from './frame.ts';
import { decodeFence } from './greeting.ts';
import { endFrame, fenceFrame } from './handshake-frames.ts';
import { Handshakes, type Opened } from './handshakes.ts';
import { isSameNode, type NodeIdentity } from './identity.ts';
import type { Answer } from './opening.ts';
import { PeerTable } from './peer-table.ts';
import type { Peer } from './peer.ts';
import type { FrameSigner } from './signing.ts';

const keyOf = ({ name, creation, startedAt }: NodeIdentity): string =>
  `${name} ${creation} ${startedAt}`;

/** Nodes that left, as many as are remembered. */
const mostForgotten = 1024;

/** The other node knows already, or is told in another way, or is not there. */
const endsInSilence: ReadonlySet<DownReason> = new Set([
  'connection_reset',
  'bye',
  'gone',
  'replaced',
  'stopped',
]);

export class Endpoint {
  readonly #settings: EndpointSettings;
  readonly #effects: EndpointEffects;
  readonly #peers = new PeerTable();
  readonly #handshakes: Handshakes;
  readonly #toFlush = new Set<Association>();
  /** Nodes that left or were left: to be connected to again when that is asked for, not because they are heard of. */
  readonly #forgotten = new Set<string>();
  #stopped = false;

  constructor(settings: EndpointSettings, effects: EndpointEffects) {
    this.#settings = settings;
    this.#effects = effects;
    this.#handshakes = new Handshakes(settings, this.#peers, {
      transmit: (to, frame, probe) => effects.transmit(to, frame, probe),
      opened: (peer, connection) => this.#establish(peer, connection),
      failed: (node, reason) => effects.connectFailed(node, reason),
      refused: (reason, by) => effects.refused(reason, by),
      competes: (peer, newcomer) => this.#compete(peer, newcomer),
      makeRoom: (peer, answer) => this.#makeRoom(peer, answer),
    });
  }

  /** The nodes to which a connection is open. */
  connected(): NodeIdentity[] {
    return [...this.#peers.all()].flatMap(({ association, node }) =>
      association === undefined ? [] : [node],
    );
  }

  /** The node of this name, connected or not. */
  known(name: string): NodeIdentity | undefined {
    return this.#peers.get(name)?.node;
  }

  isConnected(node: NodeIdentity): boolean {
    const peer = this.#peers.get(node.name);
    return peer?.association !== undefined && isSameNode(peer.node, node);
  }

  isBusy(name: string): boolean {
    return this.#peers.get(name)?.association?.busy ?? false;
  }

  figures(name: string): AssociationFigures | undefined {
    return this.#peers.get(name)?.association?.figures();
  }

  /**
   * Sends a signal over the connection to a node, or over the one that is being opened to it.
   * False when the node is not known, or another run has its name by now.
   * @param sender The process from which it comes: the signals of each arrive in their order.
   */
  send(
    node: { readonly name: string; readonly creation?: number },
    signal: Uint8Array,
    sender = 0,
  ): boolean {
    const peer = this.#peers.get(node.name);
    if (peer === undefined || this.#stopped) return false;
    if (node.creation !== undefined && node.creation !== peer.node.creation) return false;
    const { association } = peer;
    if (association !== undefined) {
      association.send(signal, sender);
      this.#flushLater(association);
      return true;
    }
    peer.wait(signal, sender);
    if (peer.waitingBytes > this.#settings.options.windowBytes)
      this.#handshakes.giveUp(peer, 'overload');
    return true;
  }

  /** Sends all that was taken since the last time. */
  flush(): void {
    const now = this.#settings.now();
    for (const association of this.#toFlush) association.flush(now);
    this.#toFlush.clear();
  }

  /** Opens a connection to a node, unless there is one. */
  connect(node: NodeIdentity): void {
    this.#forgotten.delete(keyOf(node));
    if (this.#stopped || node.name === this.#settings.self.name) return;
    const peer = this.#peers.obtain(node);
    if (!isSameNode(peer.node, node)) {
      // Another run: the one that is there must turn out to be gone first.
      if (peer.association !== undefined) {
        this.#challenge(peer, node);
        return;
      }
      this.#handshakes.giveUp(peer, 'gone');
      this.connect(node);
      return;
    }
    this.#handshakes.open(peer);
  }

  /** Ends the connection to a node. */
  disconnect(name: string, reason: DownReason = 'disconnected'): boolean {
    const association = this.#peers.get(name)?.association;
    association?.fail(reason);
    return association !== undefined;
  }

  /** The carrier has heard of a node. */
  announced(node: NodeIdentity): void {
    const { self } = this.#settings;
    if (isSameNode(node, self)) return;
    if (node.name === self.name) this.#handshakes.refuse(node, 'name_in_use');
    else if (!this.#forgotten.has(keyOf(node))) this.connect(node);
  }

  /** The carrier says that a node was not there when a probe arrived. */
  unreachable(node: NodeIdentity): void {
    const peer = this.#peers.get(node.name);
    if (peer === undefined || !isSameNode(peer.node, node)) return;
    const { association, challengedAt } = peer;
    const now = this.#settings.now();
    if (challengedAt !== undefined && association?.heardSince(challengedAt) === false) {
      association.fail('replaced');
    } else association?.unreachable(now);
    peer.attempt?.unreachable(now);
  }

  /** A node has left, or is gone for certain. */
  gone(node: NodeIdentity, reason: 'bye' | 'gone'): void {
    const peer = this.#peers.get(node.name);
    if (peer === undefined || !isSameNode(peer.node, node)) return;
    if (peer.association === undefined) this.#handshakes.giveUp(peer, 'gone');
    // A goodbye through the carrier is not signed, so that anyone may say it.
    else if (reason === 'bye' && peer.signer !== undefined) {
      peer.association.probe(this.#settings.now());
    } else peer.association.fail(reason);
  }

  /** The carrier works again after an interruption: what was lost is asked for at once. */
  carrierUp(): void {
    const now = this.#settings.now();
    for (const { association } of this.#peers.all()) association?.probe(now);
  }

  /** Looks at the clock; to be called every `intervalOf(options)` ms. */
  tick(): void {
    const now = this.#settings.now();
    for (const peer of this.#peers.all()) {
      peer.association?.tick(now);
      this.#handshakes.tick(peer, now);
    }
  }

  /** Handles a frame. */
  frame(bytes: Uint8Array): void {
    if (this.#stopped) return;
    const frame = decodeFrame(bytes);
    if (frame === undefined) return;
    switch (frame.type) {
      case frameType.hello:
        this.#handshakes.hello(frame);
        return;
      case frameType.helloAck:
        this.#handshakes.helloAck(frame);
        return;
      case frameType.confirm:
        this.#handshakes.confirmed(frame);
        return;
      case frameType.refuse:
        this.#handshakes.wasRefused(frame);
        return;
      default:
        this.#connectionFrame(frame, bytes);
    }
  }

  /** Leaves in order: every connection ends, and the other nodes are told. */
  stop(): void {
    if (this.#stopped) return;
    for (const { association, node, signer } of this.#peers.all()) {
      if (association === undefined) continue;
      this.#transmitSigned(node, signer, endFrame('bye', association.remoteConnection));
      association.fail('stopped');
    }
    this.#stopped = true;
    this.#peers.clear();
  }

  // Connections ------------------------------------------------------------------

  /** Ends the connection that a new one, which is proven now, takes the place of. */
  #makeRoom(peer: Peer, answer: Answer): Peer {
    const { node } = answer.theirs;
    if (isSameNode(peer.node, node)) {
      // Before the answer is forgotten: the node is not to be connected to in any other way.
      peer.association?.fail('connection_reset');
      peer.answer = undefined;
      return peer;
    }
    peer.answer = peer.challenger = undefined;
    if (peer.association !== undefined) {
      const fence = fenceFrame(peer.association.remoteConnection, node);
      this.#transmitSigned(peer.node, peer.signer, fence);
      peer.association.fail('replaced');
    }
    const successor = this.#peers.obtain(node);
    this.#peers.setConnection(answer.greeting.connection, successor);
    return successor;
  }

  #establish(peer: Peer, { local, remote, signer }: Opened): void {
    const { options, now } = this.#settings;
    const association: Association = new Association(
      local,
      remote,
      options,
      {
        transmit: (frame, probe) => this.#transmitSigned(peer.node, signer, frame, probe),
        handOver: (frame, probe) =>
          this.#effects.handOver(peer.node, signer?.sign(frame) ?? frame, probe),
        deliver: (bytes, start, end) => this.#effects.deliver(peer.node, bytes, start, end),
        failed: (reason) => this.#associationFailed(peer, association, reason),
        busy: (on) => this.#effects.busy(peer.node, on),
      },
      now(),
    );
    const waiting = peer.takeWaiting();
    peer.association = association;
    peer.signer = signer;
    peer.challengedAt = undefined;
    this.#effects.nodeUp(peer.node);
    for (const { signal, sender } of waiting) association.send(signal, sender);
    if (waiting.length > 0) this.#flushLater(association);
  }

  #associationFailed(peer: Peer, association: Association, reason: DownReason): void {
    const { localConnection, remoteConnection } = association;
    const { node, signer } = peer;
    this.#peers.deleteConnection(localConnection, { node, remote: remoteConnection, signer });
    peer.association = undefined;
    peer.signer = undefined;
    peer.confirm = undefined;
    if (!endsInSilence.has(reason)) {
      const type = reason === 'disconnected' ? 'bye' : 'reset';
      this.#transmitSigned(node, signer, endFrame(type, remoteConnection));
    }
    if (reason === 'bye' || reason === 'disconnected') this.#forget(peer.node);
    if (peer.answer === undefined) this.#peers.delete(peer);
    this.#effects.nodeDown(peer.node, reason);
    // The other node has given up this connection, and is there: a new one can be opened.
    if (reason === 'connection_reset' && peer.answer === undefined) this.connect(peer.node);
    else if (reason === 'replaced' && peer.challenger !== undefined) this.connect(peer.challenger);
  }

  #forget(node: NodeIdentity): void {
    this.#forgotten.add(keyOf(node));
    if (this.#forgotten.size <= mostForgotten) return;
    const [oldest] = this.#forgotten;
    if (oldest !== undefined) this.#forgotten.delete(oldest);
  }

  #connectionFrame(frame: Frame, bytes: Uint8Array): void {
    const peer = this.#peers.connectedBy(frame.connection);
    const association = peer?.association;
    if (association?.localConnection === frame.connection) {
      const verified = peer?.signer?.verify(bytes);
      if (verified === 'seen') return;
      // Only who has seen frames of the connection knows its number: what follows cannot be trusted.
      if (verified === 'forged') association.fail('bad_signature');
      else this.#received(association, verified === undefined ? frame : decodeFrame(verified));
      return;
    }
    // It goes on with a connection that is over for this node.
    const ended = this.#peers.ended(frame.connection);
    if (ended === undefined || frame.type === frameType.reset || frame.type === frameType.bye) {
      return;
    }
    this.#transmitSigned(ended.node, ended.signer, endFrame('reset', ended.remote));
  }

  #received(association: Association, frame: Frame | undefined): void {
    if (frame === undefined) association.fail('bad_frame');
    else if (frame.type === frameType.fence) this.#fenced(frame);
    else association.receive(frame, this.#settings.now());
  }

  // Runs of one name --------------------------------------------------------------

  /** A newcomer takes the place of the run that is connected only if that one does not answer. */
  #compete(peer: Peer, newcomer: NodeIdentity): void {
    if (peer.challengedAt === undefined) this.#challenge(peer, newcomer);
    else if (peer.association?.heardSince(peer.challengedAt) === true) {
      peer.challengedAt = undefined;
      this.#handshakes.refuse(newcomer, 'name_in_use');
    }
  }

  #challenge(peer: Peer, challenger: NodeIdentity): void {
    const now = this.#settings.now();
    peer.challenger = challenger;
    peer.challengedAt ??= now;
    peer.association?.probe(now);
  }

  #fenced({ body }: Frame): void {
    const by = decodeFence(body);
    if (by !== undefined) this.#effects.refused('fenced', by);
  }

  #flushLater(association: Association): void {
    if (this.#toFlush.size === 0) this.#effects.wantsFlush();
    this.#toFlush.add(association);
  }

  /** Sends a frame of a connection. */
  #transmitSigned(
    node: NodeIdentity,
    signer: FrameSigner | undefined,
    frame: Uint8Array,
    probe = false,
  ): void {
    this.#effects.transmit(node, signer?.sign(frame) ?? frame, probe);
  }
}
