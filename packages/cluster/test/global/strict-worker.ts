/** A node in a worker thread, for names by majority and for conflicts. */
import { GenServer, type Pid, receive, reply, self, send, spawn } from '@linnet/otp';
import { Global, Node, Workers, type RegisterOptions } from '../../src/index.ts';
import { globalOptions } from './strict-options.ts';

const isTell = (message: unknown): message is { readonly tell: Pid } =>
  typeof message === 'object' && message !== null && 'tell' in message;

/** Keeps what it is sent, and tells it when it is asked. */
async function record(outcome: readonly unknown[]): Promise<never> {
  const heard: unknown[] = [];
  for (;;) {
    const message = await receive();
    if (isTell(message)) send(message.tell, { outcome, heard });
    else heard.push(message);
  }
}

/** Registers names as soon as a node is gone, and connects to it when that has done so, too; tells what came of the first attempts. */
async function registerAlone(
  names: readonly string[],
  node: string,
  options: RegisterOptions,
): Promise<never> {
  // Another way than the cluster, which is cut.
  const channel = new BroadcastChannel('registered');
  const others = new Promise((resolve) => (channel.onmessage = resolve));
  await receive((m) => (m as { readonly type?: unknown }).type === 'nodedown');
  // Its table has to hear of it as well.
  while (Global.nodes().includes(node)) await new Promise((resolve) => setImmediate(resolve));
  const outcome: boolean[] = [];
  for (const name of names) {
    let registered = await Global.register(name, self(), options);
    outcome.push(registered);
    while (!registered) registered = await Global.register(name, self(), options);
  }
  await others;
  channel.close();
  await Node.connect(node);
  return record(outcome);
}

const Registrar = GenServer.define({
  name: 'Registrar',
  init: () => 0,
  handleCall: {
    register: async (n, name: string, options: RegisterOptions) =>
      reply(
        await Global.register(
          name,
          spawn(() => receive()),
          options,
        ),
        n,
      ),
    /** Resolves when the process waits for the end of the connection to the node. */
    alone: async (n, names: readonly string[], node: string, options: RegisterOptions) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const pid = spawn(() => {
        Node.monitor(node);
        resolve();
        return registerAlone(names, node, options);
      });
      await promise;
      return reply(pid, n);
    },
    table: (n) =>
      reply(
        Global.names().map((name) => [name, Global.whereis(name)]),
        n,
      ),
    nodes: (n) => reply(Global.nodes().length, n),
  },
});

await Workers.join();
await Global.startLink(globalOptions);
await Registrar.start(undefined, { name: 'registrar' });
