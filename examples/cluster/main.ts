/**
 * Three nodes on a NATS server: six children are spread over them, one node is killed, and its children
 * run on the other two. `npm run cluster`; it needs `nats-server`.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A port that is free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const port = await freePort();
const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'pipe' });
server.on('error', (error) => {
  console.error(`nats-server cannot be started: ${error.message}`);
  process.exit(1);
});
let log = '';
for await (const chunk of server.stderr) {
  log += String(chunk);
  if (log.includes('Server is ready')) break;
}

const where = new Map<string, string>();
const heard = new Map<ChildProcess, Set<string>>();
let changed: () => void = () => {};

function startNode(name: string): ChildProcess {
  const child = fork(new URL('./node.ts', import.meta.url), [name, `nats://127.0.0.1:${port}`], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  heard.set(child, new Set());
  child.on('message', (message: string) => {
    heard.get(child)?.add(message);
    const [, id, node] = /^(job-\d+) runs on (.*)$/.exec(message) ?? [];
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
server.kill();
