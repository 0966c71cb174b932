/** Worker threads that end, and that do not answer any more. */
import { receive, self, send, spawn, Supervisor } from '@linnet/otp';
import { Cluster, Node, Workers } from '../src/index.ts';
import { type Fault, ms, type Outcome, waitFor } from './fault.ts';
import { watchNodes } from './two-nodes.ts';

const worker = 'faults/w1@127.0.0.1';
const downAfterMs = 2000;

async function command(word: string, limitMs: number): Promise<Outcome> {
  await using _tree = await Supervisor.startLink(
    [
      Cluster.childSpec({ name: 'faults@127.0.0.1', cookie: 'secret', downAfterMs }),
      Workers.childSpec({
        count: 1,
        module: new URL('../test/support/peer-worker.ts', import.meta.url),
        worker: { execArgv: ['--conditions=@linnet/source', '--no-warnings'] },
      }),
    ],
    { strategy: 'rest_for_one' },
  );
  const news = watchNodes();
  const asked = await new Promise<number>((resolve) => {
    spawn(async () => {
      const echo = { name: 'echo', node: worker };
      // Once it has answered, its process is there.
      for (let answer: unknown; answer === undefined;) {
        send(echo, { do: 'echo', from: self(), value: 'ready' });
        answer = await receive(() => true, { timeout: 100 }).catch(() => undefined);
      }
      send(echo, { do: word, from: self() });
      resolve(performance.now());
    });
  });
  await waitFor(() => news.some(({ type }) => type === 'nodeup'));
  const of = (type: string) => news.find((each) => each.type === type);
  const [down, up] = [of('nodedown'), of('nodeup')];
  const took = down === undefined ? undefined : down.at - asked;
  const reason = down?.type === 'nodedown' ? down.reason : 'none';
  const isBack = up !== undefined && Node.list().includes(worker);
  return {
    holds: (took ?? Infinity) <= limitMs && isBack,
    seen: `down with ${reason} after ${ms(took)}, ${isBack ? 'started anew' : 'not back'}`,
  };
}

export const workerFaults: readonly Fault[] = [
  {
    name: 'a worker calls process.exit',
    bar: 'DOWN at once (<= 500 ms), started anew',
    run: () => command('processExit', 500),
  },
  {
    name: 'a stray error ends a worker',
    bar: 'DOWN at once (<= 500 ms), started anew',
    run: () => command('throwOutside', 500),
  },
  {
    name: 'a worker is in an endless loop',
    bar: `DOWN <= downAfterMs + 1 s (${downAfterMs + 1000} ms), started anew`,
    run: () => command('spin', downAfterMs + 1000),
  },
];
