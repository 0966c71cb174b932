/**
 * Three nodes on a NATS server: six children are spread over them, one node is killed, and its children
 * run on the other two. `npm run cluster`; it needs `nats-server`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { hasNatsServer, NatsServer } from '@linnet/cluster/testing';

if (!hasNatsServer()) {
  console.error('nats-server is not installed: https://nats.io/download/');
  process.exit(1);
}
const server = await NatsServer.start();

const where = new Map<string, string>();
const heard = new Map<ChildProcess, Set<string>>();
let changed: () => void = () => {};

function startNode(name: string): ChildProcess {
  const child = fork(new URL('./node.ts', import.meta.url), [name, server.url], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  heard.set(child, new Set());
  child.on('exit', (code) => {
    if (code === null) return; // killed by this program
    console.error(`${name} has ended with ${code}`);
    process.exit(1);
  });
  child.on('message', (message: string) => {
    heard.get(child)?.add(message);
    const [, id, node] = /^(mail-\d+) runs on (.*)$/.exec(message) ?? [];
    if (id !== undefined && node !== undefined) {
      where.set(id, node);
      console.log(message);
    }
    changed();
  });
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => (changed = resolve));
}

const names = ['one', 'two', 'three'].map((name) => `${name}@127.0.0.1`);
const nodes = names.map(startNode);
const [first] = nodes;
await until(() => nodes.every((node) => heard.get(node)?.has('up')));
first?.send('start jobs');
await until(() => first !== undefined && heard.get(first)?.has('jobs started') === true);

const victim = names.findIndex((name) => name !== names[0] && [...where.values()].includes(name));
console.log(`kill -9 of ${names[victim]}`);
nodes[victim]?.kill('SIGKILL');
await until(() => ![...where.values()].includes(names[victim] ?? ''));
console.log('all jobs run on the nodes that are left');
for (const node of nodes) node.kill('SIGKILL');
await server.stop();
