/**
 * The subjects of a cluster. Each node has one inbox: what one node publishes there arrives in its order.
 * Names are escaped, since they have dots.
 */
import type { NodeIdentity } from '../association/identity.ts';

/** A token of a subject: what is not a letter, a digit, `-` or `_` becomes its code between `=`. */
function tokenOf(text: string): string {
  return text.replace(/[^\w-]/gu, (char) => `=${char.codePointAt(0)?.toString(16)}=`);
}

const addressOf = ({ name, creation }: NodeIdentity): string =>
  `${tokenOf(name)}.${creation.toString(36)}`;

export class Subjects {
  readonly hello: string;
  readonly bye: string;
  readonly #prefix: string;

  constructor(cluster: string) {
    this.#prefix = `otp.${tokenOf(cluster)}`;
    this.hello = `${this.#prefix}.hello`;
    this.bye = `${this.#prefix}.bye`;
  }

  inbox(node: NodeIdentity): string {
    return `${this.#prefix}.in.${addressOf(node)}`;
  }

  /** Where the server answers when there is no such inbox. */
  unreachable(self: NodeIdentity, peer: NodeIdentity): string {
    return `${this.#prefix}.nr.${addressOf(self)}.${addressOf(peer)}`;
  }

  allUnreachable(self: NodeIdentity): string {
    return `${this.#prefix}.nr.${addressOf(self)}.>`;
  }
}
