/** Dispatching to several partitions at once. */
import { ExitError } from '../process/exit-reason.ts';
import { asyncStream } from '../task/async-stream.ts';

/** Calls a function with each group, in tasks if there are several, and waits for all. */
export async function dispatchParallel<Group>(
  groups: readonly Group[],
  act: (group: Group) => void | PromiseLike<void>,
): Promise<void> {
  const [only] = groups;
  if (groups.length < 2) {
    if (only !== undefined) await act(only);
    return;
  }
  const calls = asyncStream(groups, act, { maxConcurrency: groups.length, timeout: 'infinity' });
  for await (const call of calls) {
    if (call.type === 'exit') throw new ExitError(call.reason);
  }
}
