/** When a connection is to end, and what is said of why it did. */
import type { Wire } from '@linnet/mint';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { toNumber } from '../options/limit.ts';

/** How long an idle connection is kept whose server allows no requests, in ms: then another one is tried. */
export const blockedTime = 1000;

/** How old it may get, and by how much more at random, in ms. */
export function ageLimit(
  options: ResolvedPoolOptions,
  protocol: Wire['protocol'],
): { readonly max: number; readonly jitter: number } {
  const { maxConnectionAge, maxConnectionAgeJitter } = options;
  if (protocol === 'http1') {
    return { max: toNumber(maxConnectionAge), jitter: maxConnectionAgeJitter };
  }
  const own = protocol === 'http3' ? options.http3 : options.http2;
  return {
    max: toNumber(own.maxConnectionAge ?? maxConnectionAge),
    jitter: own.maxConnectionAgeJitter ?? maxConnectionAgeJitter,
  };
}

/** How many requests it may serve. */
export function requestLimit(
  { maxRequestsPerConnection, http3 }: ResolvedPoolOptions,
  protocol: Wire['protocol'],
): number {
  const own = protocol === 'http3' ? http3.maxRequestsPerConnection : 'infinity';
  return Math.min(toNumber(maxRequestsPerConnection), toNumber(own));
}

/** The exit reason in one word. */
export function endOf(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'crashed';
}

/** The exit reason in words. */
export function describeEnd(reason: unknown): string {
  if (reason === 'ping_timeout') return reason;
  if (typeof reason === 'string') return `its process ended: ${reason}`;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'its process ended';
}
