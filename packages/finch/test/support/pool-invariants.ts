/** What holds of an instance's pools at any moment, whatever happens to them. */
import assert from 'node:assert/strict';
import { Connection } from '../../src/connection/connection.ts';
import { mayShare } from '../../src/connection/protocol.ts';
import type { Instance } from '../../src/instance/instance.ts';
import { ConnectionTable } from '../../src/pool/connection-table.ts';
import type { Shard } from '../../src/pool/pool.ts';

/** The connections of a shard, those being opened included. */
function connectionsOf(shard: Shard): readonly Connection[] {
  return [...shard.connections];
}

/** The requests under way on an HTTP/2 connection. */
function exchangesOn({ wire }: Connection): number {
  return wire?.underWay ?? 0;
}

/**
 * Checks all pools. `atRest` says that no process has anything left to do: then the host limits are
 * exact. `places` is how many places may be held on connections by others than requests: leases,
 * pings.
 */
export function checkPools(instance: Instance, atRest: boolean, places: number): void {
  const { hostLimits } = instance;
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
      const room = hostLimits.count() < hostLimits.maxConnections;
      assert(isFull || !room, `somebody waits beside a free slot: ${text}`);
      assert(isFull || !anyIdle, `somebody waits for the slot of an idle one: ${text}`);
    }
    open += shard.open;
  }
  if (atRest) assert(unexplained <= places, `${unexplained} places for ${places} leases and pings`);
  // The connections of a pool that was killed take a moment to end.
  if (atRest) assert.equal(hostLimits.count(), open, 'the host limits count what is open');
  else assert(hostLimits.count() >= open, 'the host limits count what is open');
  assert(instance.waiting >= 0);
}

function checkFigures(shard: Shard, connections: readonly Connection[], text: string): void {
  const { inUse, inFlight, idle, connecting, queued, size } = shard.figures;
  for (const figure of [inUse, inFlight, idle, connecting, queued]) assert(figure >= 0, text);
  assert.equal(inUse + idle + connecting, shard.open, text);
  const inState = (state: string) => connections.filter((it) => it.state === state).length;
  assert.equal(inState('closed'), 0, `a closed connection in the pool: ${text}`);
  assert.equal(connecting, inState('connecting'), `connecting: ${text}`);
  assert.equal(idle, inState('idle'), `idle: ${text}`);
  assert.equal(inUse, connections.filter(({ users }) => users > 0).length, `inUse: ${text}`);
  const places = connections.reduce((sum, connection) => sum + connection.inFlight, 0);
  assert.equal(inFlight, places, `inFlight: ${text}`);
  // One that was made smaller has none to spare; those in use end when they are given back.
  const isOver = counted(connections) > size;
  const isRefused = connections.some(
    ({ acceptsRequests, state }) => state === 'idle' && !acceptsRequests,
  );
  assert(!isOver || idle === 0 || isRefused, `more than size: ${text}`);
}

function checkConnection(connection: Connection, text: string): void {
  const { shared, users, reusable, unlisted, list, availableStreams, wire, state } = connection;
  if (wire === undefined) return;
  assert.equal(users > 0, state !== 'idle', `${users} users and ${state}: ${text}`);
  const isListed = list !== undefined;
  if (!shared) assert(users <= 1, `more than one on an HTTP/1 connection: ${text}`);
  // A request that ended is a request less.
  else assert(exchangesOn(connection) <= users, `requests without a place: ${text}`);
  if (users === 0) assert(isListed, `an idle connection that nobody finds: ${text}`);
  else if (shared && reusable && !unlisted) {
    // The credit for a request that ended comes back a moment later: until then the list may be ahead.
    const isAhead = wire.protocol === 'http3' && isListed;
    const isRight = isListed === availableStreams > 0 || isAhead;
    assert(isRight, `available streams that nobody finds: ${text}`);
  } else if (users > 0 && (!shared || unlisted)) assert(!isListed, `used and on offer: ${text}`);
}

/** Those for whom no connection is being opened: none that is open has room. */
function checkWaiting(connections: readonly Connection[], text: string): void {
  for (const { wire, shared, users, availableStreams, reusable } of connections) {
    const isFree = shared ? availableStreams > 0 && reusable : wire !== undefined && users === 0;
    assert(!isFree, `a caller waits beside a connection that is free: ${text}`);
  }
}

/** Idle, and fit for a request. */
function isOfUse({ state, acceptsRequests }: Connection): boolean {
  return state === 'idle' && acceptsRequests;
}

/** Those that count against `size`. */
function counted(connections: readonly Connection[]): number {
  return connections.filter(
    ({ overflow, successor, state }) =>
      !overflow && state !== 'draining' && !(successor && state === 'connecting'),
  ).length;
}

/** Whether it will soon be known how many requests a connection carries. */
function isExpecting(shard: Shard, connections: readonly Connection[]): boolean {
  if (!mayShare(shard.pool, shard.options)) return false;
  return connections.some(
    ({ wire, state, shared, successor }) =>
      (wire === undefined && !successor) ||
      (shared && wire?.limitKnown === false && state !== 'draining'),
  );
}

/** All pools, for messages. */
export function describePools(instance: Instance): string {
  const shards = instance.pools().flatMap(({ pool }) => pool.live);
  return shards.map((shard) => describe(shard, connectionsOf(shard))).join('\n');
}

function describe(shard: Shard, connections: readonly Connection[]): string {
  const each = connections.map((connection) => {
    const { wire, state, users, limit, reusable, overflow, unlisted, list } = connection;
    const flags = Object.entries({ reusable, overflow, unlisted, listed: list !== undefined })
      .filter(([, isSet]) => isSet)
      .map(([name]) => name);
    const carries = `${state}, ${users} of ${limit}, ${exchangesOn(connection)} requests`;
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
  const { reuse } = Connection.prototype;
  const { take, unlist } = ConnectionTable.prototype;
  // A process that takes a connection out of its pool holds it, but has no stream of it.
  let isHeld = false;
  const check = ({ shared, limit, inFlight }: Connection, how: string): void => {
    if (shared && !isHeld && inFlight > limit) {
      exceeded(`${how}: ${inFlight} on a connection that takes ${limit}`);
    }
  };
  Connection.prototype.reuse = function (): void {
    reuse.call(this);
    check(this, 'reuse');
  };
  ConnectionTable.prototype.take = function (connection): boolean {
    const isTaken = take.call(this, connection);
    if (isTaken && connection instanceof Connection) check(connection, 'take');
    return isTaken;
  };
  ConnectionTable.prototype.unlist = function (connection): boolean {
    isHeld = true;
    try {
      return unlist.call(this, connection);
    } finally {
      isHeld = false;
    }
  };
  return () => {
    Connection.prototype.reuse = reuse;
    Object.assign(ConnectionTable.prototype, { take, unlist });
  };
}
