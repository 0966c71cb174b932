/** What must hold when nobody asks for anything any more, and when all was stopped. */
import { eventually, expectNoLeaks, type ProcessSnapshot } from '@linnet/otp/testing';
import { Finch } from '../src/index.ts';
import { requireInstance } from '../src/instance/instance.ts';
import type { ServerProcess } from './server-process.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** Handles of the process that an instance might leave behind. */
export function openHandles(): Record<'sockets' | 'timeouts', number> {
  const handles = process.getActiveResourcesInfo();
  const count = (pattern: RegExp): number => handles.filter((name) => pattern.test(name)).length;
  return {
    sockets: count(/^(TCP|Pipe|TLS)(Socket)?Wrap$|^(TCP|Pipe)ConnectWrap$/),
    timeouts: count(/^Timeout$/),
  };
}

/** Nothing in use, nothing queued, and the host limits count what is open. */
export function checkAtRest(world: World, tally: Tally): Promise<void> {
  return report(tally, 'at rest', () =>
    eventually(
      () => {
        const finch = Finch.get(world.name);
        let open = 0;
        for (const { pool, status, shards } of finch.listPools()) {
          if (status === 'stopping') throw new Error(`${pool.key} is still stopping`);
          const busy = shards.filter(
            ({ inUse, queued, connecting }) => inUse + queued + connecting,
          );
          if (busy.length > 0) throw new Error(`${pool.key} is busy: ${show(busy)}`);
          for (const { idle } of shards) open += idle;
          const same = show(finch.getPoolStatus(pool).map(figures)) === show(shards.map(figures));
          if (!same) throw new Error(`getPoolStatus of ${pool.key} is not what listPools says`);
        }
        const stats = finch.getStats();
        if (stats.inUse + stats.queued + stats.connecting > 0) {
          throw new Error(`the instance is busy: ${show(stats)}`);
        }
        const counted = requireInstance(world.name).hostLimits.count();
        if (counted !== open || stats.idle !== open) {
          throw new Error(`${open} connections are open, the host limits count ${counted}`);
        }
      },
      { timeout: 10_000 },
    ),
  );
}

/** No process, timer, watch, name; no socket on either side. */
export async function checkAllGone(
  before: { readonly processes: ProcessSnapshot; readonly handles: ReturnType<typeof openHandles> },
  servers: readonly ServerProcess[],
  tally: Tally,
): Promise<void> {
  await report(tally, 'after the stop', () => expectNoLeaks(before.processes));
  await report(tally, 'after the stop', () =>
    eventually(
      () => {
        const { sockets, timeouts } = openHandles();
        if (sockets > before.handles.sockets) {
          throw new Error(`${sockets - before.handles.sockets} sockets of the client are open`);
        }
        if (timeouts > before.handles.timeouts) {
          throw new Error(`${timeouts - before.handles.timeouts} timers of Node.js are armed`);
        }
      },
      { timeout: 5000 },
    ),
  );
  for (const server of servers) {
    await report(tally, 'after the stop', () =>
      eventually(
        async () => {
          const { sockets } = await server.figures();
          if (sockets > 0) throw new Error(`${sockets} sockets of the server are open`);
        },
        { timeout: 5000 },
      ),
    );
  }
}

async function report(tally: Tally, when: string, check: () => Promise<unknown>): Promise<void> {
  try {
    await check();
  } catch (error) {
    tally.violation(`${when}: ${(error as Error).message}`);
  }
}

function figures({ inUse, idle, queued }: Record<'inUse' | 'idle' | 'queued', number>): object {
  return { inUse, idle, queued };
}

function show(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => (key === 'pid' ? undefined : inner));
}
