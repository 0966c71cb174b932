/** Kills processes of every kind at random, and steers pools meanwhile. */
import { DynamicSupervisor, exit, isAlive, whereis, type Pid } from '@linnet/otp';
import { Finch, isFinchError } from '../src/index.ts';
import { hostLimitsName } from '../src/instance/host-limits.ts';
import { findInstance, registryName } from '../src/instance/instance.ts';
import { managerName, poolsName } from '../src/instance/manager.ts';
import type { Pool } from '../src/pool/pool.ts';
import type { Callers } from './callers.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** A blow about every so many ms. */
const beat = 20;

const blows = {
  connection: 100,
  caller: 60,
  'pool process': 20,
  'pool supervisor': 10,
  'supervisor of connections': 6,
  'part of the instance': 2,
  instance: 2,
  'stop of a pool': 4,
  'other count of shards': 4,
  prewarm: 6,
} as const;

export class Chaos {
  private readonly world: World;
  private readonly callers: Callers;
  private readonly tally: Tally;
  private readonly random: Random;
  private timer: NodeJS.Timeout | undefined;
  private readonly background = new Set<Promise<unknown>>();

  constructor(world: World, callers: Callers, tally: Tally, random: Random) {
    this.world = world;
    this.callers = callers;
    this.tally = tally;
    this.random = random;
    this.next();
  }

  /** Resolves when all that was begun is over. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all(this.background);
  }

  private next(): void {
    this.timer = setTimeout(
      () => {
        this.strike();
        this.next();
      },
      this.random.between(0, 2 * beat),
    );
  }

  private strike(): void {
    const { random, world, callers } = this;
    const what = random.weighted(blows);
    const pool = this.pool();
    switch (what) {
      case 'caller':
        callers.killOne();
        break;
      case 'connection':
        if (pool?.connections !== undefined) this.run(what, this.killConnection(pool.connections));
        break;
      case 'pool process':
        if (pool === undefined || pool.live.length === 0) break;
        this.kill(what, pool.processOf(random.pick(pool.live)));
        break;
      case 'pool supervisor':
        this.kill(what, pool?.supervisor);
        break;
      case 'supervisor of connections':
        this.kill(what, pool?.connections);
        break;
      case 'part of the instance': {
        const names = [registryName, hostLimitsName, poolsName, managerName];
        this.kill(what, whereis(random.pick(names)(world.name)));
        break;
      }
      case 'instance':
        this.kill(what, whereis(world.name));
        break;
      case 'stop of a pool':
        // One of a user's supervisor would not come back.
        if (pool === undefined || pool.userManaged) break;
        this.steer(what, (finch) =>
          finch.stopPool(pool.identity, { grace: random.between(0, 300) }),
        );
        break;
      case 'other count of shards':
        if (pool === undefined) break;
        this.steer(what, (finch) => finch.setPoolCount(pool.identity, random.between(1, 3)));
        break;
      case 'prewarm':
        this.steer(what, (finch) => finch.prewarm(random.pick(world.keys), random.between(1, 4)));
        break;
    }
  }

  /** One of the pools that are up. */
  private pool(): Pool | undefined {
    const pools = findInstance(this.world.name)?.pools() ?? [];
    return pools.length === 0 ? undefined : this.random.pick(pools).pool;
  }

  private async killConnection(supervisor: Pid): Promise<void> {
    if (!isAlive(supervisor)) return;
    const children = await DynamicSupervisor.whichChildren(supervisor).catch(() => []);
    if (children.length === 0) return;
    const { pid } = this.random.pick(children);
    if (typeof pid === 'object') this.kill('connection', pid);
  }

  private kill(what: string, pid: Pid | undefined): void {
    if (pid === undefined || !isAlive(pid)) return;
    exit(pid, this.random.pick(['kill', 'kill', 'shutdown', 'soak']));
    this.tally.killed(what);
  }

  private steer(what: string, act: (finch: Finch) => Promise<unknown>): void {
    this.tally.killed(what);
    this.run(what, (async () => act(Finch.get(this.world.name)))());
  }

  private run(what: string, work: Promise<unknown>): void {
    const watched = work
      .catch((error: unknown) => {
        if (!isFinchError(error)) this.tally.steerFailed(what, error);
      })
      .finally(() => this.background.delete(watched));
    this.background.add(watched);
  }
}
