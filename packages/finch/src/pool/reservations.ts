/**
 * Reservations: which keys belong to pools of users' supervisors. A key stays reserved while its pool
 * is down, and while the instance is. So a process outside of the instance holds the reservations of
 * one name of an instance. Each has an owner, the process that starts the pool, and ends with it; the
 * process ends with the last of them.
 */
import {
  CallError,
  demonitor,
  GenServer,
  monitor,
  noreply,
  onDeath,
  reply,
  stop,
  whereis,
  type DownMessage,
  type MonitorRef,
  type Pid,
} from '@linnet/otp';
import type { Pool } from './pool.ts';

interface Reservation {
  /** The pool that was started last, up or not. */
  readonly pool: Pool;
  readonly owner: Pid;
  readonly monitor: MonitorRef;
}

/** The reservations by key. */
type Reservations = Map<string, Reservation>;

const reservationsName = (instance: string): string => `${instance}.Reservations`;

const ReservationServer = GenServer.define({
  name: 'finch_reservations',
  init: (): Reservations => new Map(),

  handleCall: {
    reserve: (reservations, pool: Pool, owner: Pid) => {
      const { key } = pool.identity;
      remove(reservations, key);
      reservations.set(key, { pool, owner, monitor: monitor(owner) });
      return reply(undefined, reservations);
    },
    owner: (reservations, key: string) => reply(reservations.get(key)?.owner, reservations),
    pools: (reservations) =>
      reply(
        [...reservations.values()].map(({ pool }) => pool),
        reservations,
      ),
  },

  handleCast: {
    withdraw: (reservations, key: string) => {
      remove(reservations, key);
      return stopWhenEmpty(reservations);
    },
  },

  handleInfo: (reservations, message) => {
    if (!isDown(message)) return noreply(reservations);
    for (const [key, reservation] of reservations) {
      if (reservation.monitor === message.ref) reservations.delete(key);
    }
    return stopWhenEmpty(reservations);
  },
});

function remove(reservations: Reservations, key: string): void {
  const reservation = reservations.get(key);
  if (reservation === undefined) return;
  demonitor(reservation.monitor, { flush: true });
  reservations.delete(key);
}

function stopWhenEmpty(reservations: Reservations) {
  return reservations.size === 0 ? stop('normal', reservations) : noreply(reservations);
}

function isDown(message: unknown): message is DownMessage {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'DOWN'
  );
}

/**
 * Reserves the key of a pool for as long as `owner` lives, in place of an older reservation. Should
 * the process of reservations be killed, a pool that is up reserves its key again.
 */
export async function reserve(instance: string, pool: Pool, owner: Pid): Promise<void> {
  const name = reservationsName(instance);
  if (whereis(name) === undefined) await ReservationServer.start(undefined, { name }).catch(ignore);
  const holder = whereis(name);
  try {
    await GenServer.call(name, ['reserve', pool, owner]);
  } catch (error) {
    // Its last reservation ended meanwhile, and the process with it.
    if (error instanceof CallError && error.why !== 'timeout') await reserve(instance, pool, owner);
    else throw error;
    return;
  }
  if (holder !== undefined) reserveAgain(holder, instance, pool, owner);
}

function reserveAgain(holder: Pid, instance: string, pool: Pool, owner: Pid): void {
  const { supervisor } = pool;
  if (supervisor === undefined) return;
  const hook = onDeath(holder, (reason) => {
    if (reason !== 'normal' && !pool.stopping) reserve(instance, pool, owner).catch(ignore);
  });
  onDeath(supervisor, () => hook.unwatch());
}

/** Ends a reservation: the pool was stopped for good. */
export function withdraw(instance: string, key: string): void {
  GenServer.cast(reservationsName(instance), ['withdraw', key]);
}

/** The process for which a key is reserved. */
export function ownerOf(instance: string, key: string): Promise<Pid | undefined> {
  return ask(instance, ['owner', key], undefined);
}

/** The last pool of each reserved key, up or not. */
export function reservedPools(instance: string): Promise<readonly Pool[]> {
  return ask(instance, ['pools'], []);
}

async function ask<T>(
  instance: string,
  question: [string, ...unknown[]],
  otherwise: T,
): Promise<T> {
  const name = reservationsName(instance);
  if (whereis(name) === undefined) return otherwise;
  try {
    return await GenServer.call<T>(name, question);
  } catch (error) {
    // It has ended meanwhile: there are no reservations.
    if (error instanceof CallError && error.why !== 'timeout') return otherwise;
    throw error;
  }
}

/** Another start of the process was faster, which is as good; or the pool goes on without a reservation. */
function ignore(): void {}
