/** A node without others costs nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
const { Cluster, Node } = await import('@linnet/cluster');
const { GenServer, reply } = await import('@linnet/otp');
const alone = Node.self();
const cluster = await Cluster.start({ name: 'alone@127.0.0.1', cookie: 'secret' });
const Echo = GenServer.define({ init: () => 0, handleCall: { ping: (n) => reply('pong', n) } });
await Echo.start(undefined, { name: 'echo' });
const answer = await GenServer.call({ name: 'echo', node: Node.self() }, 'ping');
await new Promise((resolve) => setImmediate(resolve));
const resources = process.getActiveResourcesInfo().filter((each) => !/Immediate|FS|Pipe|TTY/.test(each));
const packages = loaded.filter((url) => /node_modules\\/(msgpackr|@nats-io)/.test(url));
const name = Node.self();
await cluster.stop();
console.log(JSON.stringify({ alone, self: name, answer, packages, resources }));
`;

test('Cluster.start without a carrier loads no dependency, and leaves no timer and no socket', async () => {
  const args = [
    '--conditions=@linnet/source',
    '--no-warnings',
    '--input-type=module',
    '-e',
    program,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: import.meta.dirname,
  });
  expect(JSON.parse(stdout)).toMatchObject({
    alone: 'nonode@nohost',
    self: 'alone@127.0.0.1',
    answer: 'pong',
    packages: [],
  });
  // The timeout of the one call: it ends with the call.
  expect((JSON.parse(stdout) as { resources: string[] }).resources).toEqual([]);
});
