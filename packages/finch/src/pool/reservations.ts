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

class Reservations {
  private readonly byKey = new Map<string, Reservation>();
  private readonly keys = new Map<MonitorRef, string>();

  get isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  pools(): Pool[] {
    return [...this.byKey.values()].map(({ pool }) => pool);
  }

  owner(key: string): Pid | undefined {
    return this.byKey.get(key)?.owner;
  }

  add(pool: Pool, owner: Pid): void {
    const { key } = pool.identity;
    this.remove(key);
    const reservation = { pool, owner, monitor: monitor(owner) };
    this.byKey.set(key, reservation);
    this.keys.set(reservation.monitor, key);
  }

  remove(key: string): void {
    const reservation = this.byKey.get(key);
    if (reservation === undefined) return;
    demonitor(reservation.monitor, { flush: true });
    this.byKey.delete(key);
    this.keys.delete(reservation.monitor);
  }

  ownerDown(ref: MonitorRef): void {
    const key = this.keys.get(ref);
    if (key !== undefined) this.remove(key);
  }
}

const reservationsName = (instance: string): string => `${instance}.Reservations`;

const ReservationServer = GenServer.define({
  name: 'finch_reservations',
  init: () => new Reservations(),

  handleCall: {
    reserve: (reservations, pool: Pool, owner: Pid) => {
      reservations.add(pool, owner);
      return reply(undefined, reservations);
    },
    owner: (reservations, key: string) => reply(reservations.owner(key), reservations),
    pools: (reservations) => reply(reservations.pools(), reservations),
  },

  handleCast: {
    withdraw: (reservations, key: string) => {
      reservations.remove(key);
      return stopWhenEmpty(reservations);
    },
  },

  handleInfo: (reservations, message) => {
    if (!isDown(message)) return noreply(reservations);
    reservations.ownerDown(message.ref);
    return stopWhenEmpty(reservations);
  },
});

function stopWhenEmpty(reservations: Reservations) {
  return reservations.isEmpty ? stop('normal', reservations) : noreply(reservations);
}

function isDown(message: unknown): message is DownMessage {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'DOWN'
  );
}

/**
 * Reserves the key of a pool for as long as `owner` lives, in place of an older reservation. Should
 * the process of reservations be killed, a pool that is up reserves its key again, and `onRenewed` is
 * called: an instance that has started in between does not know the pool.
 */
export async function reserve(
  instance: string,
  pool: Pool,
  owner: Pid,
  onRenewed: () => void,
): Promise<void> {
  const name = reservationsName(instance);
  if (whereis(name) === undefined) await ReservationServer.start(undefined, { name }).catch(ignore);
  const holder = whereis(name);
  try {
    await GenServer.call(name, ['reserve', pool, owner]);
  } catch (error) {
    // Its last reservation ended meanwhile, and the process with it.
    if (!(error instanceof CallError) || error.why === 'timeout') throw error;
    await reserve(instance, pool, owner, onRenewed);
    return;
  }
  const { supervisor } = pool;
  if (holder === undefined || supervisor === undefined) return;
  const loss = onDeath(holder, (reason) => {
    end.unwatch();
    if (reason === 'normal' || pool.stopping) return;
    reserve(instance, pool, owner, onRenewed).then(onRenewed, ignore);
  });
  const end = onDeath(supervisor, () => loss.unwatch());
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
