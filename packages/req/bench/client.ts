/** One client in a process of its own: `node client.ts <name> <url>`. Each line is a turn's length in ms. */
import { answerLines } from '../../otp/bench/harness/program.ts';
import { clients, connections, type ClientName } from './clients.ts';

/** The length of every answer. */
const bytes = 1024;
/** Processor time of the first turn, in ms, so that all code is compiled when it matters. */
const warmUp = 1500;

const [name = '', url = ''] = process.argv.slice(2);
const send = await clients[name as ClientName](url);

async function rate(over: () => boolean): Promise<number> {
  let answers = 0;
  const started = performance.now();
  const oneAfterTheOther = async (): Promise<void> => {
    while (!over()) {
      const { length } = await send();
      if (length !== bytes) throw new Error(`${name}: ${length} of ${bytes} bytes`);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, oneAfterTheOther));
  return (answers * 1000) / (performance.now() - started);
}

function spent(ms: number): () => boolean {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 >= ms;
  };
}

function passed(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}

await answerLines(async (line) =>
  JSON.stringify(await rate(line === 'warm' ? spent(warmUp) : passed(Number(line)))),
);
