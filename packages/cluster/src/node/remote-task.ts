/**
 * Tasks whose function runs on another node: one of those that the node has in its `modules`. A process
 * here stands for the process there and is linked with it, so that all of `Task` works: `await`, `yield`,
 * `shutdown`, `awaitMany`, `asyncStream`.
 */
import {
  ExitError,
  type ExitMessage,
  type Pid,
  receive,
  self,
  type ServerRef,
  Task,
  type TaskHandle,
  unlink,
} from '@linnet/otp';
import type { Modules } from './modules.ts';
import { Node } from './node.ts';
import { type TaskResultMessage, taskModule } from './remote-task-body.ts';

/** Where a task runs: a node, or a `Task.Supervisor` of a node by its name there. */
export type TaskTarget = string | { readonly name: string; readonly node: string };

/** Tasks on other nodes, with the functions that these have in their `modules`. */
export interface RemoteTasks<M extends Modules> {
  /**
   * Runs a function on a node as a task of the current process. When the function fails, the current
   * process ends with it, unless it traps exits, as with `Task.async`; when the node is gone, with
   * `'noconnection'`. `shutdown` of the task ends the process there; code that should stop with it has
   * `signal()`.
   *
   * Source: `Task.Supervisor.async/5` with `{name, node}`.
   * @example
   * const task = RemoteTask.async('db@10.0.0.6', 'sum', [1, 2]);
   * console.log(await task.await());
   */
  async<K extends keyof M & string>(
    target: TaskTarget,
    module: K,
    args: Readonly<Parameters<M[K]>>,
  ): TaskHandle<Awaited<ReturnType<M[K]>>>;
  /**
   * The same, not linked with the current process, under a `Task.Supervisor` of this node: its failure is
   * the failure of `await` only.
   *
   * Source: `Task.Supervisor.async_nolink/5`.
   * @example
   * const task = await RemoteTask.asyncNolink('tasks', 'db@10.0.0.6', 'sum', [1, 2]);
   * const result = await task.yield(1000);
   */
  asyncNolink<K extends keyof M & string>(
    supervisor: ServerRef,
    target: TaskTarget,
    module: K,
    args: Readonly<Parameters<M[K]>>,
  ): Promise<TaskHandle<Awaited<ReturnType<M[K]>>>>;
  /**
   * Runs a function on a node for the current process, which is linked with it: what the tasks above do.
   * For `Task.asyncStream` and other functions that run in a task.
   *
   * @throws {ExitError} with the exit reason of the process there, in a process that traps exits; any
   *   other one ends with it.
   * @throws {SpawnError} when there is no connection; {NoProcessError} outside any process.
   * @throws {DataCloneError} for arguments that cannot be sent.
   * @example
   * const sums = Task.asyncStream([1, 2, 3], (n) => RemoteTask.run('db@10.0.0.6', 'sum', [n, n]));
   */
  run<K extends keyof M & string>(
    target: TaskTarget,
    module: K,
    args: Readonly<Parameters<M[K]>>,
  ): Promise<Awaited<ReturnType<M[K]>>>;
}

let lastRef = 0;

async function run(target: TaskTarget, module: string, args: readonly unknown[]) {
  const { node, name } = typeof target === 'string' ? { node: target, name: undefined } : target;
  const ref = ++lastRef;
  const pid = await Node.spawnLink(node, taskModule, [module, args, self(), ref, name]);
  const news = await receive(
    (m): m is TaskResultMessage | ExitMessage => isResult(m, ref) || isExit(m, pid),
  );
  if (news.type === 'EXIT') throw new ExitError(news.reason);
  // Where exits are trapped, its end would be a message that nothing waits for.
  unlink(pid);
  await receive((m) => isExit(m, pid), { timeout: 0 }).catch(() => {});
  return news.value;
}

function isResult(message: unknown, ref: number): message is TaskResultMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { type, ref: other } = message as Partial<TaskResultMessage>;
  return type === 'linnet:task' && other === ref;
}

function isExit(message: unknown, pid: Pid): message is ExitMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { type, from } = message as Partial<ExitMessage>;
  return type === 'EXIT' && from === pid;
}

const tasks = Object.freeze({
  async: (target: TaskTarget, module: string, args: readonly unknown[]) =>
    Task.async(() => run(target, module, args)),
  asyncNolink: (
    supervisor: ServerRef,
    target: TaskTarget,
    module: string,
    args: readonly unknown[],
  ) => Task.Supervisor.asyncNolink(supervisor, () => run(target, module, args)),
  run,
  of: () => tasks,
}) as unknown as RemoteTasks<AnyModules> & {
  of<M extends Modules>(): RemoteTasks<M>;
};

type AnyModules = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/**
 * Tasks whose function runs on another node. `RemoteTask.of<typeof modules>()` knows the functions of
 * the other node, their arguments and results.
 */
export const RemoteTask: RemoteTasks<AnyModules> & {
  /**
   * The same with the types of the `modules` of the other nodes.
   * @example
   * const modules = { sum: (a: number, b: number) => a + b };
   * const tasks = RemoteTask.of<typeof modules>();
   * const sum: number = await tasks.async('db@10.0.0.6', 'sum', [1, 2]).await();
   */
  of<M extends Modules>(): RemoteTasks<M>;
} = tasks;
