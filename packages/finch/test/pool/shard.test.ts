/** Who hears what, when connections that are being opened and those who wait for them cross. */
import { describe, expect, test } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { parsePoolOptions, type PoolOptions } from '../../src/options/index.ts';
import { poolFrom } from '../../src/pool/identity.ts';
import { Shard } from '../../src/pool/shard.ts';
import { SlotLedger } from '../../src/pool/slot-ledger.ts';
import type { WaitQueue, Waiter } from '../../src/pool/wait-queue.ts';

/** A waiter that writes down what it is told. */
class Recorder implements Waiter {
  queue: WaitQueue | undefined = undefined;
  ticket = 0;
  previousWaiter: Waiter | undefined = undefined;
  nextWaiter: Waiter | undefined = undefined;
  dial: Connection | undefined = undefined;
  readonly connectTimeout = undefined;
  readonly fresh = false;
  readonly told: string[] = [];
  stays = true;

  connected(): void {
    this.told.push('connected');
  }

  requeue(): void {
    this.told.push('requeue');
  }

  failed(error: Error): void {
    this.told.push(error.message.slice(0, 20));
  }

  dialling(): void {
    this.told.push('dialling');
  }

  dialGone(): void {
    this.told.push('dialGone');
  }

  dialLost(): boolean {
    this.told.push('dialLost');
    return this.stays;
  }
}

/** A shard whose connections are never started: the test says what becomes of them. */
function setUp(options: PoolOptions = {}, cap = Number.POSITIVE_INFINITY) {
  const ledger = new SlotLedger(cap);
  const started: Connection[] = [];
  const shard = new Shard(
    poolFrom('http://localhost:1'),
    parsePoolOptions(options),
    0,
    { ledger, maxPerHost: 'infinity' },
    (connection) => started.push(connection),
  );
  const wait = (): Recorder => {
    const waiter = new Recorder();
    shard.wait(waiter);
    return waiter;
  };
  return { ledger, shard, started, wait, dial: (index: number) => started[index] as Connection };
}

describe('a connection that is opened', () => {
  test('goes to whoever waits longest; the one it was opened for waits on, under its limit', () => {
    const { shard, wait, dial } = setUp();
    const [first, second] = [wait(), wait()];

    shard.opened(dial(1));

    expect(first.told).toEqual(['dialling', 'connected']);
    expect(second.told).toEqual(['dialling', 'dialGone']);
    expect(shard.figures).toMatchObject({ inUse: 1, connecting: 1, queued: 1 });
    shard.opened(dial(0));
    expect(second.told).toEqual(['dialling', 'dialGone', 'connected']);
    expect(shard.figures).toMatchObject({ inUse: 2, connecting: 0, queued: 0 });
  });

  test('is not opened again for one who was left over when the other dial fails without a slot', () => {
    const { shard, wait, dial, ledger } = setUp({}, 2);
    const [first, second] = [wait(), wait()];
    shard.opened(dial(1));
    ledger.maxConnections = 1;

    shard.failed(dial(0), new Error('refused'));
    shard.gone(dial(0), 'connecting');

    expect(first.told).toEqual(['dialling', 'connected']);
    // Nobody opens one for it: its limit on waiting was told to hold again.
    expect(second.told).toEqual(['dialling', 'dialGone']);
    expect(shard.figures).toMatchObject({ inUse: 1, connecting: 0, queued: 1 });
    ledger.maxConnections = 2;
    expect(second.told).toEqual(['dialling', 'dialGone', 'dialling']);
  });

  test('is idle when nobody waits any more', () => {
    const { shard, wait, dial } = setUp();
    const gone = wait();
    shard.cancel(gone);

    shard.opened(dial(0));

    expect(gone.told).toEqual(['dialling']);
    expect(shard.figures).toMatchObject({ idle: 1, inUse: 0, connecting: 0 });
  });

  test('is closed when the shard winds down and nobody waits', () => {
    const { shard, wait, dial, ledger } = setUp();
    shard.cancel(wait());
    shard.drain();

    shard.opened(dial(0));

    expect(shard.open).toBe(0);
    expect(ledger.count()).toBe(0);
  });
});

describe('a connection that cannot be opened', () => {
  test('is told to the one for whom it was opened, and to nobody else', () => {
    const { shard, wait, dial } = setUp();
    const [first, second] = [wait(), wait()];

    shard.failed(dial(1), new Error('refused'));
    shard.gone(dial(1), 'connecting');

    expect(first.told).toEqual(['dialling']);
    expect(second.told).toEqual(['dialling', 'refused']);
    expect(shard.figures).toMatchObject({ connecting: 1, queued: 0 });
  });

  test('leaves its slot to the next one who waits [D1]', () => {
    const { shard, wait, dial, started } = setUp({ size: 1 });
    const [first, second] = [wait(), wait()];
    expect(second.told).toEqual([]);

    shard.failed(dial(0), new Error('refused'));
    shard.gone(dial(0), 'connecting');

    expect(first.told).toEqual(['dialling', 'refused']);
    expect(second.told).toEqual(['dialling']);
    expect(started).toHaveLength(2);
  });

  test('because its process died is tried anew for a waiter that stays', () => {
    const { shard, wait, dial, started } = setUp();
    const [patient, impatient] = [wait(), wait()];
    impatient.stays = false;

    for (const index of [0, 1]) {
      shard.lost(dial(index), new Error('killed'));
      shard.gone(dial(index), 'connecting');
    }

    expect(patient.told).toEqual(['dialling', 'dialLost', 'dialling']);
    expect(impatient.told).toEqual(['dialling', 'dialLost', 'killed']);
    expect(started).toHaveLength(3);
    expect(shard.figures).toMatchObject({ connecting: 1, queued: 0 });
  });
});

describe('the end of a shard', () => {
  test('sends those who wait to look for another one, in their order, once', () => {
    const { shard, wait, ledger } = setUp({ size: 1 });
    const waiters = [wait(), wait(), wait()];

    shard.close();
    shard.close();

    expect(waiters.map(({ told }) => told)).toEqual([
      ['dialling', 'requeue'],
      ['requeue'],
      ['requeue'],
    ]);
    expect(shard.open).toBe(0);
    expect(ledger.count()).toBe(0);
    const late = wait();
    expect(late.told).toEqual([expect.stringContaining('Pool http')]);
  });
});
