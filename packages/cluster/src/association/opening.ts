/** A connection that is being opened: by this node, or by another one. */
import type { Greeting } from './greeting.ts';
import type { NodeIdentity } from './identity.ts';

/** Milliseconds after which a frame of a handshake is sent again. */
const repeatMs = 250;

/** When a frame was sent first, and last. */
class Repeated {
  readonly #since: number;
  #last: number;

  constructor(now: number) {
    this.#since = now;
    this.#last = now;
  }

  sentAt(now: number): void {
    this.#last = now;
  }

  isDue(now: number): boolean {
    return now - this.#last >= repeatMs;
  }

  isOver(now: number, limit: number): boolean {
    return now - this.#since >= limit;
  }
}

/** A connection that this node opens. */
export class Attempt extends Repeated {
  readonly node: NodeIdentity;
  readonly greeting: Greeting;
  #unreachableAt: number | undefined = undefined;

  constructor(node: NodeIdentity, greeting: Greeting, now: number) {
    super(now);
    this.node = node;
    this.greeting = greeting;
  }

  unreachable(now: number): void {
    this.#unreachableAt ??= now;
  }

  isUnreachable(now: number, suspectMs: number): boolean {
    return this.#unreachableAt !== undefined && now - this.#unreachableAt >= suspectMs;
  }
}

/** A connection that another node opens: this node has answered, and waits for its proof. */
export class Answer extends Repeated {
  readonly theirs: Greeting;
  readonly greeting: Greeting;

  constructor(theirs: Greeting, greeting: Greeting, now: number) {
    super(now);
    this.theirs = theirs;
    this.greeting = greeting;
  }
}
