/** For how long a connection may be used: its age, and how many requests it may serve. */
import { now } from '@linnet/otp';
import type { Wire } from '@linnet/mint';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { toNumber } from '../options/limit.ts';

export class Lifetime {
  /** When it gets too old, on the runtime's clock. */
  private readonly expiresAt: number;
  private readonly maxAge: number;
  private readonly maxRequests: number;

  /** `random` gives a number from 0 to below 1. */
  constructor(options: ResolvedPoolOptions, protocol: Wire['protocol'], random: () => number) {
    const { max, jitter } = ageLimit(options, protocol);
    this.maxAge = max;
    // The jitter keeps connections from ending together.
    this.expiresAt = now() + max + (jitter === 0 ? 0 : random() * jitter);
    this.maxRequests = requestLimit(options, protocol);
  }

  /** Whether a connection that has served so many requests may serve another one. */
  allows(served: number): boolean {
    if (served >= this.maxRequests) return false;
    return this.expiresAt === Number.POSITIVE_INFINITY || now() < this.expiresAt;
  }

  /** Whether it is too old. */
  get isOver(): boolean {
    return now() >= this.expiresAt;
  }

  /** An idle time that ends when it expires, at the latest; rounded up, since each delay of its own costs a timer. */
  within(idleTime: number): number {
    if (this.expiresAt === Number.POSITIVE_INFINITY) return idleTime;
    const grain = Math.max(1, this.maxAge / 16);
    const left = Math.max(1, Math.ceil(Math.max(0, this.expiresAt - now()) / grain)) * grain;
    return Math.min(idleTime, Math.ceil(left));
  }
}

/** How old it may get, and by how much more at random, in ms. */
function ageLimit(
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

function requestLimit(
  { maxRequestsPerConnection, http3 }: ResolvedPoolOptions,
  protocol: Wire['protocol'],
): number {
  const own = protocol === 'http3' ? http3.maxRequestsPerConnection : 'infinity';
  return Math.min(toNumber(maxRequestsPerConnection), toNumber(own));
}
