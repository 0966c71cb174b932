/** A node in a worker thread, with an instance of Finch that shares the limits of its hosts. */
import { GenServer, noreply, reply } from '@linnet/otp';
import { Finch } from '@linnet/finch';
import { Global, Workers } from '../../src/index.ts';
import { HostLeases } from '../../src/finch/index.ts';
import { leaseOptions, requestAll } from './lease-nodes.ts';

/** Makes requests, and tells of the leases of this node. */
const Client = GenServer.define({
  name: 'Client',
  init: async () => {
    await Global.startLink();
    await HostLeases.startLink(leaseOptions);
    return Finch.startLink({
      name: 'http',
      hostLimiter: HostLeases.limiter(),
      pools: { default: { size: 8 } },
    });
  },
  handleCall: {
    request: async (finch, url: string, count: number) =>
      reply(await requestAll(finch, url, count), finch),
    figures: (finch, host: string) => reply(HostLeases.figures(host), finch),
    limits: (finch, host: string) =>
      reply(Global.whereis(`Linnet.HostLimiter ${host}`)?.node, finch),
    nodes: (finch) => reply(Global.nodes().length, finch),
  },
  handleCast: {
    die: (finch) => {
      process.exit(3);
      return noreply(finch);
    },
  },
});

await Workers.join();
await Client.start(undefined, { name: 'client' });
