/** Waiting for the messages of some tasks, in a process or in plain code. */
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import { ReceiveTimeoutError } from '../process/errors.ts';
import { receive } from '../process/messages/receive.ts';
import { newsRef, PlainInbox, type TaskNews, type TaskRef } from './task-ref.ts';

/** The messages of some tasks that have one owner, the caller, one after the other. */
export interface NewsSource {
  /** The oldest one; undefined when none has come within `timeout`. */
  next(timeout: number | 'infinity'): Promise<TaskNews | undefined>;
  /** To be called at the end: nothing is left behind. */
  close(): void;
}

/** Those of the tasks that are in `refs` at the time; tasks may be taken out of it meanwhile. */
export function newsOf(refs: ReadonlyMap<TaskRef<unknown>, unknown>): NewsSource {
  const [first] = refs.keys();
  return first?.inbox instanceof PlainInbox ? new PlainNews(refs.keys()) : new MailboxNews(refs);
}

/** The next message of one task. */
export async function nextNews<T>(
  ref: TaskRef<T>,
  timeout: number | 'infinity',
): Promise<TaskNews<T> | undefined> {
  const news = newsOf(new Map([[ref as TaskRef<unknown>, undefined]]));
  try {
    return (await news.next(timeout)) as TaskNews<T> | undefined;
  } finally {
    news.close();
  }
}

class MailboxNews implements NewsSource {
  readonly #isNews: (message: unknown) => message is TaskNews;

  constructor(refs: ReadonlyMap<unknown, unknown>) {
    this.#isNews = (message): message is TaskNews => {
      const ref = newsRef(message);
      return ref !== undefined && refs.has(ref);
    };
  }

  async next(timeout: number | 'infinity'): Promise<TaskNews | undefined> {
    try {
      return await receive(this.#isNews, { timeout });
    } catch (error) {
      if (error instanceof ReceiveTimeoutError) return undefined;
      throw error;
    }
  }

  close(): void {}
}

/** Listens to the inbox of each task from the start, so that a message costs the same among many. */
class PlainNews implements NewsSource, TimeoutTarget {
  readonly #listening: Array<() => void> = [];
  /** Those that have a message, in the order of the messages; some twice. */
  readonly #ready: Array<TaskRef<unknown>> = [];
  #taken = 0;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(refs: Iterable<TaskRef<unknown>>) {
    for (const ref of refs) {
      const { waiters } = ref.inbox as PlainInbox;
      const arrived = (): void => {
        this.#ready.push(ref);
        this.#wake?.();
      };
      this.#ready.push(ref);
      waiters.add(arrived);
      this.#listening.push(() => waiters.delete(arrived));
    }
  }

  async next(timeout: number | 'infinity'): Promise<TaskNews | undefined> {
    const ready = this.#poll();
    if (ready !== undefined || timeout === 0) return ready;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (timeout !== 'infinity') this.#timer = arm(this, timeout);
    });
    this.#timer?.cancel();
    this.#wake = this.#timer = undefined;
    return this.#poll();
  }

  close(): void {
    for (const stop of this.#listening) stop();
  }

  onTimeout(): void {
    this.#wake?.();
  }

  #poll(): TaskNews | undefined {
    while (this.#taken < this.#ready.length) {
      const news = this.#ready[this.#taken++]?.poll();
      if (news !== undefined) return news;
    }
    return undefined;
  }
}
