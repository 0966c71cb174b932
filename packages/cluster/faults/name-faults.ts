/** Names that all nodes want. */
import { GenServer, receive, self, spawn } from '@linnet/otp';
import { Cluster, Global, Node } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { type Fault, ms, waitFor } from './fault.ts';
import { here, startPeer } from './two-nodes.ts';

const count = 3000;

export const nameFaults: readonly Fault[] = [
  {
    name: `${count} names, each registered from three nodes at once`,
    bar: `exactly ${count} winners, equal tables`,
    run: async () => {
      await using server = await NatsServer.start();
      await using _cluster = await Cluster.start({
        name: here,
        cookie: 'secret',
        carrier: nats({ servers: server.url }),
      });
      const global = await Global.startLink();
      const nodes = ['one@127.0.0.1', 'two@127.0.0.1'];
      await using _one = await startPeer(server, { name: 'one@127.0.0.1' });
      await using _two = await startPeer(server, { name: 'two@127.0.0.1' });
      for (const node of nodes) await Node.connect(node);
      await waitFor(() => Global.nodes().length === 3);
      const names = Array.from({ length: count }, (_, i) => `name-${i}`);
      const began = performance.now();
      const won = await new Promise<number[]>((resolve) => {
        spawn(async () => {
          for (const node of nodes) await Node.spawn(node, 'races', [names, self()]);
          const own = await Promise.all(
            names.map((name) => Global.register(name, self(), { timeout: 25_000 })),
          );
          const others = [await receive(), await receive()] as Array<{ won: number }>;
          resolve([own.filter(Boolean).length, ...others.map((each) => each.won)]);
          await receive();
        });
      });
      const took = performance.now() - began;
      await waitFor(() => Global.names().length === count);
      const tables = await new Promise<unknown[][]>((resolve) => {
        spawn(async () => {
          const found: unknown[][] = [];
          for (const node of nodes) {
            await Node.spawn(node, 'tellNames', [self()]);
            const { names: table } = (await receive()) as {
              names: Array<readonly [string, unknown]>;
            };
            found.push(table);
          }
          resolve(found);
        });
      });
      const differing = tables.flatMap((table) =>
        (table as Array<readonly [string, unknown]>).filter(
          ([name, pid]) => Global.whereis(name) !== pid,
        ),
      ).length;
      const missing = tables.filter((table) => table.length !== count).length;
      await GenServer.stop(global);
      const winners = won.reduce((a, b) => a + b, 0);
      return {
        holds: winners === count && differing === 0 && missing === 0,
        seen: `${won.join(' + ')} = ${winners} winners in ${ms(took)}; ${differing + missing} entries differ`,
      };
    },
  },
];
