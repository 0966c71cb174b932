/**
 * Faults against real programs and a real NATS server, with the times that they take. What must hold in
 * each is checked; the last line says how many did not.
 *
 *     npm run faults -w @linnet/cluster
 *     npm run faults -w @linnet/cluster -- kill
 */
import { GenServer, receive, send, spawn } from '@linnet/otp';
import { Cluster, Node, type NodeMessage } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { hasNatsServer, NatsServer } from '../test/support/nats-server.ts';
import { PeerNode } from '../test/support/peer-node.ts';

const here = 'faults@127.0.0.1';
const there = 'peer@127.0.0.1';
const counter = { name: 'counter', node: there };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What one run of a fault came to. */
interface Outcome {
  readonly holds: boolean;
  readonly seen: string;
}

/** What is at hand in a fault. */
interface Setting {
  readonly server: NatsServer;
  readonly peer: PeerNode;
  /** All that this node was told of others, with the time. */
  readonly news: Array<NodeMessage & { readonly at: number }>;
  /** Waits for news of a type. */
  readonly next: (
    type: NodeMessage['type'],
    after: number,
    ms?: number,
  ) => Promise<number | undefined>;
}

async function withCluster(run: (setting: Setting) => Promise<Outcome>): Promise<Outcome> {
  await using server = await NatsServer.start();
  await using _cluster = await Cluster.start({
    name: here,
    cookie: 'secret',
    carrier: nats({ servers: server.url }),
    downAfterMs: 8000,
  });
  await using peer = await PeerNode.start({
    name: there,
    cookie: 'secret',
    downAfterMs: 8000,
    nats: { servers: server.url },
  });
  await Node.connect(there);
  const news: Setting['news'] = [];
  spawn(async () => {
    Node.monitorNodes(true);
    for (;;) news.push({ ...((await receive()) as NodeMessage), at: performance.now() });
  });
  await pause(100);
  return await run({
    server,
    peer,
    news,
    async next(type, after, ms = 20_000) {
      for (const end = performance.now() + ms; performance.now() < end; await pause(5)) {
        const found = news.find((each) => each.type === type && each.at >= after);
        if (found !== undefined) return found.at - after;
      }
      return undefined;
    },
  });
}

/** Messages and calls to the other node, from now until `stop`. */
function traffic(messagesPerSecond: number, callsPerSecond: number) {
  const failures = new Map<string, number>();
  let sent = 0;
  let received = 0;
  let outOfOrder = 0;
  let calls = 0;
  let slowest = 0;
  let on = true;
  const call = async (): Promise<void> => {
    const began = performance.now();
    try {
      await GenServer.call(counter, 'value', { timeout: 15_000 });
      calls++;
      slowest = Math.max(slowest, performance.now() - began);
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      failures.set(code, (failures.get(code) ?? 0) + 1);
    }
  };
  const collector = spawn(async () => {
    for (let last = -1; ;) {
      const { echo } = (await receive()) as { echo: number };
      if (echo !== last + 1) outOfOrder++;
      last = echo;
      received++;
    }
  });
  const began = performance.now();
  const running = (async () => {
    let made = 0;
    while (on) {
      const seconds = (performance.now() - began) / 1000;
      while (sent < seconds * messagesPerSecond) {
        send({ name: 'echo', node: there }, { do: 'echo', from: collector, value: sent++ });
      }
      for (; made < seconds * callsPerSecond; made++) void call();
      await pause(5);
    }
  })();
  return {
    async stop() {
      on = false;
      await running;
      for (let i = 0; i < 400 && received < sent; i++) await pause(10);
      return { sent, received, outOfOrder, calls, slowest, failures };
    },
  };
}

const ms = (value: number | undefined): string =>
  value === undefined ? 'never' : `${Math.round(value)} ms`;

async function kill(busy: boolean): Promise<Outcome> {
  const limit = busy ? 2000 : 3000;
  const times: Array<number | undefined> = [];
  const failed = new Map<string, number>();
  for (let i = 0; i < 4; i++) {
    await withCluster(async ({ peer, next }) => {
      const running = busy ? traffic(0, 50) : undefined;
      await pause(300);
      const at = performance.now();
      await peer.kill();
      times.push(await next('nodedown', at));
      for (const [code, count] of (await running?.stop())?.failures ?? []) {
        failed.set(code, (failed.get(code) ?? 0) + count);
      }
      return { holds: true, seen: '' };
    });
  }
  const timedOut = failed.get('ERR_CALL_TIMEOUT') ?? 0;
  return {
    holds: times.every((time) => time !== undefined && time <= limit) && timedOut === 0,
    seen: `down after ${times.map(ms).join(', ')} (at most ${limit} ms); calls ${JSON.stringify([...failed])}`,
  };
}

const serverGone = (awayMs: number) => (): Promise<Outcome> =>
  withCluster(async ({ server, news }) => {
    const running = traffic(1000, 50);
    await pause(500);
    await server.kill();
    await pause(awayMs);
    await server.restart();
    await pause(3000);
    const { sent, received, outOfOrder, calls, slowest, failures } = await running.stop();
    const downs = news.filter(({ type }) => type === 'nodedown').length;
    return {
      holds: sent === received && outOfOrder === 0 && failures.size === 0 && downs === 0,
      seen: `${received} of ${sent} messages, ${outOfOrder} out of order, ${calls} calls, ${failures.size} failures, slowest ${ms(slowest)}, ${downs} nodedown`,
    };
  });

const faults: Readonly<Record<string, () => Promise<Outcome>>> = {
  'kill -9 of a node, idle': () => kill(false),
  'kill -9 of a node, 50 calls/s': () => kill(true),
  'kill -9 of the only server, back after 1 s, 1000 messages/s and 50 calls/s': serverGone(1000),
  'kill -9 of the only server, back after 3 s, 1000 messages/s and 50 calls/s': serverGone(3000),
  'the only server away for longer than downAfterMs': () =>
    withCluster(async ({ server, news, next }) => {
      const running = traffic(0, 20);
      await pause(300);
      const at = performance.now();
      await server.kill();
      const down = await next('nodedown', at);
      await pause(1000);
      const back = performance.now();
      await server.restart();
      const up = await next('nodeup', back);
      const { failures } = await running.stop();
      const timedOut = failures.get('ERR_CALL_TIMEOUT') ?? 0;
      return {
        holds: down !== undefined && up !== undefined && up <= 5000 && timedOut === 0,
        seen: `down after ${ms(down)} (${news.find(({ type }) => type === 'nodedown')?.node ?? ''}), up ${ms(up)} after the server, calls that failed ${JSON.stringify([...failures])}`,
      };
    }),
  'SIGSTOP of a node for longer than downAfterMs, then SIGCONT': () =>
    withCluster(async ({ peer, next }) => {
      const at = performance.now();
      peer.process.kill('SIGSTOP');
      const down = await next('nodedown', at);
      const back = performance.now();
      peer.process.kill('SIGCONT');
      const up = await next('nodeup', back);
      return {
        holds: down !== undefined && down <= 9000 && up !== undefined && up <= 2000,
        seen: `down after ${ms(down)} (at most 9000 ms), up ${ms(up)} after SIGCONT (at most 2000 ms)`,
      };
    }),
  'SIGSTOP of a node for 3 s, 100 messages/s': () =>
    withCluster(async ({ peer, news }) => {
      const running = traffic(100, 0);
      peer.process.kill('SIGSTOP');
      await pause(3000);
      peer.process.kill('SIGCONT');
      const { sent, received, outOfOrder } = await running.stop();
      return {
        holds: sent === received && outOfOrder === 0 && news.length === 0,
        seen: `${received} of ${sent} messages, ${outOfOrder} out of order, ${news.length} node events`,
      };
    }),
  'a message of 5 MB beside small ones': () =>
    withCluster(async () => {
      const collector = spawn(async () => {
        for (;;) await receive();
      });
      let slowest = 0;
      const bytes = new Uint8Array(5 * 1024 * 1024);
      send({ name: 'echo', node: there }, { do: 'echo', from: collector, value: bytes });
      for (let i = 0; i < 50; i++) {
        const began = performance.now();
        await GenServer.call(counter, 'value');
        slowest = Math.max(slowest, performance.now() - began);
      }
      return { holds: true, seen: `slowest call beside it ${ms(slowest)}` };
    }),
  'a slow consumer: 5 MB/s into a stopped node': () =>
    withCluster(async ({ peer, news, next }) => {
      const sink = spawn(() => receive());
      const at = performance.now();
      peer.process.kill('SIGSTOP');
      const chunk = new Uint8Array(50_000);
      let most = 0;
      while (news.length === 0 && performance.now() - at < 15_000) {
        for (let i = 0; i < 5; i++) {
          send({ name: 'echo', node: there }, { do: 'keep', from: sink, value: chunk });
        }
        most = Math.max(most, Node.figures(there)?.unacknowledgedBytes ?? 0);
        await pause(50);
      }
      const down = await next('nodedown', at, 100);
      const back = performance.now();
      peer.process.kill('SIGCONT');
      const up = await next('nodeup', back);
      return {
        holds: down !== undefined && up !== undefined && most <= 33 * 1024 * 1024,
        seen: `down after ${ms(down)}, at most ${Math.round(most / 1e6)} MB kept, up ${ms(up)} after SIGCONT`,
      };
    }),
};

if (!hasNatsServer) process.exit(0);
const wanted = process.argv[2] ?? '';
let failed = 0;
for (const [name, run] of Object.entries(faults)) {
  if (!name.includes(wanted)) continue;
  const { holds, seen } = await run();
  if (!holds) failed++;
  console.log(`${holds ? 'holds ' : 'BROKEN'}  ${name}\n        ${seen}`);
}
console.log(`${failed} of the faults did not hold`);
process.exit(failed === 0 ? 0 : 1);
