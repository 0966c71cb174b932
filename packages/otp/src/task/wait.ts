/** Waiting for the next message of some tasks, in a process or in plain code. */
import { arm, type Timer, type TimeoutTarget } from '../process/clock.ts';
import { ReceiveTimeoutError } from '../process/errors.ts';
import type { MonitorRef } from '../process/monitor.ts';
import { receive } from '../process/receive.ts';
import { newsRef, PlainInbox, type TaskNews, type TaskRef } from './task-ref.ts';

/**
 * Takes the oldest message of any of these tasks, which have one owner: the caller. Resolves with
 * undefined when none has come within `timeout`.
 */
export function nextNews<T>(
  refs: ReadonlySet<TaskRef<T>>,
  timeout: number | 'infinity',
): Promise<TaskNews<T> | undefined> {
  const [first] = refs;
  return first?.inbox instanceof PlainInbox
    ? nextInPlainCode(refs, timeout)
    : nextInMailbox(refs, timeout);
}

async function nextInMailbox<T>(
  refs: ReadonlySet<MonitorRef>,
  timeout: number | 'infinity',
): Promise<TaskNews<T> | undefined> {
  const isNews = (message: unknown): message is TaskNews<T> => {
    const ref = newsRef(message);
    return ref !== undefined && refs.has(ref);
  };
  try {
    return await receive(isNews, { timeout });
  } catch (error) {
    if (error instanceof ReceiveTimeoutError) return undefined;
    throw error;
  }
}

async function nextInPlainCode<T>(
  refs: ReadonlySet<TaskRef<T>>,
  timeout: number | 'infinity',
): Promise<TaskNews<T> | undefined> {
  const ready = pollAny(refs);
  if (ready !== undefined || timeout === 0) return ready;
  const inboxes = [...refs].map((ref) => ref.inbox as PlainInbox);
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      alarm?.cancel();
      for (const inbox of inboxes) inbox.waiters.delete(wake);
      resolve();
    };
    const alarm = timeout === 'infinity' ? undefined : new Alarm(wake, timeout);
    for (const inbox of inboxes) inbox.waiters.add(wake);
  });
  return pollAny(refs);
}

function pollAny<T>(refs: ReadonlySet<TaskRef<T>>): TaskNews<T> | undefined {
  for (const ref of refs) {
    const news = ref.poll();
    if (news !== undefined) return news;
  }
  return undefined;
}

/** Calls back once after a delay on the runtime's clock. */
class Alarm implements TimeoutTarget {
  readonly #ring: () => void;
  readonly #timer: Timer;

  constructor(ring: () => void, delay: number) {
    this.#ring = ring;
    this.#timer = arm(this, delay);
  }

  cancel(): void {
    this.#timer.cancel();
  }

  onTimeout(): void {
    this.#ring();
  }
}
