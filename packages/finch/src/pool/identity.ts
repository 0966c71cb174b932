/** The identity of pools has its own folder. */
export {
  isPool,
  poolFrom,
  PoolIdentity,
  poolKey,
  unixPool,
  type PoolLike,
  type PoolParts,
} from '../identity/index.ts';
export { defaultTag } from '../identity/index.ts';
