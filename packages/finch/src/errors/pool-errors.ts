/**
 * Failures before there is a connection: of the queue, the pool, the instance.
 */
import { describeReason, figures, ms } from './details.ts';
import type { WhereDetails } from './details.ts';
import type { PoolFigures } from './figures.ts';
import type { FinchErrorOptions } from './finch-error.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What a {@link PoolTimeoutError} says. */
interface PoolTimeoutErrorOptions extends WhereDetails, PoolFigures {
  readonly pool: string;
  /** How long the caller waited, in ms. */
  readonly waited: number;
  /** The `poolTimeout` or `checkoutTimeout`, in ms. */
  readonly limit: number;
}

/**
 * There was no connection within `poolTimeout` (of a lease: within
 * `checkoutTimeout`): none became free, and one that was being opened was not
 * open yet (`connecting` says whether there was one). Nothing was sent.
 *
 * Mirrors the RuntimeError of `Finch.request/3`, as a rejection with figures.
 */
export class PoolTimeoutError extends FinchError {
  static override readonly code = 'ERR_FINCH_POOL_TIMEOUT';
  declare readonly code: 'ERR_FINCH_POOL_TIMEOUT';
  declare readonly phase: 'queue';
  declare readonly pool: string;
  declare readonly origin?: string;
  declare readonly waited: number;
  declare readonly limit: number;
  declare readonly size?: number;
  declare readonly inUse?: number;
  declare readonly inFlight?: number;
  declare readonly idle?: number;
  declare readonly connecting?: number;
  declare readonly queued?: number;

  constructor(options: PoolTimeoutErrorOptions) {
    const isOpening = (options.connecting ?? 0) > 0 && (options.inUse ?? 0) === 0;
    const remedy = isOpening
      ? 'One is being opened: see whether the server is reachable from here, or raise the timeout.'
      : "Raise the timeout or the pool's size, lower the rate of requests, " +
        'or see why requests keep their connections for so long.';
    super(
      `No connection of pool ${options.pool} became free within ${ms(options.limit)}; ` +
        `waited ${ms(options.waited)}${figures(options)}. ${remedy}`,
      { phase: 'queue', ...options },
    );
  }

  static {
    nameErrors(this, 'PoolTimeoutError');
  }
}

/** What a {@link QueueFullError} says. */
interface QueueFullErrorOptions extends WhereDetails, PoolFigures {
  readonly pool: string;
  /** The pool's bound on waiting callers. */
  readonly maxQueue?: number | undefined;
  /** The pool's `whenFull`. */
  readonly whenFull?: 'queue' | 'fail' | 'overflow' | undefined;
}

/**
 * The pool is full: `maxQueue` callers wait already, or `whenFull` is `'fail'`.
 * Nothing was sent, and the caller did not wait.
 */
export class QueueFullError extends FinchError {
  static override readonly code = 'ERR_FINCH_QUEUE_FULL';
  declare readonly code: 'ERR_FINCH_QUEUE_FULL';
  declare readonly pool: string;
  declare readonly origin?: string;
  declare readonly maxQueue?: number;
  declare readonly whenFull?: 'queue' | 'fail' | 'overflow';
  declare readonly size?: number;
  declare readonly inUse?: number;
  declare readonly inFlight?: number;
  declare readonly idle?: number;
  declare readonly connecting?: number;
  declare readonly queued?: number;

  constructor(options: QueueFullErrorOptions) {
    const why =
      options.whenFull === 'fail'
        ? "every connection is in use and the pool's whenFull is 'fail'"
        : options.maxQueue === undefined
          ? 'its queue is full'
          : `its queue is full at maxQueue ${options.maxQueue}`;
    const remedy =
      options.whenFull === 'fail'
        ? "Raise the pool's size, or let callers wait with whenFull: 'queue'."
        : "Raise the pool's size or maxQueue, lower the rate of requests, or shed load on this code.";
    super(
      `Pool ${options.pool} takes no more requests: ${why}${figures(options)}. ${remedy}`,
      options,
    );
  }

  static {
    nameErrors(this, 'QueueFullError');
  }
}

/** What a {@link PoolDownError} says. */
interface PoolDownErrorOptions extends WhereDetails {
  readonly pool: string;
  /** The exit reason of the pool process, when it is known. */
  readonly reason?: unknown;
  /** How long the caller waited for the pool to come back, in ms. */
  readonly waited?: number | undefined;
  /** The `poolTimeout`, in ms. */
  readonly limit?: number | undefined;
}

/**
 * The pool exists by declaration, but its process is not running, or went down
 * while the caller waited in its queue.
 *
 * Its owner (your supervisor, or the instance) restarts it; requests wait for that
 * as long as `poolTimeout` allows. They never fall back to the `default` options.
 */
export class PoolDownError extends FinchError {
  static override readonly code = 'ERR_FINCH_POOL_DOWN';
  declare readonly code: 'ERR_FINCH_POOL_DOWN';
  declare readonly pool: string;
  declare readonly origin?: string;
  declare readonly reason?: unknown;
  declare readonly waited?: number;
  declare readonly limit?: number;

  constructor(options: PoolDownErrorOptions) {
    const reason =
      options.reason === undefined ? '' : `; it went down with ${describeReason(options.reason)}`;
    const waited =
      options.waited === undefined ? '' : ` and did not come back within ${ms(options.waited)}`;
    super(
      `Pool ${options.pool} is not running${waited}${reason}. ` +
        'See the crash reports of the pool, and whether the supervisor that owns it still runs.',
      options,
    );
  }

  static {
    nameErrors(this, 'PoolDownError');
  }
}

/** What a {@link PoolNotFoundError} says. */
interface PoolNotFoundErrorOptions extends FinchErrorOptions {
  /** The printable key that was looked up. */
  readonly pool: string;
  /** The name of the instance. */
  readonly instance?: string | undefined;
  /** The key of the pool that was probably meant. */
  readonly nearest?: string | undefined;
  /** The instance would have started it, but for `undeclared: 'refuse'`. */
  readonly isUndeclared?: boolean;
}

/**
 * The instance has no pool under that key, and does not start one: the call never does, or the pool was not
 * declared and `undeclared` is `'refuse'`. `nearest` is the key of the pool that was probably meant, if
 * there is one.
 */
export class PoolNotFoundError extends FinchError {
  static override readonly code = 'ERR_FINCH_POOL_NOT_FOUND';
  declare readonly code: 'ERR_FINCH_POOL_NOT_FOUND';
  declare readonly pool: string;
  declare readonly instance?: string;
  declare readonly nearest?: string;

  constructor({ isUndeclared = false, ...options }: PoolNotFoundErrorOptions) {
    const { nearest } = options;
    const refused = isUndeclared
      ? ", and starts none that was not declared (undeclared: 'refuse')"
      : '';
    const meant = nearest === undefined ? '' : `Did you mean the pool ${nearest}? `;
    const instance =
      options.instance === undefined ? 'The instance' : `Finch instance ${options.instance}`;
    super(
      `${instance} has no pool ${options.pool}${refused}. ${meant}` +
        'Start it with finch.startPool or Pool.childSpec, declare it in the pools option, ' +
        'or see finch.listPools() for those that run (scheme, host, port and tag must all agree).',
      options,
    );
  }

  static {
    nameErrors(this, 'PoolNotFoundError');
  }
}

/** What an {@link InstanceNotFoundError} says. */
interface InstanceNotFoundErrorOptions extends FinchErrorOptions {
  /** The name that was looked up. */
  readonly instance: string;
}

/**
 * No Finch instance runs under that name.
 */
export class InstanceNotFoundError extends FinchError {
  static override readonly code = 'ERR_FINCH_INSTANCE_NOT_FOUND';
  declare readonly code: 'ERR_FINCH_INSTANCE_NOT_FOUND';
  declare readonly instance: string;

  constructor(options: InstanceNotFoundErrorOptions) {
    super(
      `Finch instance ${options.instance} is not running. ` +
        'Start it with Finch.startLink, or put Finch.childSpec before its users in the list of children.',
      options,
    );
  }

  static {
    nameErrors(this, 'InstanceNotFoundError');
  }
}
