/** A node without others costs nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/**
 * Starts a node, with or without a carrier, and tells which packages it has loaded and what of the kinds of
 * resources below it has made: timers, whether or not they keep the program alive, sockets, ports, threads.
 */
const program = (carrier: string): string => `
import { createHook } from 'node:async_hooks';
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
const { GenServer, reply } = await import('@linnet/otp');
// What belongs to the runtime is there with or without a node.
loaded.length = 0;
const { Cluster, ClusterSupervisor, Global, Node, Pg } = await import('@linnet/cluster');
const kinds = /^(Timeout|Timer|TCP|TLS|PIPE|UDP|MESSAGEPORT|WORKER|DNSCHANNEL|GETADDRINFO|PROCESSWRAP|FSEVENT|STATWATCHER|HTTP)/;
const made = [];
createHook({ init: (id, type) => { if (kinds.test(type)) made.push(type); } }).enable();
const alone = Node.self();
const cluster = await Cluster.start({ name: 'alone@127.0.0.1', cookie: 'secret', ${carrier} });
const Echo = GenServer.define({ init: () => 0, handleCall: { ping: (n) => reply('pong', n) } });
const { pid } = await Echo.start(undefined, { name: 'echo' });
await Global.startLink();
await Pg.startLink();
await ClusterSupervisor.childSpec({ name: 'jobs', modules: { Echo } }).start();
Pg.join('group', pid);
const timeout = 'infinity';
const registered = await Global.register('leader', pid, { timeout });
const answer = await GenServer.call({ name: 'echo', node: Node.self() }, 'ping', { timeout });
// A turn of the event loop, in which a timer or a socket would have its place.
await new Promise((resolve) => setImmediate(resolve));
const packages = loaded.filter((url) => /node_modules\\/(?!@linnet)/.test(url))
  .map((url) => url.replace(/^.*node_modules\\/((?:@[^/]+\\/)?[^/]+).*$/, '$1'));
const facts = { alone, self: Node.self(), answer, registered, packages: [...new Set(packages)].sort(), made: [...made] };
await cluster.stop();
process.stdout.write(JSON.stringify(facts), () => process.exit());
`;

interface Facts {
  readonly packages: readonly string[];
  readonly made: readonly string[];
}

async function factsOf(carrier = ''): Promise<Facts> {
  const args = ['--conditions=@linnet/source', '--no-warnings', '--input-type=module', '-e'];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, program(carrier)], {
    cwd: import.meta.dirname,
  });
  return JSON.parse(stdout) as Facts;
}

// Programs of their own: on a machine with much to do, they take a while to start.
const timeout = 120_000;

test(
  'a node without a carrier loads no dependency, and makes no timer, no socket, no port and no thread',
  { timeout },
  async () => {
    const facts = await factsOf();
    expect(facts).toMatchObject({
      alone: 'nonode@nohost',
      self: 'alone@127.0.0.1',
      answer: 'pong',
      registered: true,
    });
    expect(facts.packages).toEqual([]);
    expect(facts.made).toEqual([]);
  },
);

test(
  'what is looked for would be found: with a carrier, a node loads its codec and has a timer',
  { timeout },
  async () => {
    const carrier =
      'carrier: { start: async () => 0, reaches: () => false, send() {}, announce() {}, stop: async () => {} }';
    const facts = await factsOf(carrier);
    expect(facts.packages).toContain('msgpackr');
    expect(facts.made).toContain('Timeout');
  },
);
