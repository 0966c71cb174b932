/** A node in a program of its own, on NATS. Its options come as JSON, and it tells its parent when it is up. */
import { Cluster, type ClusterOptions } from '../../src/index.ts';
import { nats, type NatsOptions } from '../../src/nats/index.ts';
import { modules, startNamed } from './peer-processes.ts';

const given = JSON.parse(process.argv[2] ?? '{}') as ClusterOptions & {
  readonly nats: NatsOptions;
};
const { nats: natsOptions, ...options } = given;

const cluster = await Cluster.start({ modules, ...options, carrier: nats(natsOptions) });
await startNamed();
process.send?.('up');
process.on('message', (message) => {
  if (message === 'stop') void cluster.stop().then(() => process.exit(0));
});
// Without its parent, it has no purpose.
process.on('disconnect', () => process.exit(1));
