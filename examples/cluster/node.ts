/** One node of the example: it runs its share of the children, and tells when it starts one. */
import { GenServer, noreply, Supervisor } from '@linnet/otp';
import { Cluster, ClusterSupervisor, Node } from '@linnet/cluster';
import { nats } from '@linnet/cluster/nats';

const [name = '', servers = ''] = process.argv.slice(2);

/** Something that is to run once in the cluster. */
const Job = GenServer.define({
  name: 'Job',
  init: (id: string) => {
    process.send?.(`${id} runs on ${Node.self()}`);
    return id;
  },
  handleInfo: (id) => noreply(id),
});

await Supervisor.startLink(
  [
    Cluster.childSpec({ name, cookie: 'example', carrier: nats({ servers }) }),
    ClusterSupervisor.childSpec({ name: 'jobs', modules: { Job }, redistributeAfterMs: 500 }),
  ],
  { strategy: 'rest_for_one' },
);
// The program that started this one has gone.
process.on('disconnect', () => process.exit());
process.send?.('up');
process.on('message', (message) => {
  if (message !== 'start jobs') return;
  void (async () => {
    while (ClusterSupervisor.nodes('jobs').length < 3) await new Promise((r) => setTimeout(r, 20));
    for (let i = 1; i <= 6; i++) {
      const id = `mail-${i}`;
      await ClusterSupervisor.startChild('jobs', { id, module: 'Job', arg: id });
    }
    process.send?.('jobs started');
  })();
});
