import { GenServer, monitor, receive, spawn, type DownMessage } from '@linnet/otp';
import { Cluster, Node } from '@linnet/cluster';
import { nats } from '@linnet/cluster/nats';

const servers = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
await Cluster.start({
  name: 'client@127.0.0.1',
  cookie: 'tutorial',
  carrier: nats({ servers }),
});

const counter = { name: 'counter', node: 'counter@127.0.0.1' };
spawn(async () => {
  for (;;) {
    while (!(await Node.connect(counter.node))) console.log(`waiting for ${counter.node}`);
    const ref = monitor(counter);
    for (let i = 0; i < 3; i++) console.log(await GenServer.call(counter, ['add', 1]));
    const down = await receive((message): message is DownMessage => ref.isDownMessage(message));
    console.log(`the counter is down: ${String(down.reason)}`);
  }
});
