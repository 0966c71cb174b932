/**
 * Names and groups under attack: three nodes over carriers that lose, double and reorder frames and are
 * cut, while each node does thousands of things. When all is over, all know the same. For more of it, set
 * `CLUSTER_OPERATIONS` and `CLUSTER_SEEDS`.
 */
import { eventually } from '@linnet/otp/testing';
import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { Dice, noFaults } from '../association/world.ts';
import type { Order, Report } from './attack-worker.ts';
import { program } from './attack-worker.ts?program';

const operations = Number(process.env['CLUSTER_OPERATIONS'] ?? 4000);
const seeds = Number(process.env['CLUSTER_SEEDS'] ?? 1);
const names = ['a@attack', 'b@attack', 'c@attack'];

interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: unknown;
}

class Attacked {
  readonly name: string;
  readonly #worker: Worker;
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(name: string, seed: number, ports: readonly MessagePort[]) {
    this.name = name;
    this.#worker = new Worker(program, {
      execArgv: ['--no-warnings'],
      workerData: { name, seed, ports },
      transferList: [...ports],
    });
    this.#worker.on('message', ({ id, answer, error }: Answer) => {
      if (error === undefined) this.#answers.get(id)?.resolve(answer);
      else this.#answers.get(id)?.reject(error);
      this.#answers.delete(id);
    });
  }

  async up(): Promise<void> {
    await once(this.#worker, 'message');
  }

  tell(order: Order): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(id, answer);
    this.#worker.postMessage({ id, order });
    return answer.promise;
  }

  report(): Promise<Report> {
    return this.tell({ type: 'report' }) as Promise<Report>;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

let nodes: Attacked[] = [];
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  nodes = [];
});

async function start(seed: number): Promise<void> {
  const ports = names.map((): MessagePort[] => []);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const { port1, port2 } = new MessageChannel();
    ports[a]?.push(port1);
    ports[b]?.push(port2);
  }
  nodes = names.map((name, i) => new Attacked(name, seed * 10 + i, ports[i] ?? []));
  await Promise.all(nodes.map((node) => node.up()));
}

/** The same for both ends of a pair. */
async function setWeather(dice: Dice, isCalm = false): Promise<void> {
  const kind = dice.below(5);
  const [x, y, z] = names.toSorted(() => dice.next() - 0.5) as [string, string, string];
  const cuts: Array<[string, string]> = [];
  if (!isCalm && kind <= 1) cuts.push([x, y]);
  if (!isCalm && kind === 1) cuts.push([x, z]);
  const faults =
    isCalm || kind === 4
      ? noFaults
      : {
          drop: dice.next() * 0.1,
          duplicate: dice.next() * 0.1,
          reorder: dice.next() * 0.2,
          delayMs: 30,
        };
  await Promise.all(
    nodes.map((node) => {
      const cut = cuts.flatMap(([a, b]) => (a === node.name ? [b] : b === node.name ? [a] : []));
      return node.tell({ type: 'weather', faults, cut });
    }),
  );
}

const reports = (): Promise<Report[]> => Promise.all(nodes.map((node) => node.report()));

async function attack(seed: number): Promise<void> {
  await start(seed);
  const dice = new Dice(seed);
  const rounds = Math.max(4, Math.ceil(operations / 5000));
  for (let round = 0; round < rounds; round++) {
    await setWeather(dice);
    const each = Math.ceil(operations / rounds / nodes.length);
    await Promise.all(nodes.map((node) => node.tell({ type: 'run', operations: each })));
    // Long enough for a cut to be noticed, as a rule, and for others not to be.
    await new Promise((resolve) => setTimeout(resolve, dice.below(300)));
  }
  await setWeather(dice, true);
  await eventually(
    async () => {
      const all = await reports();
      for (const { nodes: known, names: table, groups } of all) {
        expect(known).toEqual(names);
        expect(table).toEqual(all[0]?.names);
        expect(groups).toEqual(all[0]?.groups);
      }
      const own = all.reduce((sum, { ownNames }) => sum + ownNames, 0);
      expect(all[0]?.names).toHaveLength(own);
    },
    { timeout: 30_000 },
  );
  // Nothing is left of what was: no frame, no process beside those of the runtime and the crew.
  await eventually(async () => {
    for (const { unacknowledged, processes } of await reports()) {
      expect(unacknowledged).toBe(0);
      expect(processes).toBeLessThan(45);
    }
  });
  await Promise.all(nodes.map((node) => node.tell({ type: 'end' })));
  await eventually(async () => {
    for (const report of await reports()) {
      expect(report).toMatchObject({ names: [], groups: [] });
      expect(report.processes).toBeLessThan(15);
    }
  });
  await nodes[2]?.tell({ type: 'leave' });
  await eventually(async () => {
    const [first, second] = await Promise.all(nodes.slice(0, 2).map((node) => node.report()));
    expect(first?.nodes).toEqual(names.slice(0, 2));
    expect(second?.nodes).toEqual(names.slice(0, 2));
  });
}

describe('names and groups over lossy carriers that are cut', () => {
  test.each(Array.from({ length: seeds }, (_, i) => i + 1))(
    'seed %i: after all is healed, all nodes know the same, and nothing is left when they end',
    { timeout: 300_000 },
    attack,
  );
});
