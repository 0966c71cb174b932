/** What holds of an instance's pools at any moment, whatever happens to them. */
import assert from 'node:assert/strict';
import { Connection } from '../../src/connection/connection.ts';
import { mayShare } from '../../src/connection/protocol.ts';
import type { Instance } from '../../src/instance/instance.ts';
import { Shard } from '../../src/pool/shard.ts';

/** What is private to others. */
interface Inside {
  readonly table: Iterable<Connection>;
}

/** The connections of a shard, those being opened included. */
function connectionsOf(shard: Shard): readonly Connection[] {
  return [...(shard as unknown as Inside).table];
}

/** The requests under way on an HTTP/2 connection. */
function exchangesOn({ wire }: Connection): number {
  return wire?.underWay ?? 0;
}

/**
 * Checks all pools. `atRest` says that no process has anything left to do: then the ledger is
 * exact. `places` is how many places may be held on connections by others than requests: leases,
 * pings.
 */
export function checkPools(instance: Instance, atRest: boolean, places: number): void {
  const { ledger } = instance;
  const shards = instance.pools().flatMap(({ pool }) => pool.live);
  const anyIdle = shards.flatMap(connectionsOf).some(isOfUse);
  let open = 0;
  let unexplained = 0;
  for (const shard of shards) {
    const connections = connectionsOf(shard);
    const text = describe(shard, connections);
    checkFigures(shard, connections, text);
    for (const connection of connections) {
      checkConnection(connection, text);
      if (connection.shared) unexplained += connection.inFlight - exchangesOn(connection);
    }
    if (shard.figures.queued > 0 && !shard.draining) {
      checkWaiting(connections, text);
      const isFull = counted(connections) >= shard.size || isExpecting(shard, connections);
      const room = ledger.count() < ledger.maxConnections;
      assert(isFull || !room, `somebody waits beside a free slot: ${text}`);
      assert(isFull || !anyIdle, `somebody waits for the slot of an idle one: ${text}`);
    }
    open += shard.open;
  }
  if (atRest) assert(unexplained <= places, `${unexplained} places for ${places} leases and pings`);
  // The connections of a pool that was killed take a moment to end.
  if (atRest) assert.equal(ledger.count(), open, 'the ledger counts what is open');
  else assert(ledger.count() >= open, 'the ledger counts what is open');
  assert(instance.waiting >= 0);
}

function checkFigures(shard: Shard, connections: readonly Connection[], text: string): void {
  const { inUse, inFlight, idle, connecting, queued, size } = shard.figures;
  for (const figure of [inUse, inFlight, idle, connecting, queued]) assert(figure >= 0, text);
  assert.equal(inUse + idle + connecting, shard.open, text);
  const opening = connections.filter(({ wire }) => wire === undefined).length;
  assert.equal(connecting, opening, `connecting: ${text}`);
  assert.equal(inUse, connections.filter(({ users }) => users > 0).length, `inUse: ${text}`);
  const places = connections.reduce((sum, connection) => sum + connection.inFlight, 0);
  assert.equal(inFlight, places, `inFlight: ${text}`);
  assert(counted(connections) <= size, `more than size: ${text}`);
  assert(idle <= size, text);
}

function checkConnection(connection: Connection, text: string): void {
  const { shared, users, fit, unlisted, stack, room, wire } = connection;
  if (wire === undefined) return;
  const stacked = stack !== undefined;
  if (!shared) assert(users <= 1, `more than one on an HTTP/1 connection: ${text}`);
  // A request that ended is a request less.
  else assert(exchangesOn(connection) <= users, `requests without a place: ${text}`);
  if (users === 0) assert(stacked, `an idle connection that nobody finds: ${text}`);
  else if (shared && fit && !unlisted)
    assert.equal(stacked, room > 0, `a connection whose room nobody finds: ${text}`);
  else if (users > 0 && (!shared || unlisted)) assert(!stacked, `used and on offer: ${text}`);
}

/** Those for whom no connection is being opened: none that is open has room. */
function checkWaiting(connections: readonly Connection[], text: string): void {
  for (const { wire, shared, users, room, fit } of connections) {
    const isFree = shared ? room > 0 && fit : wire !== undefined && users === 0;
    assert(!isFree, `somebody waits beside a connection with room: ${text}`);
  }
}

/** Idle, and fit for a request. */
function isOfUse({ wire, users, takes }: Connection): boolean {
  return wire !== undefined && users === 0 && takes;
}

/** Those that count against `size`. */
function counted(connections: readonly Connection[]): number {
  return connections.filter(({ overflow, draining }) => !overflow && !draining).length;
}

/** Whether it will soon be known how many requests a connection carries. */
function isExpecting(shard: Shard, connections: readonly Connection[]): boolean {
  if (!mayShare(shard.pool, shard.options)) return false;
  return connections.some(
    ({ wire, draining, shared }) => wire === undefined || (shared && !wire.settled && !draining),
  );
}

/** All pools, for messages. */
export function describePools(instance: Instance): string {
  const shards = instance.pools().flatMap(({ pool }) => pool.live);
  return shards.map((shard) => describe(shard, connectionsOf(shard))).join('\n');
}

function describe(shard: Shard, connections: readonly Connection[]): string {
  const each = connections.map((connection) => {
    const { wire, users, limit, fit, draining, overflow, unlisted, stack } = connection;
    const flags = Object.entries({
      fit,
      draining,
      overflow,
      unlisted,
      stacked: stack !== undefined,
    })
      .filter(([, isSet]) => isSet)
      .map(([name]) => name);
    const carries = `${users} of ${limit}, ${exchangesOn(connection)} requests`;
    return `${wire?.protocol ?? 'opening'} (${[carries, ...flags].join(', ')})`;
  });
  const figures = JSON.stringify(shard.figures);
  return `${shard.pool.key}/${shard.index} ${figures}: ${each.join('; ') || 'no connections'}`;
}

/**
 * Calls back when a caller is let on a connection that carries as many as it may. A server may
 * allow fewer than are under way; but nobody is taken on then.
 */
export function watchLimits(exceeded: (text: string) => void): () => void {
  const { join, handover, checkout } = Connection.prototype;
  const { unlist } = Shard.prototype;
  // Whoever takes a connection out of its pool holds it, but has no place on it.
  let isHeld = false;
  const check = (connection: Connection, how: string): void => {
    const { shared, limit, inFlight } = connection;
    if (shared && !isHeld && inFlight > limit) {
      exceeded(`${how}: ${inFlight} on a connection that takes ${limit}`);
    }
  };
  Object.assign(Connection.prototype, {
    join(this: Connection): void {
      join.call(this);
      check(this, 'join');
    },
    handover(this: Connection): void {
      handover.call(this);
      check(this, 'handover');
    },
    checkout(this: Connection): void {
      checkout.call(this);
      check(this, 'checkout');
    },
  });
  Shard.prototype.unlist = function (connection): void {
    isHeld = true;
    unlist.call(this, connection);
    isHeld = false;
  };
  return () => {
    Object.assign(Connection.prototype, { join, handover, checkout });
    Shard.prototype.unlist = unlist;
  };
}
