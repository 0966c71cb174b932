/** Servers and pools by name: what is needed to say which one is meant. */
export { BoundedCache } from './bounded-cache.ts';
export { bracketed, hostHeader, originOf, parseOrigin } from './origin.ts';
export type { Origin, Scheme, UrlProblem } from './origin.ts';
export {
  poolFrom,
  poolFromUrl,
  poolKey,
  unixPool,
  type PoolLike,
  type PoolParts,
} from './pool-from.ts';
export { isPool, PoolIdentity } from './pool-identity.ts';
export { allowedSocketPath, isSocketPath } from './socket-path.ts';
export { allowedTag, defaultTag, isTag } from './tag.ts';
