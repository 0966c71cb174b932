/** Tasks as children of a task supervisor. */
import {
  ignore,
  type Ignore,
  type Restart,
  type ShutdownTime,
} from '../process/start/child-spec.ts';
import {
  callerContext,
  currentProcess,
  type CallerContext,
  type ContextOptions,
} from '../process/context.ts';
import { linkProcesses } from '../process/links/link.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { ServerRef } from '../process/names/server-ref.ts';
import { DynamicSupervisor } from '../supervisor/dynamic-supervisor.ts';
import { SupervisorError } from '../supervisor/errors.ts';
import { newStream, type TaskStream } from './async-stream.ts';
import { callersFor } from './callers.ts';
import { TaskLimitError } from './errors.ts';
import type { TaskHandle } from './handle.ts';
import { checkTask, newAnsweringTask, newLinkedTask, type TaskBody } from './start-task.ts';
import { checkStreamOptions, type StreamOptions } from './stream-options.ts';

/** Options of `Task.Supervisor.async`. */
export interface SupervisedTaskOptions extends ContextOptions {
  /** How the supervisor stops it: ms between `'shutdown'` and `'kill'`, 5000 by default. */
  readonly shutdown?: ShutdownTime;
}

/** Options of `Task.Supervisor.startChild`. */
export interface TaskChildOptions extends SupervisedTaskOptions {
  /** Whether it runs again when it has ended; `'temporary'` (never) by default. */
  readonly restart?: Restart;
}

/** Options of `Task.Supervisor.asyncStream`. */
export interface SupervisedStreamOptions extends StreamOptions, SupervisedTaskOptions {}

/** Has the supervisor run a start function; gives undefined when that chose not to start. */
export function startTaskChild(
  supervisor: ServerRef,
  start: () => Pid | Ignore,
  options: TaskChildOptions | undefined,
): Promise<Pid | undefined> {
  const { restart = 'temporary', shutdown = 5000 } = options ?? {};
  return DynamicSupervisor.startChild(supervisor, { id: 'Task', start, restart, shutdown });
}

/** Starts a task that answers the caller, and is linked with it if `linked`. */
export async function startAnsweringChild<T>(
  supervisor: ServerRef,
  fn: TaskBody<T>,
  options: SupervisedTaskOptions | undefined,
  linked: boolean,
): Promise<TaskHandle<T>> {
  checkTask(fn);
  const owner = currentProcess();
  const context = callerContext(options, 'inherit');
  let task: TaskHandle<T> | undefined;
  await limited(
    false,
    startTaskChild(
      supervisor,
      () => {
        if (owner?.dead === true) return ignore;
        task = newAnsweringTask(fn, owner, (body, callers) =>
          newChild(body, callers, context, linked ? owner : undefined),
        );
        return task.pid as Pid;
      },
      options,
    ),
  );
  return task as TaskHandle<T>;
}

/** A stream whose tasks are children of the supervisor, linked with the consumer if `linked`. */
export function supervisedStream<T, Input>(
  supervisor: ServerRef,
  items: Iterable<Input> | AsyncIterable<Input>,
  fn: (input: Input) => T | PromiseLike<T>,
  options: SupervisedStreamOptions | undefined,
  linked: boolean,
): TaskStream<T, Input> {
  const { shutdown, ...streamOptions } = options ?? {};
  const checked = checkStreamOptions(streamOptions);
  return newStream(items, fn, checked, async (task, owner) => {
    const context = callerContext(checked, 'inherit');
    const start = (): Pid | Ignore => {
      if (task.discarded || owner?.dead === true) return ignore;
      const linkedOwner = linked ? owner : undefined;
      const process = newChild(task.body(fn), callersFor(owner), context, linkedOwner);
      task.started(process, checked.timeout);
      return process.pid;
    };
    await limited(
      true,
      startTaskChild(supervisor, start, shutdown === undefined ? {} : { shutdown }),
    );
  });
}

/** Runs in the supervisor: the new process is linked with it, and with the owner. */
function newChild(
  body: TaskBody<unknown>,
  callers: readonly Pid[],
  context: CallerContext | undefined,
  owner: Process | undefined,
): Process {
  const process = newLinkedTask(body, callers, context);
  if (owner !== undefined) linkProcesses(owner, process.pid);
  return process;
}

async function limited<T>(stream: boolean, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    if (error instanceof SupervisorError && error.reason === 'max_children') {
      throw new TaskLimitError(stream, { cause: error });
    }
    throw error;
  }
}
