/** A node in this process, with worker threads as other nodes. */
import { Supervisor } from '@linnet/otp';
import { jobs, modules, strictJobs } from './peer-processes.ts';
import { Cluster, Global, Pg, Workers, type ClusterOptions } from '../../src/index.ts';

export const mainNode = 'test@127.0.0.1';
export const workerNode = (index: number): string => `test/w${index}@127.0.0.1`;

/** Starts them; the supervisor ends them. */
export function startWorkers(count: number, options: Partial<ClusterOptions> = {}) {
  return Supervisor.startLink(
    [
      Cluster.childSpec({ name: mainNode, cookie: 'secret', modules, ...options }),
      Pg.childSpec(),
      Global.childSpec(),
      jobs(),
      strictJobs(),
      Workers.childSpec({
        count,
        startTimeout: 60_000,
        module: new URL('./peer-worker.ts', import.meta.url),
        worker: { execArgv: ['--conditions=@linnet/source', '--no-warnings'] },
      }),
    ],
    { strategy: 'rest_for_one' },
  );
}
