/**
 * What two nodes say to each other before their connection is open, and how they prove that they
 * know the cookie of the cluster: each signs both nonces, names and connection numbers with it. The
 * cookie itself is never sent.
 *
 * The bodies of these frames are JSON: they are few, and of nodes that are not trusted yet.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isNodeName, isNonZeroU32, type NodeIdentity } from './identity.ts';

/** The version of the protocol; nodes of other versions are refused. */
export const protocolVersion = 1;

/** One side of a connection that is being opened. */
export interface Greeting {
  readonly version: number;
  readonly node: NodeIdentity;
  /** The number by which the sender knows the connection. */
  readonly connection: number;
  /** 16 random bytes in hex. */
  readonly nonce: string;
  /** Whether it takes over its name from another run. */
  readonly takeover: boolean;
  /** Whether it wants the frames of the connection to be signed. */
  readonly sign: boolean;
}

/** A greeting with the proof that its sender knows the cookie. */
export interface ProvenGreeting extends Greeting {
  readonly proof: string;
}

/** Why a hello was refused. */
export type Refusal = 'name_in_use' | 'bad_cookie' | 'version';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes of such a body at most. */
const longest = 2048;

/** What both sides know of a connection that is being opened, in one form. */
export const agreedOn = (opener: Greeting, answerer: Greeting): readonly unknown[] => [
  partOf(opener),
  partOf(answerer),
];

export const encodeBody = (body: object): Uint8Array => encoder.encode(JSON.stringify(body));

/** The proof of one side; `role` keeps one side's from being used as the other's. */
export function prove(
  cookie: string,
  role: 'opener' | 'answerer',
  opener: Greeting,
  answerer: Greeting,
): string {
  const signed = JSON.stringify([role, ...agreedOn(opener, answerer)]);
  return createHmac('sha256', cookie).update(signed).digest('hex');
}

const partOf = ({ node, connection, nonce, sign }: Greeting): unknown[] => [
  node.name,
  node.creation,
  connection,
  nonce,
  // Signed, so that no one in between can make two nodes do without.
  sign,
];

/** Whether two proofs are the same, in a time that does not tell where they differ. */
export function sameProof(a: string, b: string): boolean {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function decodeGreeting(body: Uint8Array): Greeting | undefined {
  const value = parse(body);
  if (value === undefined) return undefined;
  const { version, node, connection, nonce, takeover, sign } = value;
  const identity = identityOf(node);
  if (identity === undefined || typeof version !== 'number') return undefined;
  if (!isNonZeroU32(connection) || !isHex(nonce, 32)) return undefined;
  return {
    version,
    node: identity,
    connection,
    nonce,
    takeover: takeover === true,
    sign: sign === true,
  };
}

export function decodeProvenGreeting(body: Uint8Array): ProvenGreeting | undefined {
  const greeting = decodeGreeting(body);
  const proof = decodeProof(body);
  return greeting === undefined || proof === undefined ? undefined : { ...greeting, proof };
}

export function decodeProof(body: Uint8Array): string | undefined {
  const proof = parse(body)?.['proof'];
  return isHex(proof, 64) ? proof : undefined;
}

export function decodeRefusal(
  body: Uint8Array,
): { readonly reason: Refusal; readonly by: NodeIdentity } | undefined {
  const value = parse(body);
  const by = identityOf(value?.['by']);
  const reason = value?.['reason'];
  if (by === undefined) return undefined;
  if (reason !== 'name_in_use' && reason !== 'bad_cookie' && reason !== 'version') return undefined;
  return { reason, by };
}

/** By which run the name of this node was taken over. */
export const decodeFence = (body: Uint8Array): NodeIdentity | undefined =>
  identityOf(parse(body)?.['by']);

/** The identity that a value is; undefined for anything else. */
export function identityOf(value: unknown): NodeIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, creation, startedAt } = value as Partial<Record<keyof NodeIdentity, unknown>>;
  if (!isNodeName(name) || !isNonZeroU32(creation)) return undefined;
  if (typeof startedAt !== 'number' || !Number.isFinite(startedAt)) return undefined;
  return { name, creation, startedAt };
}

function parse(body: Uint8Array): Record<string, unknown> | undefined {
  if (body.length > longest) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const isHex = (value: unknown, length: number): value is string =>
  typeof value === 'string' && value.length === length && /^[\da-f]+$/.test(value);
