/**
 * How long a message waits for its process while the event loop serves HTTP at full load.
 *
 * An HTTP server that wakes an idle process or actor in one of twenty requests and answers at
 * once. First answers its port; then each line with the percentiles, in microseconds, of the waits
 * since the line before.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dispatch } from 'nact';
import { GenServer, noreply, send } from '@linnet/otp';
import { answerLines } from './harness/program.ts';
import { percentile } from './harness/stats.ts';
import { spawnActor } from './nact-actors.ts';

const sleepers = 100;
let waits: number[] = [];

const woken = (sentAt: number): void => void waits.push((performance.now() - sentAt) * 1000);

const Sleeper = GenServer.define({
  init: () => 0,
  handleInfo: (state, sentAt) => {
    woken(sentAt as number);
    return noreply(state);
  },
});

async function startSleepers(runtime: string): Promise<(index: number) => void> {
  if (runtime === 'linnet') {
    const servers = await Promise.all(Array.from({ length: sleepers }, () => Sleeper.start()));
    const pids = servers.map(({ pid }) => pid);
    return (index) => {
      const pid = pids[index];
      if (pid !== undefined) send(pid, performance.now());
    };
  }
  const actors = Array.from({ length: sleepers }, () =>
    spawnActor((_state: undefined, sentAt: number) => {
      woken(sentAt);
      return undefined;
    }),
  );
  return (index) => {
    const actor = actors[index];
    if (actor !== undefined) dispatch(actor, performance.now());
  };
}

const wake = await startSleepers(process.argv[2] ?? '');
let requests = 0;
const server = createServer((_request, response) => {
  requests++;
  if (requests % 20 === 0) wake((requests / 20) % sleepers);
  response.end('ok');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

await answerLines((line) => {
  if (line === 'port') return Promise.resolve(String(port));
  const answer = [0.5, 0.99].map((p) => percentile(waits, p).toFixed(1)).join(' ');
  waits = [];
  return Promise.resolve(answer);
});
