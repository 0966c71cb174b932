/** Nodes that are killed, stopped, and started anew. */
import { GenServer, monitor, receive, spawn, type StartError } from '@linnet/otp';
import { Cluster, ClusterError, Node } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { type Fault, ms, type Outcome, pause, waitFor } from './fault.ts';
import { downAfterMs, startPeer, there, watchNodes, withTwoNodes } from './two-nodes.ts';
import { isComplete, timedOut, told, traffic } from './traffic.ts';

const rounds = 8;

/** Starts processes that monitor one on the other node; how often each was told of its end. */
async function monitors(count: number): Promise<number[]> {
  const downs = Array.from({ length: count }, () => 0);
  let ready = 0;
  for (let i = 0; i < count; i++) {
    spawn(async () => {
      monitor({ name: 'counter', node: there });
      ready++;
      for (;;) {
        await receive();
        downs[i] = (downs[i] ?? 0) + 1;
      }
    });
  }
  await waitFor(() => ready === count);
  // What is answered now has come after the monitors.
  await GenServer.call({ name: 'counter', node: there }, 'value');
  return downs;
}

async function kill(callsPerSecond: number, limitMs: number): Promise<Outcome> {
  const times: Array<number | undefined> = [];
  let timeouts = 0;
  let notOnce = 0;
  for (let i = 0; i < rounds; i++) {
    await withTwoNodes(async ({ peer, next }) => {
      const downs = await monitors(10);
      const running = traffic(0, callsPerSecond);
      await pause(300);
      const at = performance.now();
      await peer.kill();
      times.push(await next('nodedown', at));
      timeouts += timedOut(await running.stop());
      notOnce += downs.filter((count) => count !== 1).length;
      return { holds: true, seen: '' };
    });
  }
  const sorted = times.map((time) => time ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
  return {
    holds: sorted.every((time) => time <= limitMs) && timeouts === 0 && notOnce === 0,
    seen: `down after ${ms(sorted[0])} to ${ms(sorted.at(-1))} (${rounds} times), ${timeouts} calls timed out, ${notOnce} monitors not told exactly once`,
  };
}

export const nodeFaults: readonly Fault[] = [
  {
    name: 'kill -9 of a node, idle',
    bar: 'DOWN <= 3000 ms, one for each monitor',
    run: () => kill(0, 3000),
  },
  {
    name: 'kill -9 of a node under 50 calls/s',
    bar: 'DOWN <= 2000 ms, one for each monitor, no call times out',
    run: () => kill(50, 2000),
  },
  {
    name: 'SIGSTOP of a node for longer than downAfterMs, then SIGCONT',
    bar: `DOWN <= ${downAfterMs + 1000} ms; up <= 2000 ms after SIGCONT`,
    run: () =>
      withTwoNodes(async ({ peer, next }) => {
        const at = performance.now();
        peer.process.kill('SIGSTOP');
        const down = await next('nodedown', at);
        const back = performance.now();
        peer.process.kill('SIGCONT');
        const up = await next('nodeup', back);
        return {
          holds: (down ?? Infinity) <= downAfterMs + 1000 && (up ?? Infinity) <= 2000,
          seen: `down after ${ms(down)}, up ${ms(up)} after SIGCONT`,
        };
      }),
  },
  {
    name: 'SIGSTOP of a node for 3 s, 100 messages/s',
    bar: 'nothing lost, nothing seen',
    run: () =>
      withTwoNodes(async ({ peer, news }) => {
        const running = traffic(100, 0);
        peer.process.kill('SIGSTOP');
        await pause(3000);
        peer.process.kill('SIGCONT');
        const report = await running.stop();
        return {
          holds: isComplete(report) && news.length === 0,
          seen: `${told(report)}, ${news.length} node events`,
        };
      }),
  },
  {
    name: 'a node is killed and started anew with its name',
    bar: 'up <= 3000 ms and when its program is ready; pids of the old run are noconnection',
    run: () =>
      withTwoNodes(async ({ server, peer, next }) => {
        const old = await Node.spawn(there, 'waits');
        const at = performance.now();
        await peer.kill();
        await using _again = await startPeer(server);
        const ready = performance.now() - at;
        const up = await next('nodeup', at);
        const reason = await new Promise((resolve) => {
          spawn(async () => {
            monitor(old);
            resolve(((await receive()) as { reason: unknown }).reason);
          });
        });
        return {
          holds: (up ?? Infinity) <= Math.min(3000, ready + 100) && reason === 'noconnection',
          seen: `up ${ms(up)} after the kill, its program is ready after ${ms(ready)}; an old pid is ${String(reason)}`,
        };
      }),
  },
  {
    name: 'a second node with the name of a living one',
    bar: 'refused <= 3000 ms with name_in_use; the living one stays',
    run: async () => {
      await using server = await NatsServer.start();
      await using _peer = await startPeer(server);
      const carrier = nats({ servers: server.url });
      const began = performance.now();
      const error = await Cluster.start({ name: there, cookie: 'secret', carrier }).catch(
        (reason: unknown) => (reason as StartError).reason,
      );
      const took = performance.now() - began;
      await using _cluster = await Cluster.start({
        name: 'third@127.0.0.1',
        cookie: 'secret',
        carrier: nats({ servers: server.url }),
      });
      const stays = await Node.connect(there);
      const reason = error instanceof ClusterError ? error.reason : 'it started';
      return {
        holds: reason === 'name_in_use' && took <= 3000 && stays,
        seen: `${reason} after ${ms(took)}, the living one ${stays ? 'is connected' : 'is gone'}`,
      };
    },
  },
  {
    name: 'all nodes are restarted, one after the other',
    bar: 'each is down at once with bye, and up again; calls to the others go on',
    run: async () => {
      await using server = await NatsServer.start();
      await using _cluster = await Cluster.start({
        name: 'watcher@127.0.0.1',
        cookie: 'secret',
        carrier: nats({ servers: server.url }),
      });
      const names = ['one', 'two', 'three'].map((name) => `${name}@127.0.0.1`);
      const peers = await Promise.all(names.map((name) => startPeer(server, { name })));
      for (const name of names) await Node.connect(name);
      const news = watchNodes();
      await pause(100);
      let failures = 0;
      let calls = 0;
      for (const [i, name] of names.entries()) {
        const others = names.filter((other) => other !== name);
        await peers[i]?.stop();
        const again = startPeer(server, { name });
        for (const node of others) {
          calls++;
          await GenServer.call({ name: 'counter', node }, 'value').catch(() => failures++);
        }
        peers[i] = await again;
        await Node.connect(name);
      }
      const reasons = news.flatMap((each) => (each.type === 'nodedown' ? [each.reason] : []));
      const ups = news.filter(({ type }) => type === 'nodeup').length;
      for (const peer of peers) await peer.kill();
      return {
        holds: failures === 0 && reasons.join() === 'bye,bye,bye' && ups === 3,
        seen: `down with ${reasons.join(', ')}; ${ups} up again; ${failures} of ${calls} calls failed`,
      };
    },
  },
];
