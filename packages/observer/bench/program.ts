/**
 * A program that sends requests, with an observer or without one: a line is how many, the answer is what
 * they took. The address of its observer is the answer to `url`.
 *
 * node bench/program.ts <port of the server> <none|observer>
 */
import { Finch } from '@linnet/finch';
import { Observer } from '@linnet/observer';
import { answerLines } from '../../otp/bench/harness/program.ts';

const concurrency = 50;

const [port, kind] = process.argv.slice(2);
const finch = await Finch.startLink({ name: 'Bench', pools: { default: { size: concurrency } } });
const observer = kind === 'observer' ? await Observer.startLink({ port: 0 }) : undefined;

async function load(count: number): Promise<string> {
  let left = count;
  const cpu = process.cpuUsage();
  const started = performance.now();
  const caller = async (): Promise<void> => {
    while (left-- > 0) await finch.get(`http://127.0.0.1:${port}/1024`);
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  return JSON.stringify({ perSecond: count / seconds, cost: (user + system) / count });
}

await answerLines(async (line) =>
  line === 'url' ? ((await observer?.url()) ?? '') : load(Number(line)),
);
