/** A node in this process, with worker threads as other nodes. */
import {
  type AnySupervisorHandle,
  GenServer,
  type Pid,
  receive,
  self,
  send,
  Supervisor,
} from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { jobs, modules, strictJobs } from './peer-processes.ts';
import { Cluster, Global, Node, Pg, type ClusterOptions } from '../../src/index.ts';
import { program } from './peer-worker.ts?program';
import { workersOf } from './workers-of.ts';

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
      workersOf(program, count),
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

/** A process on another node that echoes. */
export const remoteEcho = (node = workerNode(1)): Promise<Pid> => Node.spawn(node, 'echo');

/** Waits until the node of an echoing process has done all that it was asked for. */
export async function barrier(pid: Pid): Promise<void> {
  send(pid, { do: 'echo', from: self(), value: 'barrier' });
  await receive((message) => (message as { echo?: unknown }).echo === 'barrier');
}

/** The message that is there already, or `'nothing'`. */
export const nextOrNothing = (): Promise<unknown> =>
  receive(undefined, { timeout: 0 }).catch(() => 'nothing');
