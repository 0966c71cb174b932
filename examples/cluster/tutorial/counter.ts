import { GenServer, reply, Supervisor } from '@linnet/otp';
import { Cluster, Node } from '@linnet/cluster';
import { nats } from '@linnet/cluster/nats';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: { add: (n, by: number) => reply(n + by, n + by) },
});

const servers = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
await Supervisor.startLink(
  [
    Counter.childSpec(0, { name: 'counter' }),
    Cluster.childSpec({
      name: 'counter@127.0.0.1',
      cookie: 'tutorial',
      carrier: nats({ servers }),
    }),
  ],
  { strategy: 'one_for_one' },
);
console.log(`${Node.self()} is ready`);
