/**
 * A node in a worker thread that does at random what can be done to names and groups, over a lossy
 * carrier. It is told what to do by the main thread, which is not part of the cluster.
 */
import { exit, isAlive, listProcesses, type Pid, receive, spawn } from '@linnet/otp';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PortCarrier } from '../../src/carrier/message-ports.ts';
import { Cluster, Global, Node, Pg } from '../../src/index.ts';
import { Dice, type Faults } from '../association/world.ts';
import { LossyCarrier } from './lossy-carrier.ts';

/** What the main thread asks for. */
export type Order =
  | { readonly type: 'run'; readonly operations: number }
  | { readonly type: 'weather'; readonly faults: Faults; readonly cut: readonly string[] }
  | { readonly type: 'report' }
  | { readonly type: 'end' }
  | { readonly type: 'leave' };

/** What a node knows, and what it keeps. */
export interface Report {
  readonly nodes: readonly string[];
  readonly names: readonly string[];
  readonly groups: readonly string[];
  /** Of its own processes, which all nodes have to know. */
  readonly ownNames: number;
  readonly processes: number;
  readonly unacknowledged: number;
}

const settings = workerData as {
  readonly name: string;
  readonly seed: number;
  readonly ports: readonly MessagePort[];
};
const dice = new Dice(settings.seed);
const ports = new PortCarrier();
for (const port of settings.ports) ports.add(port);
const carrier = new LossyCarrier(ports, dice);
const cluster = await Cluster.start({
  name: settings.name,
  cookie: 'secret',
  carrier,
  tickMs: 40,
  suspectMs: 100,
  downAfterMs: 400,
  handshakeMs: 300,
  announceMs: 50,
});
await Global.startLink();
await Pg.startLink();

const idle = (): Pid => spawn(() => receive());
const crew = Array.from({ length: 30 }, idle);
const groups = Array.from({ length: 12 }, (_, i) => ['group', i]);
const names = Array.from({ length: 120 }, (_, i) => `name-${i}`);
let registering = 0;

const crewMember = (pid: Pid | undefined): Pid =>
  pid !== undefined && isAlive(pid) ? pid : idle();

/** Does one thing. */
async function act(): Promise<void> {
  const at = dice.below(crew.length);
  // One that has lost its name to a process of another node has ended.
  const pid = (crew[at] = crewMember(crew[at]));
  const group = groups[dice.below(groups.length)];
  const name = names[dice.below(names.length)] ?? '';
  const what = dice.next();
  if (what < 0.35) Pg.join(group, pid);
  else if (what < 0.7) Pg.leave(group, pid);
  else if (what < 0.75) {
    exit(pid, 'kill');
    crew[at] = idle();
  } else if (what < 0.85) await Global.unregister(name);
  else if (registering < 40) {
    registering++;
    void Global.register(name, pid, { timeout: 500 })
      .catch(() => false)
      .finally(() => registering--);
  }
}

async function run(operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    await act();
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function report(): Report {
  const isOwn = (pid: Pid | undefined): boolean => pid?.node === Node.self();
  const all = Global.names();
  const figures = Node.list().map((node) => Node.figures(node)?.unacknowledgedFrames ?? 0);
  return {
    nodes: [Node.self(), ...Node.list()].toSorted(),
    names: all.map((name) => `${name} ${String(Global.whereis(name))}`).toSorted(),
    groups: groups
      .flatMap((group) => Pg.members(group).map((pid) => `${String(group)} ${String(pid)}`))
      .toSorted(),
    ownNames: all.filter((name) => isOwn(Global.whereis(name))).length,
    processes: listProcesses().length,
    unacknowledged: Math.max(0, ...figures),
  };
}

async function obey(order: Order): Promise<unknown> {
  switch (order.type) {
    case 'run':
      return run(order.operations);
    case 'weather':
      carrier.faults = order.faults;
      carrier.cut = new Set(order.cut);
      return undefined;
    case 'report':
      return report();
    case 'end':
      for (const pid of crew) exit(pid, 'kill');
      return undefined;
    case 'leave':
      return cluster.stop();
    default:
      return order satisfies never;
  }
}

const toMain = parentPort;
toMain?.on('message', ({ id, order }: { readonly id: number; readonly order: Order }) => {
  void obey(order).then(
    (answer) => toMain.postMessage({ id, answer }),
    (error: unknown) => toMain.postMessage({ id, error }),
  );
});
toMain?.postMessage({ id: 0 });
