/** A node in this process, with worker threads as other nodes. */
import { pathToFileURL } from 'node:url';
import { type AnySupervisorHandle, GenServer, Supervisor } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { jobs, modules, strictJobs } from './peer-processes.ts';
import { Cluster, Global, Pg, Workers, type ClusterOptions } from '../../src/index.ts';
import { program } from './peer-worker.ts?program';

export const mainNode = 'test@127.0.0.1';
export const workerNode = (index: number): string => `test/w${index}@127.0.0.1`;

/** Starts them, and waits until their processes have names; the supervisor ends them. */
export async function startWorkers(
  count: number,
  options: Partial<ClusterOptions> = {},
): Promise<AnySupervisorHandle> {
  const supervisor = await Supervisor.startLink(
    [
      Cluster.childSpec({ name: mainNode, cookie: 'secret', modules, ...options }),
      Pg.childSpec(),
      Global.childSpec(),
      jobs(),
      strictJobs(),
      Workers.childSpec({
        count,
        startTimeout: 60_000,
        module: pathToFileURL(program),
        worker: { execArgv: ['--no-warnings'] },
      }),
    ],
    { strategy: 'rest_for_one' },
  );
  // A worker is a node before it starts them.
  for (let i = 1; i <= count; i++) await untilNamed(workerNode(i));
  return supervisor;
}

/** Waits until the processes of a worker have names: the one that it starts last is asked. */
export function untilNamed(node: string): Promise<unknown> {
  return eventually(() => GenServer.call({ name: 'counter', node }, 'value'));
}
