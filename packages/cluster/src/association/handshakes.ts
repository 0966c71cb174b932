/**
 * How connections are opened: hello, hello_ack, confirm. Both sides prove that they know the cookie before
 * anything else is taken from them. What is lost on the way is sent again until `handshakeMs` are over.
 */
import type { ConnectFailure, EndpointSettings } from './endpoint-types.ts';
import type { Frame } from './frame.ts';
import {
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
import { confirmFrame, helloAckFrame, helloFrame, refuseFrame } from './handshake-frames.ts';
import { isSameNode, type NodeIdentity } from './identity.ts';
import { Answer, Attempt } from './opening.ts';
import type { PeerTable } from './peer-table.ts';
import type { Peer } from './peer.ts';
import { randomU32 } from './randomness.ts';
import { FrameSigner } from './signing.ts';

/** A connection that both sides have proven. */
export interface Opened {
  /** This node's number of it, and the other one's. */
  readonly local: number;
  readonly remote: number;
  /** That of its frames, if they are signed. */
  readonly signer: FrameSigner | undefined;
}

/** What handshakes do to the rest of their endpoint. */
export interface HandshakeEffects {
  transmit(to: NodeIdentity, frame: Uint8Array, probe: boolean): void;
  opened(peer: Peer, connection: Opened): void;
  /** No connection could be opened, and what waited for one is gone. */
  failed(node: NodeIdentity, reason: ConnectFailure): void;
  /** Another node does not take this one. */
  refused(reason: Refusal, by: NodeIdentity): void;
  /** A run asks for a connection whose name another one has, to which a connection is open. */
  competes(peer: Peer, newcomer: NodeIdentity): void;
  /** Ends the connection that a new one, which is proven now, takes the place of; whose it is. */
  makeRoom(peer: Peer, answer: Answer): Peer;
}

export class Handshakes {
  readonly #settings: EndpointSettings;
  readonly #peers: PeerTable;
  readonly #effects: HandshakeEffects;

  constructor(settings: EndpointSettings, peers: PeerTable, effects: HandshakeEffects) {
    this.#settings = settings;
    this.#peers = peers;
    this.#effects = effects;
  }

  /** Opens a connection, unless there is one, or one that is being opened. */
  open(peer: Peer): void {
    if (peer.association !== undefined || peer.attempt !== undefined) return;
    if (peer.answer !== undefined) return;
    peer.attempt = new Attempt(peer.node, this.#greeting(), this.#settings.now());
    this.#peers.setConnection(peer.attempt.greeting.connection, peer);
    this.#sendHello(peer.attempt);
  }

  /** Looks at the clock. */
  tick(peer: Peer, now: number): void {
    const { handshakeMs, suspectMs } = this.#settings.options;
    const { attempt, answer } = peer;
    if (attempt?.isOver(now, handshakeMs) === true) this.giveUp(peer, 'handshake_timeout');
    else if (attempt?.isUnreachable(now, suspectMs) === true) this.giveUp(peer, 'no_responders');
    else if (attempt?.isDue(now) === true) this.#sendHello(attempt);
    if (answer?.isOver(now, handshakeMs) === true) {
      if (peer.association === undefined) this.giveUp(peer, 'handshake_timeout');
      else this.#dropAnswer(peer);
    } else if (answer?.isDue(now) === true) this.#sendAnswer(answer);
  }

  /** Forgets a node to which no connection is open, with what waited for one. */
  giveUp(peer: Peer, reason: ConnectFailure): void {
    this.#dropAttempt(peer);
    this.#dropAnswer(peer);
    peer.takeWaiting();
    if (peer.association !== undefined) return;
    this.#peers.delete(peer);
    this.#effects.failed(peer.node, reason);
  }

  refuse(node: NodeIdentity, reason: Refusal): void {
    this.#transmit(node, refuseFrame(reason, this.#settings.self));
  }

  /** Another node asks for a connection. */
  hello({ body }: Frame): void {
    const theirs = decodeGreeting(body);
    if (theirs === undefined) return;
    const { self } = this.#settings;
    const { node } = theirs;
    if (theirs.version !== protocolVersion) this.refuse(node, 'version');
    else if (node.name === self.name) {
      if (!isSameNode(node, self)) this.refuse(node, 'name_in_use');
    } else this.#answer(theirs);
  }

  /** The other node has answered. */
  helloAck({ connection, body }: Frame): void {
    const peer = this.#peers.connectedBy(connection);
    if (peer?.association?.localConnection === connection) {
      // The confirm was lost.
      if (peer.confirm !== undefined) this.#transmit(peer.node, peer.confirm);
      return;
    }
    const attempt = peer?.attempt;
    if (peer === undefined || attempt?.greeting.connection !== connection) return;
    const theirs = decodeProvenGreeting(body);
    if (theirs === undefined || !isSameNode(theirs.node, peer.node)) return;
    const { cookie } = this.#settings;
    if (!sameProof(theirs.proof, prove(cookie, 'answerer', attempt.greeting, theirs))) {
      this.giveUp(peer, 'bad_cookie');
      this.refuse(theirs.node, 'bad_cookie');
      this.#effects.refused('bad_cookie', theirs.node);
      return;
    }
    peer.attempt = undefined;
    peer.confirm = confirmFrame(cookie, attempt.greeting, theirs);
    this.#transmit(peer.node, peer.confirm);
    const signer = this.#signerOf('opener', attempt.greeting, theirs);
    this.#effects.opened(peer, { local: connection, remote: theirs.connection, signer });
  }

  /** The other node, which was answered, has proven that it asks now. */
  confirmed({ connection, body }: Frame): void {
    const peer = this.#peers.connectedBy(connection);
    const answer = peer?.answer;
    if (peer === undefined || answer?.greeting.connection !== connection) return;
    const { theirs, greeting } = answer;
    const proof = decodeProof(body);
    const expected = prove(this.#settings.cookie, 'opener', theirs, greeting);
    if (proof === undefined || !sameProof(proof, expected)) {
      this.#dropAnswer(peer);
      this.refuse(theirs.node, 'bad_cookie');
      return;
    }
    const opened = this.#effects.makeRoom(peer, answer);
    const signer = this.#signerOf('answerer', theirs, greeting);
    this.#effects.opened(opened, { local: connection, remote: theirs.connection, signer });
  }

  /** The other node does not take this one. */
  wasRefused({ body }: Frame): void {
    const refusal = decodeRefusal(body);
    if (refusal === undefined) return;
    const peer = this.#peers.get(refusal.by.name);
    if (peer?.attempt !== undefined) this.giveUp(peer, refusal.reason);
    this.#effects.refused(refusal.reason, refusal.by);
  }

  #greeting(): Greeting {
    const { self, randomness, takeover, options } = this.#settings;
    const nonce = Buffer.from(randomness.bytes(16)).toString('hex');
    const connection = randomU32(randomness);
    const { sign } = options;
    return { version: protocolVersion, node: self, connection, nonce, takeover, sign };
  }

  #sendHello(attempt: Attempt): void {
    attempt.sentAt(this.#settings.now());
    this.#transmit(attempt.node, helloFrame(attempt.greeting), true);
  }

  #answer(theirs: Greeting): void {
    const { node } = theirs;
    const { self } = this.#settings;
    const peer = this.#peers.obtain(node);
    if (!isSameNode(peer.node, node)) {
      if (peer.association === undefined) {
        this.giveUp(peer, 'gone');
        this.#answer(theirs);
        return;
      }
      if (!theirs.takeover) {
        this.#effects.competes(peer, node);
        return;
      }
    }
    // Of two that open at the same time, the one with the lesser name goes on.
    if (peer.attempt !== undefined && self.name < node.name) return;
    if (peer.answer?.theirs.connection !== theirs.connection) {
      this.#dropAnswer(peer);
      peer.answer = new Answer(theirs, this.#greeting(), this.#settings.now());
      this.#peers.setConnection(peer.answer.greeting.connection, peer);
    }
    this.#dropAttempt(peer);
    this.#sendAnswer(peer.answer);
  }

  #sendAnswer(answer: Answer): void {
    answer.sentAt(this.#settings.now());
    this.#transmit(answer.theirs.node, helloAckFrame(this.#settings.cookie, answer), true);
  }

  #signerOf(
    role: 'opener' | 'answerer',
    opener: Greeting,
    answerer: Greeting,
  ): FrameSigner | undefined {
    if (!opener.sign && !answerer.sign) return undefined;
    return new FrameSigner(this.#settings.cookie, role, opener, answerer);
  }

  #dropAttempt(peer: Peer): void {
    if (peer.attempt === undefined) return;
    this.#peers.deleteConnection(peer.attempt.greeting.connection);
    peer.attempt = undefined;
  }

  #dropAnswer(peer: Peer): void {
    const { answer } = peer;
    if (answer === undefined) return;
    const { theirs, greeting } = answer;
    // The other node may have been told that it is open.
    this.#peers.deleteConnection(greeting.connection, {
      node: theirs.node,
      remote: theirs.connection,
      signer: this.#signerOf('answerer', theirs, greeting),
    });
    peer.answer = undefined;
  }

  #transmit(node: NodeIdentity, frame: Uint8Array, probe = false): void {
    this.#effects.transmit(node, frame, probe);
  }
}
