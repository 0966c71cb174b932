/** The process of a pool shard: owns its data, starts its connections, winds it down. */
import {
  arm,
  detached,
  DynamicSupervisor,
  GenServer,
  noreply,
  ok,
  register,
  self,
  sendAfter,
  stop,
  trapExit,
  now,
  type Pid,
} from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import type { Pool, PoolHome } from './pool.ts';
import { Shard } from './shard.ts';

export interface PoolServerArg {
  readonly pool: Pool;
  /** From 0. */
  readonly index: number;
}

interface State extends PoolServerArg {
  readonly shard: Shard;
}

/** Sent by an instance that has come up to the user-managed pools of its name. */
export interface HomeUp {
  readonly type: 'finch_up';
  readonly home: PoolHome;
}

/** How often a pool sees to it that enough connections are warm, in ms. */
const prewarmInterval = 1000;

/** How long requests in flight may go on when the supervisor shuts the pool down, in ms. */
const shutdownGrace = 5000;

/** What the shutdown of a pool process may take, in ms. */
export const poolShutdown = shutdownGrace + 5000;

const isHomeUp = (message: unknown): message is HomeUp =>
  typeof message === 'object' &&
  message !== null &&
  'type' in message &&
  message.type === 'finch_up';

export const PoolServer = GenServer.define({
  name: 'pool',

  init: ({ pool, index }: PoolServerArg) => {
    trapExit();
    const server = self();
    // For the pool, whoever's request or death asks for it: a dying process cannot send any more.
    const open = (connection: Connection) =>
      detached(() => GenServer.cast(server, ['open', connection]));
    const shard = new Shard(pool.identity, pool.options, index, pool.home.ledger, open);
    pool.attach(shard, server);
    // By this name an instance that was restarted finds the pools that it does not own.
    if (pool.userManaged && index === 0) register(pool.home.userPoolName(pool.identity.key));
    const state: State = { pool, index, shard };
    return ok(state, { continue: 'ready' });
  },

  handleContinue: {
    ready: (state) => {
      state.pool.home.arrived(state.pool);
      keepWarm(state.shard, self());
      watchIdleness(state, self());
      return noreply(state);
    },
  },

  handleCast: {
    open: (state, connection: Connection) => {
      startConnection(state.pool, connection);
      return noreply(state);
    },
  },

  handleCall: {
    /** Answers when nothing is in flight any more, or after `grace` ms. */
    drain: (state, grace: number) => {
      const from = GenServer.from();
      state.shard.drain();
      whenQuiet(state.shard, grace, () => GenServer.reply(from, undefined));
      return noreply(state);
    },
  },

  handleInfo: (state, message) => {
    if (message === 'prewarm') {
      keepWarm(state.shard, self());
    } else if (message === 'idle_check') {
      if (isIdle(state.shard)) return stop({ shutdown: 'idle_timeout' }, state);
      watchIdleness(state, self());
    } else if (isHomeUp(message) && state.index === 0) {
      moveTo(state.pool, message.home);
    }
    return noreply(state);
  },

  terminate: (_reason, { shard }) => {
    shard.drain();
    return new Promise<void>((resolve) => {
      whenQuiet(shard, shutdownGrace, resolve);
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
  if (shard.quiet) {
    done();
    return;
  }
  const timer = arm({ onTimeout: done }, grace);
  const before = shard.onQuiet;
  shard.onQuiet = () => {
    before();
    if (timer.cancel()) done();
  };
}

function keepWarm(shard: Shard, server: Pid): void {
  const { prewarm } = shard.options;
  if (prewarm === 0) return;
  shard.prewarm(prewarm);
  sendAfter(server, 'prewarm', prewarmInterval);
}

/** A pool of the instance stops when it was not used for `poolMaxIdleTime`; a user's pool stays. */
function watchIdleness({ pool, shard }: State, server: Pid): void {
  const { poolMaxIdleTime } = shard.options;
  if (poolMaxIdleTime === 'infinity' || pool.userManaged) return;
  sendAfter(server, 'idle_check', Math.max(1, shard.idleSince() + poolMaxIdleTime - now()));
}

function isIdle(shard: Shard): boolean {
  const { poolMaxIdleTime } = shard.options;
  return poolMaxIdleTime !== 'infinity' && now() - shard.idleSince() >= poolMaxIdleTime;
}

/** The instance is back after a restart: joins it with all shards. */
function moveTo(pool: Pool, home: PoolHome): void {
  if (home === pool.home) return;
  pool.moveTo(home);
  home.adopt(pool);
  home.arrived(pool);
}
