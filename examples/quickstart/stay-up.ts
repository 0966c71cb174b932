/** Load and failures for a program that is to be looked at. */
import { Finch } from '@linnet/finch';
import { exit, GenServer, noreply, Supervisor, type Pid } from '@linnet/otp';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ms between two failures. */
const calm = 3000;

/** Callers at a time. */
const callers = 12;

/** A process that fails now and then, as one of a service may. */
const Orders = GenServer.define({
  name: 'Orders',
  init: () => ({ placed: 0 }),
  handleCast: {
    place: (orders) => noreply({ placed: orders.placed + 1 }),
    placeWithoutCustomer: (orders) => {
      throw new Error(`order ${orders.placed + 1} has no customer`);
    },
  },
});

/** Sends requests, and ends processes, until `signal` aborts. */
export async function stayUp(finch: Finch, url: string, signal: AbortSignal): Promise<void> {
  // A process that fails this often would end a supervisor with the default limits.
  const orders = Orders.childSpec(undefined, { name: 'orders', id: 'orders' });
  const shop = await Supervisor.startLink([orders], {
    strategy: 'one_for_one',
    name: 'shop',
    maxRestarts: 20,
    maxSeconds: 60,
  });
  const load = Array.from({ length: callers }, (_, caller) => call(finch, url, caller, signal));
  const failures = [
    () => endOne(finch.listConnections().map(({ pid }) => pid)),
    () => GenServer.cast('orders', 'placeWithoutCustomer'),
    () => endOne(finch.listPools().flatMap(({ shards }) => shards.map(({ pid }) => pid))),
  ];
  for (let round = 0; !signal.aborted; round++) {
    await sleep(calm, undefined, { signal }).catch(() => {});
    if (!signal.aborted) failures[round % failures.length]?.();
  }
  await Promise.all(load);
  await shop.stop();
}

async function call(finch: Finch, url: string, caller: number, signal: AbortSignal): Promise<void> {
  const poolTag = ['default', 'api', 'reports'][caller % 3] ?? 'default';
  for (let number = 0; !signal.aborted; number++) {
    const request = Finch.build('GET', `${url}/items/${number}`, undefined, undefined, { poolTag });
    await finch.request(request, { requestTimeout: 2000 }).catch(() => {});
    GenServer.cast('orders', 'place');
    await sleep(Math.random() * 40);
  }
}

/** Kills a process at random. */
function endOne(pids: ReadonlyArray<Pid | undefined>): void {
  const pid = pids[Math.floor(Math.random() * pids.length)];
  if (pid !== undefined) exit(pid, 'kill');
}
