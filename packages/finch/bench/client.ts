/**
 * One client in a process of its own: `node client.ts <name> <target as JSON>`.
 * Each line is a turn's length in milliseconds; the answer is what was done in it. The line `warm`
 * is a turn that lasts until the process has had some processor time, so that all code is compiled
 * when it matters, on a busy machine too.
 */
import { answerLines } from '../../otp/bench/harness/program.ts';
import { percentile } from '../../otp/bench/harness/stats.ts';
import type { Prepare, Target } from './clients/client.ts';
import type { ClientName } from './load.ts';

/** The result of one turn. */
export interface Turn {
  readonly perSecond: number;
  /** Processor time of the client for each request, in µs. */
  readonly cpu: number;
  /** Latencies, in ms. */
  readonly p50: number;
  readonly p99: number;
}

// Each process loads one client only, as a program would.
const clients: Readonly<Record<ClientName, () => Promise<Prepare>>> = {
  linnet: async () => (await import('./clients/linnet.ts')).prepareBuilt,
  mint: async () => (await import('./clients/mint.ts')).prepareMint,
  floor: async () => (await import('./clients/floor.ts')).prepareFloor,
  'floor-look': async () => (await import('./clients/floor.ts')).prepareFloorLook,
  'linnet-url': async () => (await import('./clients/linnet.ts')).prepareUrl,
  'linnet-telemetry': async () => (await import('./clients/linnet.ts')).prepareTelemetry,
  undici8: async () => (await import('./clients/undici.ts')).prepareUndici8,
  'undici8-dispatch': async () => (await import('./clients/undici.ts')).prepareUndici8Dispatch,
  undici7: async () => (await import('./clients/undici.ts')).prepareUndici7,
  fetch: async () => (await import('./clients/fetch.ts')).prepareFetch,
  'fetch-undici': async () => (await import('./clients/undici.ts')).prepareFetchUndici8,
  'fetch-linnet': async () => (await import('./clients/linnet-adapters.ts')).prepareFetchLinnet,
  'node:http': async () => (await import('./clients/node-http.ts')).prepareNodeHttp,
  axios: async () => (await import('./clients/axios.ts')).prepareAxios,
  got: async () => (await import('./clients/got.ts')).prepareGot,
  'node:http-linnet': async () =>
    (await import('./clients/linnet-adapters.ts')).prepareNodeHttpLinnet,
  'axios-linnet': async () => (await import('./clients/linnet-adapters.ts')).prepareAxiosLinnet,
  'got-linnet': async () => (await import('./clients/linnet-adapters.ts')).prepareGotLinnet,
  'node:http2': async () => (await import('./clients/node-http2.ts')).prepareNodeHttp2,
  'undici8-h2': async () => (await import('./clients/undici.ts')).prepareUndici8H2,
  'got-h2': async () => (await import('./clients/got.ts')).prepareGotH2,
};

const [name = '', json = '{}'] = process.argv.slice(2);
const target = JSON.parse(json) as Target;
const prepare = await clients[name as ClientName]();
const send = await prepare(target);

/** Processor time of a warm-up, in ms. */
const warmUp = 2000;

/** Keeps the load up until the time has come, then lets what is under way end. */
async function turn(over: (now: number) => boolean): Promise<Turn> {
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const oneAfterTheOther = async (): Promise<void> => {
    for (let before = started; !over(before);) {
      await send();
      const after = performance.now();
      latencies.push(after - before);
      before = after;
    }
  };
  await Promise.all(Array.from({ length: target.concurrency }, oneAfterTheOther));
  const elapsed = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    perSecond: (latencies.length * 1000) / elapsed,
    cpu: (user + system) / latencies.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

function afterMilliseconds(ms: number): (now: number) => boolean {
  const end = performance.now() + ms;
  return (now) => now >= end;
}

function afterProcessorTime(ms: number): () => boolean {
  const before = process.cpuUsage();
  let answers = 0;
  let warm = false;
  return () => {
    if (++answers % 100 === 0) {
      const { user, system } = process.cpuUsage(before);
      warm = (user + system) / 1000 >= ms;
    }
    return warm;
  };
}

await answerLines(async (line) => {
  const over = line === 'warm' ? afterProcessorTime(warmUp) : afterMilliseconds(Number(line));
  return JSON.stringify(await turn(over));
});
