/** The event feed of the live system. */
import type { Channel } from 'node:diagnostics_channel';
import { detached } from '../process/context.ts';
import { crashChannel, currentLogger, type CrashReport } from '../process/reports/crash-report.ts';
import { BadArgumentError } from '../process/errors.ts';
import {
  exitChannel,
  mailboxChannel,
  restartChannel,
  spawnChannel,
  type ExitEvent,
  type MailboxEvent,
  type RestartEvent,
  type SpawnEvent,
} from '../process/reports/events.ts';

/** An abnormal exit, with everything that is known of it. */
export interface CrashEvent {
  readonly type: 'crash';
  readonly report: CrashReport;
}

/** What happens to processes. */
export type SystemEvent = SpawnEvent | ExitEvent | CrashEvent | RestartEvent | MailboxEvent;

/** Ends a subscription when it is called or disposed of. */
export interface Subscription extends Disposable {
  (): void;
}

/**
 * Calls `listener` for every process that starts or ends, every crash, every restart by a supervisor,
 * and every mailbox that grows beyond its alarm, in order.
 *
 * The listener runs outside any process, right after the turn of the event. One that throws is
 * logged and unsubscribed. Without subscribers, events cost nothing. The same events are
 * published on the `diagnostics_channel` names `otp.process.spawn`, `otp.process.exit`,
 * `otp.crash`, `otp.supervisor.restart` and `otp.process.mailbox`, there inside the turn. A subscriber
 * of a channel that throws has an uncaught exception, as with all channels of Node.js.
 *
 * @example
 * using _ = subscribe((event) => {
 *   if (event.type === 'crash') metrics.increment('crashes', { label: event.report.label });
 * });
 */
export function subscribe(listener: (event: SystemEvent) => void): Subscription {
  if (typeof listener !== 'function') {
    throw new BadArgumentError('listener', listener, 'a function');
  }
  let queue: SystemEvent[] = [];
  let active = true;

  const flush = (): void => {
    const events = queue;
    queue = [];
    for (const event of events) {
      if (!active) return;
      try {
        listener(event);
      } catch (error) {
        unsubscribe();
        currentLogger().error({ error }, 'a listener of system events failed and was unsubscribed');
      }
    }
  };
  const enqueue = (event: SystemEvent): void => {
    if (queue.push(event) === 1) detached(() => queueMicrotask(flush));
  };
  const sources: ReadonlyArray<readonly [Channel, (message: unknown) => void]> = [
    [spawnChannel, (event) => enqueue(event as SpawnEvent)],
    [exitChannel, (event) => enqueue(event as ExitEvent)],
    [crashChannel, (report) => enqueue({ type: 'crash', report: report as CrashReport })],
    [restartChannel, (event) => enqueue(event as RestartEvent)],
    [mailboxChannel, (event) => enqueue(event as MailboxEvent)],
  ];
  const unsubscribe = (): void => {
    active = false;
    for (const [source, handler] of sources) source.unsubscribe(handler);
  };
  for (const [source, handler] of sources) source.subscribe(handler);
  return Object.assign(() => unsubscribe(), { [Symbol.dispose]: unsubscribe });
}
