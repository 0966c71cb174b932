/** What the core of a pool shard does to the world, apart from what it does to connections. */
import type { ConnectionOwner } from '../connection/owner.ts';
import type { Figures } from '../errors/index.ts';

export interface PoolEffects<C> {
  /**
   * Begins to open a connection for a core, which is told of the outcome later, never inside of this
   * call: `opened`, `failed` or `gone`.
   */
  open(core: ConnectionOwner<C>): C;
  /** The time in ms. */
  now(): number;
  /** A number from 0 to below 1, at random. */
  random(): number;
  /** A caller is turned away. */
  queueFull(figures: Figures): void;
  /** Draining, it has nothing left in use and no caller waits; or it is closed. Possibly more than once. */
  quiet(): void;
  /** It is closed, for good. */
  closed(): void;
}
