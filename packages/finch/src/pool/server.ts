/**
 * The process of a pool shard: the core with real effects. It starts the
 * connections, keeps enough of them warm, stops a pool that is not used, and
 * winds the shard down. Its timers keep no program running.
 */
import {
  arm,
  detached,
  DynamicSupervisor,
  GenServer,
  noreply,
  now,
  ok,
  self,
  stop,
  trapExit,
  type Pid,
  type Timer,
} from '@linnet/otp';
import { Connection } from '../connection/connection.ts';
import type { ConnectionOwner } from '../connection/owner.ts';
import type { Figures } from '../errors/index.ts';
import { toNumber } from '../options/limit.ts';
import { poolIdleTimedOut, queueIsFull } from '../telemetry/pool-events.ts';
import { PoolCore } from './core.ts';
import type { PoolEffects } from './effects.ts';
import type { Pool } from './pool.ts';

export interface PoolServerArg {
  readonly pool: Pool;
  /** From 0. */
  readonly index: number;
}

interface State {
  readonly pool: Pool;
  readonly core: PoolCore;
  readonly effects: Effects;
  /** How long until connections are warmed again, in ms. */
  warmPause: number;
  /** It has been drained: what is in flight still has had its time. */
  graceOver: boolean;
}

/** How often a pool sees to it that enough connections are warm, in ms. */
const warmInterval = 1000;

/** The longest pause between two attempts on a server that is down, in ms. */
const longestPause = 32_000;

/** How long requests in flight may go on when the supervisor shuts the pool down, in ms. */
const shutdownGrace = 5000;

/** What the shutdown of a pool process may take, in ms. */
export const poolShutdown = shutdownGrace + 5000;

export const PoolServer = GenServer.define({
  name: 'pool',

  init: ({ pool, index }: PoolServerArg) => {
    trapExit();
    const effects = new Effects(pool, self());
    const core = new PoolCore(pool.identity, pool.options, index, pool.instance, effects);
    pool.attach(core, self());
    const state = { pool, core, effects, warmPause: warmInterval, graceOver: false };
    return ok<State>(state, { continue: 'ready' });
  },

  handleContinue: {
    ready: (state) => {
      const { pool, effects } = state;
      if (pool.options.prewarm > 0) warm(state);
      const { poolMaxIdleTime } = pool.options;
      // A pool of the user's stays until its supervisor stops it.
      if (poolMaxIdleTime !== 'infinity' && !pool.userManaged) {
        effects.castAfter('checkIdle', poolMaxIdleTime);
      }
      pool.instance.poolReady(pool);
      return noreply(state);
    },
  },

  handleCast: {
    open: (state, connection: Connection) => {
      startConnection(state.pool, connection);
      return noreply(state);
    },

    /** Opens connections until enough are idle; with growing pauses while the server is down. */
    warm: (state) => {
      const { core, warmPause } = state;
      state.warmPause = core.dialFailed ? Math.min(warmPause * 2, longestPause) : warmInterval;
      warm(state);
      return noreply(state);
    },

    /** Has the pool not been used for `poolMaxIdleTime`? The end of one shard is that of the pool. */
    checkIdle: (state) => {
      const { pool, effects } = state;
      const limit = toNumber(pool.options.poolMaxIdleTime);
      const idle = pool.idleSince === undefined ? 0 : now() - pool.idleSince;
      if (idle < limit) {
        effects.castAfter('checkIdle', limit - idle);
        return noreply(state);
      }
      pool.stopping = true;
      poolIdleTimedOut(pool, idle);
      return stop({ shutdown: 'idle_timeout' }, state);
    },
  },

  handleCall: {
    /** Answers when nothing is in flight any more, or after `grace` ms. */
    drain: (state, grace: number) => {
      const { pool, core } = state;
      const from = GenServer.from();
      pool.drain(core);
      whenQuiet(state, grace, () => {
        state.graceOver = true;
        // The last user may be the code of a dead process; what it sends would be dropped.
        detached(() => GenServer.reply(from, undefined));
      });
      return noreply(state);
    },
  },

  // Messages of others do no harm.
  handleInfo: (state) => noreply(state),

  terminate: (_reason, state) => {
    const { pool, core, graceOver } = state;
    pool.drain(core);
    core.dismiss();
    const grace = graceOver || (pool.instance.crashed && !pool.userManaged) ? 0 : shutdownGrace;
    return new Promise<void>((resolve) => {
      whenQuiet(state, grace, resolve);
    });
  },
});

/** What the core of a shard does to the world: connections as processes, the runtime's clock. */
class Effects implements PoolEffects<Connection> {
  private readonly pool: Pool;
  private readonly server: Pid;
  private readonly timers = new Map<string, Timer>();
  private waiting: Array<() => void> = [];

  constructor(pool: Pool, server: Pid) {
    this.pool = pool;
    this.server = server;
  }

  open(core: ConnectionOwner<Connection>): Connection {
    const connection = new Connection(core);
    // The code of a dead process may have freed the slot; what it sends would be dropped.
    detached(() => GenServer.cast(this.server, ['open', connection]));
    return connection;
  }

  now(): number {
    return now();
  }

  random(): number {
    return this.pool.random();
  }

  queueFull(figures: Figures): void {
    queueIsFull(this.pool.instance.name, this.pool.identity, figures);
  }

  quiet(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const act of waiting) act();
  }

  closed(): void {
    for (const timer of this.timers.values()) timer.cancel();
  }

  /** Calls `act` once, when nothing is in use any more and no caller waits. */
  onQuiet(act: () => void): void {
    this.waiting.push(act);
  }

  /** Tells the server something later; a timer with the same message is replaced. */
  castAfter(message: string, ms: number): void {
    const { server, timers } = this;
    timers.get(message)?.cancel();
    const target = { onTimeout: () => GenServer.cast(server, message) };
    timers.set(message, arm(target, Math.max(1, Math.ceil(ms)), true));
  }
}

function warm({ pool, core, effects, warmPause }: State): void {
  core.prewarm(pool.options.prewarm);
  effects.castAfter('warm', warmPause);
}

function startConnection({ connections }: Pool, connection: Connection): void {
  if (connections === undefined) {
    connection.notStarted('noproc');
    return;
  }
  DynamicSupervisor.startChild(connections, {
    id: 'connection',
    start: () => connection.start(),
    restart: 'temporary',
    shutdown: 1000,
  }).catch((error: unknown) => connection.notStarted(error));
}

/** Tells when nothing is in use and no caller waits, or when the time is over; once. */
function whenQuiet({ core, effects }: State, grace: number, done: () => void): void {
  if (core.quiet || core.closed || grace === 0) {
    done();
    return;
  }
  const timer = arm({ onTimeout: done }, grace);
  effects.onQuiet(() => {
    if (timer.cancel()) done();
  });
}
