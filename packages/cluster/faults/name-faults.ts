/** Names that all nodes want. */
import { exit, GenServer, receive, self, spawn } from '@linnet/otp';
import { Cluster, Global, Node } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { raceForNames, raceModules, type RaceResult } from '../test/support/name-race.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { type Fault, ms, waitFor } from './fault.ts';
import { here, startPeer } from './two-nodes.ts';

const count = 3000;

export const nameFaults: readonly Fault[] = [
  {
    name: `${count} names, each wanted by three nodes at the same moment, 100 at once`,
    bar: `exactly ${count} winners, some on each node, equal tables`,
    run: async () => {
      await using server = await NatsServer.start();
      await using _cluster = await Cluster.start({
        name: here,
        cookie: 'secret',
        carrier: nats({ servers: server.url }),
        modules: raceModules,
      });
      const global = await Global.startLink();
      const nodes = ['one@127.0.0.1', 'two@127.0.0.1'];
      await using _one = await startPeer(server, { name: 'one@127.0.0.1' });
      await using _two = await startPeer(server, { name: 'two@127.0.0.1' });
      for (const node of nodes) await Node.connect(node);
      await waitFor(() => Global.nodes().length === 3);
      const names = Array.from({ length: count }, (_, i) => `name-${i}`);
      const began = performance.now();
      const all = [here, ...nodes];
      const { won, racers } = await new Promise<RaceResult>((resolve, reject) => {
        spawn(() => raceForNames(all, names).then(resolve, reject));
      });
      const counts = all.map((node) => won.get(node) ?? 0);
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
      for (const pid of racers) exit(pid, 'kill');
      await GenServer.stop(global);
      const winners = counts.reduce((a, b) => a + b, 0);
      const wereAllInIt = counts.every((each) => each > 0);
      return {
        holds: winners === count && wereAllInIt && differing === 0 && missing === 0,
        seen: `${counts.join(' + ')} = ${winners} winners in ${ms(took)}; ${differing + missing} entries differ`,
      };
    },
  },
];
