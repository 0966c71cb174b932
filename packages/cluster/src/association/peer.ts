/** Another node, and how it is connected. */
import type { Association } from './association.ts';
import type { NodeIdentity } from './identity.ts';
import type { Answer, Attempt } from './opening.ts';
import type { FrameSigner } from './signing.ts';

/** A signal that waits for a connection. */
export interface WaitingSignal {
  readonly signal: Uint8Array;
  readonly sender: number;
}

export class Peer {
  readonly node: NodeIdentity;
  association: Association | undefined = undefined;
  /** That of the frames of the association, if they are signed. */
  signer: FrameSigner | undefined = undefined;
  /** The confirm frame, to be sent again when it was lost. */
  confirm: Uint8Array | undefined = undefined;
  /** A connection that this node opens. */
  attempt: Attempt | undefined = undefined;
  /** A connection that the other node opens. */
  answer: Answer | undefined = undefined;
  /** Since when it is asked whether it is there, because another run has come with its name. */
  challengedAt: number | undefined = undefined;
  /** The run that has come with its name. */
  challenger: NodeIdentity | undefined = undefined;
  #waiting: WaitingSignal[] = [];
  #waitingBytes = 0;

  constructor(node: NodeIdentity) {
    this.node = node;
  }

  /** Bytes of the signals that wait for a connection. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a signal, which is copied. */
  wait(signal: Uint8Array, sender: number): void {
    this.#waiting.push({ signal: new Uint8Array(signal), sender });
    this.#waitingBytes += signal.length;
  }

  /** The signals that have waited, which do so no longer. */
  takeWaiting(): WaitingSignal[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return waiting;
  }
}
