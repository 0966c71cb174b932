/** Long messages, and nodes that do not take what is sent to them. */
import { GenServer, receive, send, spawn } from '@linnet/otp';
import { Node } from '../src/index.ts';
import { type Fault, megabytes, ms, pause } from './fault.ts';
import { there, withTwoNodes } from './two-nodes.ts';

const counter = { name: 'counter', node: there };
const echo = { name: 'echo', node: there };

/** The times of calls, one after the other, until a promise settles. */
async function callsUntil(end: Promise<unknown>): Promise<number[]> {
  let on = true;
  void end.then(() => (on = false));
  const times: number[] = [];
  while (on || times.length < 20) {
    const began = performance.now();
    await GenServer.call(counter, 'value');
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b);
}

const at = (times: readonly number[], part: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;

/** Sends messages of 5 MB there and back, one after the other. */
async function echoLong(count: number): Promise<number> {
  const bytes = new Uint8Array(5 * 1024 * 1024);
  const began = performance.now();
  await new Promise<void>((resolve) => {
    spawn(async () => {
      const from = spawn(async () => {
        for (let i = 0; i < count; i++) {
          const { echo: back } = (await receive()) as { echo: Uint8Array };
          if (back.length !== bytes.length) throw new Error('it has not arrived whole');
          if (i < count - 1) send(echo, { do: 'echo', from, value: bytes });
        }
        resolve();
      });
      send(echo, { do: 'echo', from, value: bytes });
    });
  });
  return (performance.now() - began) / count;
}

export const messageFaults: readonly Fault[] = [
  {
    name: 'messages of 5 MB beside small calls',
    bar: 'small calls are held up by <= 50 ms',
    run: () =>
      withTwoNodes(async () => {
        // The memory of both programs is theirs from here on.
        await echoLong(5);
        const alone = await callsUntil(pause(500));
        const long = echoLong(20);
        const beside = await callsUntil(long);
        const [quiet, held] = [at(alone, 0.99), at(beside, 0.99)];
        return {
          holds: held - quiet <= 50,
          seen: `there and back in ${ms(await long)}; small calls: p50 ${ms(at(beside, 0.5))}, p99 ${ms(held)}, slowest ${ms(beside.at(-1))} (without: p99 ${ms(quiet)}, slowest ${ms(alone.at(-1))})`,
        };
      }),
  },
  {
    name: 'a slow consumer: 5 MB/s into a stopped node',
    bar: 'memory <= the window of 33.6 MB; DOWN; up after SIGCONT',
    run: () =>
      withTwoNodes(async ({ peer, news, next }) => {
        const sink = spawn(() => receive());
        const began = performance.now();
        peer.process.kill('SIGSTOP');
        const chunk = new Uint8Array(50_000);
        let most = 0;
        while (news.length === 0 && performance.now() - began < 15_000) {
          for (let i = 0; i < 5; i++) send(echo, { do: 'keep', from: sink, value: chunk });
          most = Math.max(most, Node.figures(there)?.unacknowledgedBytes ?? 0);
          await pause(50);
        }
        const down = await next('nodedown', began, 100);
        const back = performance.now();
        peer.process.kill('SIGCONT');
        const up = await next('nodeup', back);
        return {
          holds: down !== undefined && up !== undefined && most <= 32 * 1024 * 1024,
          seen: `down after ${ms(down)}, at most ${megabytes(most)} kept, up ${ms(up)} after SIGCONT`,
        };
      }),
  },
  {
    name: 'more is sent to a stopped node than the window holds',
    bar: 'DOWN overload at once; the memory is free again',
    run: () =>
      withTwoNodes(
        async ({ peer, news, next }) => {
          const sink = spawn(() => receive());
          const before = process.memoryUsage().arrayBuffers;
          peer.process.kill('SIGSTOP');
          const chunk = new Uint8Array(100_000);
          const began = performance.now();
          let most = 0;
          for (let i = 0; i < 400 && news.length === 0; i++) {
            for (let j = 0; j < 5; j++) send(echo, { do: 'keep', from: sink, value: chunk });
            most = Math.max(most, Node.figures(there)?.unacknowledgedBytes ?? 0);
            await pause(1);
          }
          const down = await next('nodedown', began, 1000);
          const [first] = news;
          const reason = first?.type === 'nodedown' ? first.reason : 'none';
          const left = Node.figures(there) === undefined;
          const grown = process.memoryUsage().arrayBuffers - before;
          peer.process.kill('SIGCONT');
          return {
            holds: reason === 'overload' && most <= 4 * 1024 * 1024 && left,
            seen: `${reason} after ${ms(down)}, at most ${megabytes(most)} kept, buffers grown by ${megabytes(grown)}`,
          };
        },
        { windowBytes: 4 * 1024 * 1024 },
      ),
  },
];
