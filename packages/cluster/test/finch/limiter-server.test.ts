/** The process that limits a host, and a node that answers it too late: a server of the test stands for one of them. */
import { GenServer, noreply, type Pid, receive, self, send, Supervisor } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { HostLimiterServer, leasesName, limiterName } from '../../src/finch/limiter-server.ts';
import { HostLeases } from '../../src/finch/index.ts';
import { Cluster, Global } from '../../src/index.ts';

const host = 'api.example.com:443';

async function startNode(): Promise<void> {
  const supervisor = await Supervisor.startLink(
    [Cluster.childSpec({ name: 'limits@127.0.0.1', cookie: 'secret' }), Global.childSpec()],
    { strategy: 'rest_for_one' },
  );
  onTestFinished(() => supervisor.stop());
}

/** Holds one lease and wants five more, but does not say what it holds in time. */
const LateNode = GenServer.define({
  init: (to: Pid) => to,
  handleCall: {
    holds: (to, _host: string, limiter: Pid) => {
      GenServer.cast(limiter, ['present', self(), 1]);
      GenServer.cast(limiter, ['ask', self(), 5, 5]);
      return noreply(to);
    },
  },
  handleCast: {
    granted: (to, _host: string, _by: Pid, count: number) => {
      send(to, { granted: count });
      return noreply(to);
    },
    share: (to) => noreply(to),
  },
});

test('a node whose answer is late is not left out, and what it holds counts', async () => {
  await startNode();
  await inProcess(async () => {
    const late = await LateNode.startLink(self(), { name: leasesName });
    const limiter = await HostLimiterServer.startLink({ host, limit: 3, nodes: undefined });
    expect(await receive()).toEqual({ granted: 2 });
    for (const { pid } of [limiter, late]) await GenServer.stop(pid);
  });
});

/** A limiter that begins, and tells what a node says of itself. */
const NewLimiter = GenServer.define({
  init: (to: Pid) => to,
  handleCast: {
    present: (to, pid: Pid, held: number) => {
      send(to, { present: pid, held });
      return noreply(to);
    },
    ask: (to) => noreply(to),
  },
});

test('a node that wants leases tells a limiter that asks of itself, beside its answer', async () => {
  await startNode();
  await inProcess(async () => {
    const leases = await HostLeases.startLink({ maxPerHost: 3 });
    const source = HostLeases.limiter().join({ leaseFree() {}, leaseWanted() {} });
    source.ask(host);
    const { pid } = await NewLimiter.startLink(self());
    await GenServer.call(leases, ['holds', host, pid]);
    expect(await receive()).toEqual({ present: leases, held: 0 });
    // It has started one of its own, too.
    await eventually(() => expect(Global.whereis(limiterName(host))).toBeDefined());
    for (const started of [Global.via(limiterName(host)), pid, leases]) {
      await GenServer.stop(started);
    }
  });
});
