/**
 * One client in a process of its own: `node client.ts <name> <target as JSON>`.
 * Each line is a turn's length in milliseconds; the answer is what was done in it.
 */
import { answerLines } from '../../otp/bench/harness/program.ts';
import { percentile } from '../../otp/bench/harness/stats.ts';
import type { Prepare, Target } from './clients/client.ts';
import type { ClientName } from './loads.ts';

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
  'linnet-url': async () => (await import('./clients/linnet.ts')).prepareUrl,
  undici8: async () => (await import('./clients/undici.ts')).prepareUndici8,
  'undici8-dispatch': async () => (await import('./clients/undici.ts')).prepareUndici8Dispatch,
  undici7: async () => (await import('./clients/undici.ts')).prepareUndici7,
  fetch: async () => (await import('./clients/fetch.ts')).prepareFetch,
  'node:http': async () => (await import('./clients/node-http.ts')).prepareNodeHttp,
  axios: async () => (await import('./clients/axios.ts')).prepareAxios,
  got: async () => (await import('./clients/got.ts')).prepareGot,
};

const [name = '', json = '{}'] = process.argv.slice(2);
const target = JSON.parse(json) as Target;
const prepare = await clients[name as ClientName]();
const send = await prepare(target);

/** Keeps the load up for so many ms, then lets what is under way end. */
async function turn(ms: number): Promise<Turn> {
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const end = started + ms;
  const oneAfterTheOther = async (): Promise<void> => {
    for (let before = performance.now(); before < end;) {
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

await answerLines(async (line) => JSON.stringify(await turn(Number(line))));
