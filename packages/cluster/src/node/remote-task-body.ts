/** The process of a task that another node has begun. */
import { exit, type Pid, send, Task } from '@linnet/otp';
import { bodyOf, type Modules, type RemoteBody } from './modules.ts';

/** The name of the function with which each node begins such a task. */
export const taskModule = 'linnet:task';

/** Sent to the process that stands for the task. */
export interface TaskResultMessage {
  readonly type: 'linnet:task';
  readonly ref: number;
  readonly value: unknown;
}

/** Runs a task that another node has begun. */
export function taskBody(modules: Modules): RemoteBody {
  return async (
    module: string,
    args: readonly never[],
    to: Pid,
    ref: number,
    supervisor: string | undefined,
  ) => {
    const body = bodyOf(modules, module);
    if (body === undefined) return exit(['undef', module]);
    const call = (): unknown => body(...args);
    const value: unknown =
      supervisor === undefined
        ? await call()
        : await (await Task.Supervisor.async(supervisor, call)).await('infinity');
    send(to, { type: 'linnet:task', ref, value } satisfies TaskResultMessage);
    return undefined;
  };
}
