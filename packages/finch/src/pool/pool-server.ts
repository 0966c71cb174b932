/** The process of a pool shard: owns its data, starts its connections, winds it down. */
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
} from '@linnet/otp';
import { poolIdleTimedOut } from '../telemetry/pool-events.ts';
import type { Connection } from '../connection/connection.ts';
import { toNumber } from './limit.ts';
import type { Pool } from './pool.ts';
import { Shard } from './shard.ts';
import { Upkeep } from './upkeep.ts';

export interface PoolServerArg {
  readonly pool: Pool;
  /** From 0. */
  readonly index: number;
}

interface State {
  readonly pool: Pool;
  readonly shard: Shard;
  /** It has been drained: what is in flight still has had its time. */
  graceOver: boolean;
}

/** How long requests in flight may go on when the supervisor shuts the pool down, in ms. */
const shutdownGrace = 5000;

/** What the shutdown of a pool process may take, in ms. */
export const poolShutdown = shutdownGrace + 5000;

export const PoolServer = GenServer.define({
  name: 'pool',

  init: ({ pool, index }: PoolServerArg) => {
    trapExit();
    const server = self();
    const shard = new Shard(pool.identity, pool.options, index, pool.home, (connection) =>
      // The code of a dead process may have freed the slot; what it sends would be dropped.
      detached(() => GenServer.cast(server, ['open', connection])),
    );
    pool.attach(shard, server);
    return ok<State>({ pool, shard, graceOver: false }, { continue: 'ready' });
  },

  handleContinue: {
    ready: (state) => {
      const { pool, shard } = state;
      const server = self();
      const upkeep = new Upkeep(pool, shard, () => GenServer.cast(server, 'expire'));
      whenClosed(shard, () => upkeep.stop());
      pool.home.arrived(pool);
      return noreply(state);
    },
  },

  handleCast: {
    open: (state, connection: Connection) => {
      startConnection(state.pool, connection);
      return noreply(state);
    },

    /** Nobody has used the pool for `poolMaxIdleTime`: the end of one shard is that of the pool. */
    expire: (state) => {
      const { pool } = state;
      const idle = pool.idleSince === undefined ? 0 : now() - pool.idleSince;
      if (idle < toNumber(pool.options.poolMaxIdleTime)) return noreply(state);
      pool.stopping = true;
      poolIdleTimedOut(pool, idle);
      return stop({ shutdown: 'idle_timeout' }, state);
    },
  },

  handleCall: {
    /** Answers when nothing is in flight any more, or after `grace` ms. */
    drain: (state, grace: number) => {
      const { pool, shard } = state;
      const from = GenServer.from();
      pool.drain(shard);
      whenQuiet(shard, grace, () => {
        state.graceOver = true;
        // The last user may be the code of a dead process; what it sends would be dropped.
        detached(() => GenServer.reply(from, undefined));
      });
      return noreply(state);
    },
  },

  // Whatever comes from strangers does no harm.
  handleInfo: (state) => noreply(state),

  terminate: (_reason, { pool, shard, graceOver }) => {
    pool.drain(shard);
    shard.dismiss();
    const grace = graceOver || (pool.home.crashed && !pool.userManaged) ? 0 : shutdownGrace;
    return new Promise<void>((resolve) => {
      whenQuiet(shard, grace, resolve);
    });
  },
});

function startConnection(pool: Pool, connection: Connection): void {
  if (pool.connections === undefined) {
    connection.abandoned('noproc');
    return;
  }
  DynamicSupervisor.startChild(pool.connections, {
    id: 'connection',
    start: () => connection.start(),
    restart: 'temporary',
    shutdown: 1000,
  }).catch((error: unknown) => connection.abandoned(error));
}

/** Tells when nothing is in use and nobody waits, or when the time is over; once. */
function whenQuiet(shard: Shard, grace: number, done: () => void): void {
  if (shard.quiet || shard.closed || grace === 0) {
    done();
    return;
  }
  const timer = arm({ onTimeout: done }, grace);
  onQuiet(shard, () => {
    if (timer.cancel()) done();
  });
}

function whenClosed(shard: Shard, act: () => void): void {
  onQuiet(shard, () => {
    if (shard.closed) act();
  });
}

function onQuiet(shard: Shard, act: () => void): void {
  const before = shard.onQuiet;
  shard.onQuiet = () => {
    before();
    act();
  };
}
