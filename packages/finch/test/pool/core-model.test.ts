/**
 * Any order of what callers, servers, processes and limits do to two cores that share the limits of
 * hosts: after each step the figures are those of the connections, no caller is told twice or
 * forgotten, and at the end nothing is left. A connection refuses, with an error, any event that its
 * machine does not allow.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { HostLimits } from '../../src/pool/host-limits.ts';
import { startCore, type BareConnection, type Recorder } from '../support/core-world.ts';

type Shard = ReturnType<typeof startCore>;

/** Two shards of different servers, and all that callers have or wait for. */
class CoreWorld {
  readonly limits: HostLimits;
  readonly shards: readonly Shard[];
  /** Connections by who has them: one entry for each use. */
  readonly held: Array<{ readonly shard: Shard; readonly connection: BareConnection }> = [];
  /** Callers that wait. */
  waiting: Array<{ readonly shard: Shard; readonly waiter: Recorder }> = [];
  readonly #isShared: boolean;
  #isLowered = false;

  constructor(isShared: boolean, cap: number, pool: PoolOptions) {
    this.#isShared = isShared;
    this.limits = new HostLimits(cap);
    const scheme = isShared ? 'https' : 'http';
    this.shards = [1, 2].map((port) =>
      startCore({ url: `${scheme}://localhost:${port}`, limits: this.limits, pool }),
    );
  }

  shard(pick: number): Shard {
    return this.shards[pick % 2] as Shard;
  }

  /** One of the connections of a shard in these states. */
  one(pick: number, ...states: string[]): BareConnection | undefined {
    const found = [...this.shard(pick).core.connections].filter((it) => states.includes(it.state));
    return found[pick % Math.max(1, found.length)];
  }

  ask(pick: number, fresh: boolean): void {
    const shard = this.shard(pick);
    const connection = fresh ? undefined : shard.core.take();
    if (connection === undefined) this.waiting.push({ shard, waiter: shard.wait(fresh) });
    else this.held.push({ shard, connection });
  }

  /** A caller is done with what it has. */
  giveBack(pick: number): void {
    const [use] = this.held.splice(pick % Math.max(1, this.held.length), 1);
    use?.shard.core.checkin(use.connection);
  }

  cancel(pick: number): void {
    const [entry] = this.waiting.splice(pick % Math.max(1, this.waiting.length), 1);
    if (entry === undefined) return;
    entry.shard.core.cancel(entry.waiter);
    assert.equal(entry.waiter.queue, undefined);
  }

  opens(pick: number): void {
    const isHttp2 = this.#isShared && pick % 5 !== 0;
    const connection = this.one(pick, 'connecting');
    // A successor speaks HTTP/3; another one may, if it won a race.
    const isHttp3 = connection?.successor === true || (this.#isShared && pick % 7 === 0);
    if (isHttp3) connection?.opensHttp3(pick % 4);
    else connection?.opens(isHttp2 ? pick % 4 : undefined);
  }

  unlist(pick: number): void {
    const { core } = this.shard(pick);
    const connection = core.shared.find((it) => it.availableStreams > 0);
    if (connection !== undefined) core.unlist(connection);
  }

  /** It is put back, or its keeper dies. */
  list(pick: number, isDead: boolean): void {
    const { core } = this.shard(pick);
    const connection = [...core.connections].find(({ unlisted }) => unlisted);
    if (connection === undefined) return;
    if (isDead) core.dismissUnlisted(connection);
    else core.list(connection);
  }

  lower(cap: number): void {
    this.#isLowered ||= cap < this.limits.maxConnections;
    this.limits.maxConnections = cap;
  }

  /** What waiters were told becomes what callers have. */
  handOut(): void {
    this.waiting = this.waiting.filter(({ shard, waiter }) => {
      assert(waiter.told.length <= 1, `told twice: ${waiter.told.join()}`);
      if (waiter.told.length === 0) {
        assert.notEqual(waiter.queue, undefined, 'forgotten');
        return true;
      }
      assert.equal(waiter.queue, undefined);
      if (waiter.connection !== undefined) this.held.push({ shard, connection: waiter.connection });
      return false;
    });
    // A connection that ended takes its uses with it; that they are given back all the same is harmless.
    for (const { shard, connection } of this.held.splice(0)) {
      if (connection.state === 'closed') shard.core.checkin(connection);
      else this.held.push({ shard, connection });
    }
  }

  check(): void {
    let open = 0;
    for (const { core } of this.shards) {
      const all = [...core.connections];
      const inState = (...states: string[]) => all.filter((it) => states.includes(it.state));
      const { figures } = core;
      const text = JSON.stringify({
        ...figures,
        all: all.map(({ state, users }) => [state, users]),
      });
      assert.equal(inState('closed').length, 0, text);
      assert.equal(figures.connecting, inState('connecting').length, text);
      assert.equal(figures.idle, inState('idle').length, text);
      assert.equal(figures.inUse, inState('in_use', 'draining').length, text);
      assert.equal(core.open, all.length, text);
      for (const connection of all) this.#checkConnection(connection, text);
      const waiting = this.waiting
        .filter(({ shard }) => shard.core === core)
        .map(({ waiter }) => waiter);
      this.#checkWaiting(core, waiting, all, text);
      open += core.open;
    }
    assert.equal(this.limits.count(), open);
    if (!this.#isLowered) assert(open <= this.limits.maxConnections);
  }

  #checkConnection(connection: BareConnection, text: string): void {
    const uses = this.held.filter((use) => use.connection === connection).length;
    assert.equal(connection.inFlight, uses, text);
    assert.equal(connection.users > 0, ['in_use', 'draining'].includes(connection.state), text);
    if (!connection.shared) assert(connection.users <= 1, text);
  }

  #checkWaiting(
    core: Shard['core'],
    waiting: Recorder[],
    all: BareConnection[],
    text: string,
  ): void {
    assert.equal(core.load, waiting.length + core.inFlight, text);
    if (core.closed) return;
    // A caller that needs a new connection waits beside whatever there is.
    const isFree = all.some((it) => it.availableStreams > 0 && it.reusable);
    const wantsAny = waiting.some(({ fresh }) => !fresh);
    assert(!isFree || !wantsAny, `a caller waits beside a free connection: ${text}`);
    if (core.queued === 0) return;
    const isAhead = (it: BareConnection) => it.successor && it.state === 'connecting';
    const excess = all.filter((it) => it.overflow || it.state === 'draining' || isAhead(it)).length;
    const isFull = all.length - excess >= core.size;
    const isPending =
      this.#isShared && all.some((it) => it.state === 'connecting' && !it.successor);
    const hasSlot = this.limits.count() < this.limits.maxConnections;
    assert(isFull || isPending || !hasSlot, `a caller waits beside a free slot: ${text}`);
  }

  /** Everything comes to its end. */
  finish(): void {
    for (const { core } of this.shards) core.drain();
    for (let round = 0; round < 200; round++) {
      for (const pick of [0, 1]) this.list(pick, true);
      this.giveBack(0);
      for (const pick of [0, 1]) this.one(pick, 'connecting')?.fails();
      this.handOut();
    }
    for (const { core } of this.shards) core.close();
    this.handOut();
    assert.equal(this.waiting.length + this.held.length, 0);
    assert.equal(this.limits.count(), 0);
    for (const { core, dials, log } of this.shards) {
      assert.equal(core.open, 0);
      assert(dials.every(({ state, list }) => state === 'closed' && list === undefined));
      assert.equal(log.filter((entry) => entry === 'closed').length, 1);
    }
  }
}

const steps: Record<string, (world: CoreWorld, pick: number) => void> = {
  asks: (world, pick) => world.ask(pick, false),
  'asks again': (world, pick) => world.ask(pick, false),
  'asks for a fresh one': (world, pick) => world.ask(pick, true),
  'gives back': (world, pick) => world.giveBack(pick),
  'waits no more': (world, pick) => world.cancel(pick),
  opens: (world, pick) => world.opens(pick),
  'opens, too': (world, pick) => world.opens(pick),
  'cannot be opened': (world, pick) => world.one(pick, 'connecting')?.fails(),
  dies: (world, pick) => world.one(pick, 'connecting', 'idle', 'in_use', 'draining')?.dies(),
  'dies unseen': (world, pick) => world.one(pick, 'idle', 'in_use')?.diesUnseen(),
  'is expired': (world, pick) => {
    const connection = world.one(pick, 'idle', 'in_use');
    if (connection !== undefined) connection.isExpired = true;
  },
  'discards expired ones': (world, pick) => world.shard(pick).core.discardExpired(),
  'allows another number': (world, pick) => {
    const connection = world.one(pick, 'idle', 'in_use');
    if (connection?.shared === true) connection.allows(pick % 4);
  },
  'announces its end': (world, pick) => {
    const connection = world.one(pick, 'idle', 'in_use');
    if (connection?.shared === true) connection.goesAway();
  },
  'wants HTTP/1.1': (world, pick) => void world.shard(pick).core.requireHttp1(),
  'is heard to speak HTTP/3': (world, pick) => world.shard(pick).core.alternativeKnown(),
  'does not speak for the server': (world, pick) => {
    const connection = world.one(pick, 'idle', 'in_use');
    if (connection !== undefined) connection.core.retire(connection, 'misdirected');
  },
  'is taken out': (world, pick) => world.unlist(pick),
  'is put back': (world, pick) => world.list(pick, false),
  'loses its keeper': (world, pick) => world.list(pick, true),
  'is warmed': (world, pick) => void world.shard(pick).core.prewarm(pick % 3),
  'has another idle time': (world, pick) => world.shard(pick).core.setIdleTime((pick % 2) * 50),
  'makes room': (world, pick) => void world.shard(pick).core.evictIdle(),
  'has another size': (world, pick) => world.shard(pick).core.resize(1 + (pick % 4)),
  'has another cap': (world, pick) => world.lower(pick % 5),
};

const step = fc.record({ name: fc.constantFrom(...Object.keys(steps)), pick: fc.nat({ max: 40 }) });

const pool = fc.record({
  size: fc.integer({ min: 1, max: 3 }),
  maxQueue: fc.constantFrom(1, 'infinity' as const),
  whenFull: fc.constantFrom(
    'queue' as const,
    'queue' as const,
    'fail' as const,
    'overflow' as const,
  ),
});

const runs = Number(process.env['LINNET_MODEL_RUNS'] ?? 20) * 50;

test.each([
  ['HTTP/1', false],
  ['HTTP/2', true],
])('two cores whose connections speak %s keep their word, whatever happens', (_, isShared) => {
  fc.assert(
    fc.property(
      pool,
      fc.constantFrom(1, 2, 4, Number.POSITIVE_INFINITY),
      fc.array(step, { maxLength: 80, size: 'max' }),
      (options, cap, chosen) => {
        const world = new CoreWorld(isShared, cap, options);
        for (const { name, pick } of chosen) {
          steps[name]?.(world, pick);
          world.handOut();
          world.check();
        }
        world.finish();
      },
    ),
    { numRuns: runs },
  );
  expect.assertions(0);
});
