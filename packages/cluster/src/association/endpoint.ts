/**
 * This node's end of all its associations: which nodes it knows, which connections are open or being
 * opened, and what waits for one. Pure, as associations are: its owner gives it frames and the time.
 *
 * A handshake has three frames: hello, hello_ack, confirm. A node opens a connection only if it has
 * none; one that is asked for another while it has one keeps the old until the other side has proven
 * that it asks now, so that a late copy of a hello ends nothing. All states that another node can be
 * in, and what leads from one to the next, are in this one file.
 */
import { Association, type AssociationFigures } from './association.ts';
import type { DownReason } from './down-reason.ts';
import { EndedConnections } from './ended-connections.ts';
import type { ConnectFailure, EndpointEffects, EndpointSettings } from './endpoint-types.ts';
import { decodeFrame, frameType, type Frame } from './frame.ts';
import {
  decodeFence,
  decodeGreeting,
  decodeProof,
  decodeProvenGreeting,
  decodeRefusal,
  protocolVersion,
  prove,
  sameProof,
  type Greeting,
  type Refusal,
} from './greeting.ts';
import {
  confirmFrame,
  endFrame,
  fenceFrame,
  helloAckFrame,
  helloFrame,
  refuseFrame,
} from './handshake-frames.ts';
import { isSameNode, type NodeIdentity } from './identity.ts';
import { Answer, Attempt } from './opening.ts';
import { Peer } from './peer.ts';
import { randomU32 } from './randomness.ts';
import { FrameSigner } from './signing.ts';

const keyOf = ({ name, creation, startedAt }: NodeIdentity): string =>
  `${name} ${creation} ${startedAt}`;

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
  readonly #peers = new Map<string, Peer>();
  readonly #open = new Map<number, Peer>();
  readonly #ended = new EndedConnections();
  readonly #toFlush = new Set<Association>();
  /** Nodes that left or were left: to be connected to again when that is asked for, not because they are heard of. */
  readonly #forgotten = new Set<string>();
  #stopped = false;

  constructor(settings: EndpointSettings, effects: EndpointEffects) {
    this.#settings = settings;
    this.#effects = effects;
  }

  /** The nodes to which a connection is open. */
  connected(): NodeIdentity[] {
    return [...this.#peers.values()].flatMap(({ association, node }) =>
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
    if (peer.waitingBytes > this.#settings.options.windowBytes) this.#giveUp(peer, 'overload');
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
    const peer = this.#peerFor(node);
    if (!isSameNode(peer.node, node)) {
      // Another run: the one that is there must turn out to be gone first.
      if (peer.association !== undefined) {
        this.#challenge(peer, node);
        return;
      }
      this.#giveUp(peer, 'gone');
      this.connect(node);
      return;
    }
    if (peer.association !== undefined || peer.attempt !== undefined) return;
    if (peer.answer !== undefined) return;
    peer.attempt = new Attempt(node, this.#greeting(), this.#settings.now());
    this.#open.set(peer.attempt.greeting.connection, peer);
    this.#sendHello(peer.attempt);
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
    if (node.name === self.name) this.#refuse(node, 'name_in_use');
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
    if (peer.association === undefined) this.#giveUp(peer, 'gone');
    // A goodbye through the carrier is not signed, so that anyone may say it.
    else if (reason === 'bye' && peer.signer !== undefined) {
      peer.association.probe(this.#settings.now());
    } else peer.association.fail(reason);
  }

  /** The carrier works again after an interruption: what was lost is asked for at once. */
  carrierUp(): void {
    const now = this.#settings.now();
    for (const { association } of this.#peers.values()) association?.probe(now);
  }

  /** Looks at the clock; to be called every `intervalOf(options)` ms. */
  tick(): void {
    const { handshakeMs, suspectMs } = this.#settings.options;
    const now = this.#settings.now();
    for (const peer of this.#peers.values()) {
      peer.association?.tick(now);
      const { attempt, answer } = peer;
      if (attempt?.isOver(now, handshakeMs) === true) this.#giveUp(peer, 'handshake_timeout');
      else if (attempt?.isUnreachable(now, suspectMs) === true) this.#giveUp(peer, 'no_responders');
      else if (attempt?.isDue(now) === true) this.#sendHello(attempt);
      if (answer?.isOver(now, handshakeMs) === true) {
        if (peer.association === undefined) this.#giveUp(peer, 'handshake_timeout');
        else this.#dropAnswer(peer);
      } else if (answer?.isDue(now) === true) this.#sendAnswer(answer);
    }
  }

  /** Handles a frame. */
  frame(bytes: Uint8Array): void {
    if (this.#stopped) return;
    const frame = decodeFrame(bytes);
    if (frame === undefined) return;
    switch (frame.type) {
      case frameType.hello:
        this.#hello(frame);
        return;
      case frameType.helloAck:
        this.#helloAck(frame);
        return;
      case frameType.confirm:
        this.#confirmed(frame);
        return;
      case frameType.refuse:
        this.#wasRefused(frame);
        return;
      default:
        this.#connectionFrame(frame, bytes);
    }
  }

  /** Leaves in order: every connection ends, and the other nodes are told. */
  stop(): void {
    if (this.#stopped) return;
    for (const { association, node, signer } of this.#peers.values()) {
      if (association === undefined) continue;
      this.#transmitSigned(node, signer, endFrame('bye', association.remoteConnection));
      association.fail('stopped');
    }
    this.#stopped = true;
    this.#peers.clear();
    this.#open.clear();
  }

  // Handshakes ------------------------------------------------------------------

  #greeting(): Greeting {
    const { self, randomness, takeover, options } = this.#settings;
    const nonce = Buffer.from(randomness.bytes(16)).toString('hex');
    const connection = randomU32(randomness);
    const { sign } = options;
    return { version: protocolVersion, node: self, connection, nonce, takeover, sign };
  }

  #sendHello(attempt: Attempt): void {
    attempt.sentAt(this.#settings.now());
    this.#transmitTo(attempt.node, helloFrame(attempt.greeting), true);
  }

  #hello(frame: Frame): void {
    const theirs = decodeGreeting(frame.body);
    if (theirs === undefined) return;
    const { self } = this.#settings;
    const { node } = theirs;
    if (theirs.version !== protocolVersion) this.#refuse(node, 'version');
    else if (node.name === self.name) {
      if (!isSameNode(node, self)) this.#refuse(node, 'name_in_use');
    } else this.#answer(theirs);
  }

  #answer(theirs: Greeting): void {
    const { node } = theirs;
    const { self } = this.#settings;
    const peer = this.#peerFor(node);
    if (!isSameNode(peer.node, node)) {
      if (peer.association === undefined) {
        this.#giveUp(peer, 'gone');
        this.#answer(theirs);
        return;
      }
      if (!theirs.takeover) {
        this.#compete(peer, node);
        return;
      }
    }
    // Of two that open at the same time, the one with the lesser name goes on.
    if (peer.attempt !== undefined && self.name < node.name) return;
    if (peer.answer?.theirs.connection !== theirs.connection) {
      this.#dropAnswer(peer);
      peer.answer = new Answer(theirs, this.#greeting(), this.#settings.now());
      this.#open.set(peer.answer.greeting.connection, peer);
    }
    this.#dropAttempt(peer);
    this.#sendAnswer(peer.answer);
  }

  #sendAnswer(answer: Answer): void {
    answer.sentAt(this.#settings.now());
    this.#transmitTo(answer.theirs.node, helloAckFrame(this.#settings.cookie, answer), true);
  }

  #helloAck({ connection, body }: Frame): void {
    const peer = this.#open.get(connection);
    if (peer?.association?.localConnection === connection) {
      // The confirm was lost.
      if (peer.confirm !== undefined) this.#transmitTo(peer.node, peer.confirm);
      return;
    }
    const attempt = peer?.attempt;
    if (peer === undefined || attempt?.greeting.connection !== connection) return;
    const theirs = decodeProvenGreeting(body);
    if (theirs === undefined || !isSameNode(theirs.node, peer.node)) return;
    const { cookie } = this.#settings;
    if (!sameProof(theirs.proof, prove(cookie, 'answerer', attempt.greeting, theirs))) {
      this.#giveUp(peer, 'bad_cookie');
      this.#refuse(theirs.node, 'bad_cookie');
      this.#effects.refused('bad_cookie', theirs.node);
      return;
    }
    peer.attempt = undefined;
    peer.confirm = confirmFrame(cookie, attempt.greeting, theirs);
    this.#transmitTo(peer.node, peer.confirm);
    const signer = this.#signerOf('opener', attempt.greeting, theirs);
    this.#establish(peer, connection, theirs.connection, signer);
  }

  #confirmed({ connection, body }: Frame): void {
    const peer = this.#open.get(connection);
    const answer = peer?.answer;
    if (peer === undefined || answer?.greeting.connection !== connection) return;
    const proof = decodeProof(body);
    const expected = prove(this.#settings.cookie, 'opener', answer.theirs, answer.greeting);
    if (proof === undefined || !sameProof(proof, expected)) {
      this.#dropAnswer(peer);
      this.#refuse(answer.theirs.node, 'bad_cookie');
      return;
    }
    const opened = this.#makeRoom(peer, answer);
    const signer = this.#signerOf('answerer', answer.theirs, answer.greeting);
    this.#establish(opened, connection, answer.theirs.connection, signer);
  }

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
    const successor = this.#peerFor(node);
    this.#open.set(answer.greeting.connection, successor);
    return successor;
  }

  #signerOf(
    role: 'opener' | 'answerer',
    opener: Greeting,
    answerer: Greeting,
  ): FrameSigner | undefined {
    if (!opener.sign && !answerer.sign) return undefined;
    return new FrameSigner(this.#settings.cookie, role, opener, answerer);
  }

  #establish(peer: Peer, local: number, remote: number, signer: FrameSigner | undefined): void {
    const { options, now } = this.#settings;
    const association: Association = new Association(
      local,
      remote,
      options,
      {
        transmit: (frame, probe) => this.#transmitSigned(peer.node, signer, frame, probe),
        deliver: (signal) => this.#effects.deliver(peer.node, signal),
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
    this.#open.delete(localConnection);
    this.#ended.add(localConnection, { node, remote: remoteConnection, signer });
    peer.association = undefined;
    peer.signer = undefined;
    peer.confirm = undefined;
    if (!endsInSilence.has(reason)) {
      const type = reason === 'disconnected' ? 'bye' : 'reset';
      this.#transmitSigned(node, signer, endFrame(type, remoteConnection));
    }
    if (reason === 'bye' || reason === 'disconnected') this.#forgotten.add(keyOf(peer.node));
    if (peer.answer === undefined) this.#peers.delete(peer.node.name);
    this.#effects.nodeDown(peer.node, reason);
    // The other node has given up this connection, and is there: a new one can be opened.
    if (reason === 'connection_reset' && peer.answer === undefined) this.connect(peer.node);
    else if (reason === 'replaced' && peer.challenger !== undefined) this.connect(peer.challenger);
  }

  #connectionFrame(frame: Frame, bytes: Uint8Array): void {
    const peer = this.#open.get(frame.connection);
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
    const ended = this.#ended.get(frame.connection);
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
      this.#refuse(newcomer, 'name_in_use');
    }
  }

  #challenge(peer: Peer, challenger: NodeIdentity): void {
    const now = this.#settings.now();
    peer.challenger = challenger;
    peer.challengedAt ??= now;
    peer.association?.probe(now);
  }

  #refuse(node: NodeIdentity, reason: Refusal): void {
    this.#transmitTo(node, refuseFrame(reason, this.#settings.self));
  }

  #wasRefused({ body }: Frame): void {
    const refusal = decodeRefusal(body);
    if (refusal === undefined) return;
    const peer = this.#peers.get(refusal.by.name);
    if (peer?.attempt !== undefined) this.#giveUp(peer, refusal.reason);
    this.#effects.refused(refusal.reason, refusal.by);
  }

  #fenced({ body }: Frame): void {
    const by = decodeFence(body);
    if (by !== undefined) this.#effects.refused('fenced', by);
  }

  // Tables --------------------------------------------------------------------------

  #peerFor(node: NodeIdentity): Peer {
    let peer = this.#peers.get(node.name);
    if (peer === undefined) {
      peer = new Peer(node);
      this.#peers.set(node.name, peer);
    }
    return peer;
  }

  /** Forgets a node to which no connection is open, with what waited for one. */
  #giveUp(peer: Peer, reason: ConnectFailure): void {
    this.#dropAttempt(peer);
    this.#dropAnswer(peer);
    peer.takeWaiting();
    if (peer.association !== undefined) return;
    this.#peers.delete(peer.node.name);
    this.#effects.connectFailed(peer.node, reason);
  }

  #dropAttempt(peer: Peer): void {
    if (peer.attempt === undefined) return;
    this.#open.delete(peer.attempt.greeting.connection);
    peer.attempt = undefined;
  }

  #dropAnswer(peer: Peer): void {
    const { answer } = peer;
    if (answer === undefined) return;
    const { theirs, greeting } = answer;
    this.#open.delete(greeting.connection);
    // The other node may have been told that it is open.
    this.#ended.add(greeting.connection, {
      node: theirs.node,
      remote: theirs.connection,
      signer: this.#signerOf('answerer', theirs, greeting),
    });
    peer.answer = undefined;
  }

  #flushLater(association: Association): void {
    if (this.#toFlush.size === 0) this.#effects.wantsFlush();
    this.#toFlush.add(association);
  }

  #transmitTo(node: NodeIdentity, frame: Uint8Array, probe = false): void {
    this.#effects.transmit(node, frame, probe);
  }

  /** Sends a frame of a connection. */
  #transmitSigned(
    node: NodeIdentity,
    signer: FrameSigner | undefined,
    frame: Uint8Array,
    probe = false,
  ): void {
    this.#transmitTo(node, signer?.sign(frame) ?? frame, probe);
  }
}
