/** What the quickstart shows, step by step. */
import { Finch, isFinchError, Pool } from '@linnet/finch';
import { Observer } from '@linnet/observer';
import { exit, formatTree, introspect, isAlive, Supervisor, type Pid } from '@linnet/otp';
import { stayUp } from './stay-up.ts';

export interface TourOptions {
  readonly url: string;
  readonly requests: number;
  readonly concurrency: number;
  /** Of the observer; 0 for any free one. */
  readonly port: number;
  /** Keeps the tree up, under load and with failures, until it aborts. */
  readonly stay: AbortSignal | undefined;
  readonly print: (line: string) => void;
  /** Told from time to time how many requests of a batch have been answered. */
  readonly progress: (answered: number, of: number) => void;
}

/** The outcome of a batch of requests. */
export interface Batch {
  readonly answered: number;
  /** Failed requests by error code. */
  readonly failed: ReadonlyMap<string, number>;
}

export async function runTour(options: TourOptions) {
  const { url, requests, concurrency, port, stay, print, progress } = options;
  // One list of children: a dashboard, the client, and a pool that this supervisor owns.
  const supervisor = await Supervisor.startLink(
    [
      Observer.childSpec({ port, actions: true }),
      Finch.childSpec({ name: 'MyFinch', pools: { default: { size: 20 } } }),
      Pool.childSpec({ finch: 'MyFinch', pool: Pool.new(url, { tag: 'api' }), size: 10 }),
    ],
    { strategy: 'one_for_one', name: 'MyApp' },
  );

  // Another one at run time, as a child like any other.
  const reports = Pool.new(url, { tag: 'reports' });
  await supervisor.startChild(Pool.childSpec({ finch: 'MyFinch', pool: reports, size: 10 }));

  const finch = Finch.get('MyFinch');
  print(`Watch it while it runs: ${await Observer.get().url()}\n`);
  print(`Sending ${requests} requests to ${url} through three pools…`);
  const all = await sendBatch(finch, url, requests, concurrency, progress);
  print(summary(all));

  print('\nThe tree:\n');
  print(formatTree(introspect()));
  print('\nThe pools:\n');
  printPools(finch, print);

  // A connection process dies in the middle of a request on it.
  const lease = await finch.checkout(reports);
  const connection = lease.connection;
  const answer = lease.request('/killed').catch((error: unknown) => error);
  exit(connection, 'kill');
  print(`\nKilled connection ${String(connection)} in mid-request: ${describe(await answer)}`);
  lease.release();

  // A pool process dies with requests in flight and in its queue.
  const [shard] = finch.getPoolStatus(reports);
  const flight = sendBatch(finch, url, 200, concurrency, quietly);
  await new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
  if (shard !== undefined) exit(shard.pid, 'kill');
  print(`Killed pool ${String(shard?.pid)} under 200 requests: ${summary(await flight)}`);
  const [successor] = finch.getPoolStatus(reports);
  print(
    `Its supervisor has started ${String(successor?.pid)} in its place; ` +
      `MyApp and MyFinch did not notice.`,
  );
  print(summary(await sendBatch(finch, url, 200, concurrency, quietly)));

  print('\nThe tree now:\n');
  print(formatTree(introspect()));

  if (stay !== undefined) {
    print(
      `\nIt stays up at ${await Observer.get().url()}, under load and with failures, until ctrl-c.`,
    );
    await stayUp(finch, url, stay);
  }

  await supervisor.stop();
  print(
    `\nStopped in order: ${aliveOf([supervisor.pid, connection]) === 0 ? 'nothing' : 'something'} is left running.`,
  );
}

function quietly(): void {}

/** Sends requests through the untagged, the 'api' and the 'reports' pool in turn. */
async function sendBatch(
  finch: Finch,
  url: string,
  count: number,
  concurrency: number,
  progress: TourOptions['progress'],
): Promise<Batch> {
  const tags = ['default', 'api', 'reports'];
  const failed = new Map<string, number>();
  let started = 0;
  let answered = 0;

  async function worker(): Promise<void> {
    while (started < count) {
      const number = started++;
      const poolTag = tags[number % tags.length] as string;
      try {
        await finch.request(
          Finch.build('GET', `${url}/items/${number}`, undefined, undefined, { poolTag }),
        );
        answered++;
      } catch (error) {
        const code = isFinchError(error) ? error.code : String(error);
        failed.set(code, (failed.get(code) ?? 0) + 1);
      }
      if (number % 50 === 0) progress(answered, count);
    }
  }

  await Promise.all(Array.from({ length: concurrency }, () => worker()));
  progress(count, count);
  return { answered, failed };
}

function summary({ answered, failed }: Batch): string {
  const errors = [...failed].map(([code, times]) => `, ${times} × ${code}`);
  return `${answered} answered${errors.join('')}`;
}

function describe(outcome: unknown): string {
  return isFinchError(outcome) ? outcome.code : 'answered before it died';
}

function printPools(finch: Finch, print: (line: string) => void): void {
  for (const { pool, userManaged, status, shards } of finch.listPools()) {
    for (const { size, idle, inUse, queued, checkouts } of shards) {
      print(
        `${pool.key}  ${status}${userManaged ? ', user-managed' : ''}  ` +
          `size ${size}, idle ${idle}, in use ${inUse}, queued ${queued}, served ${checkouts}`,
      );
    }
  }
}

function aliveOf(pids: readonly Pid[]): number {
  return pids.filter((pid) => isAlive(pid)).length;
}
