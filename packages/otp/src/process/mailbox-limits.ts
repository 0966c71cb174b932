/** Mailboxes that grow too long: an alarm, and a bound. */
import { currentLogger } from './reports/crash-report.ts';
import { BadArgumentError } from './errors.ts';
import { mailboxChannel, type MailboxEvent } from './reports/events.ts';
import type { Process } from './process.ts';

/** How many messages may wait in a mailbox. */
export interface MailboxLimits {
  /** Beyond so many, an event and a warning tell of it; again when it has been empty meanwhile. */
  readonly alarm?: number;
  /** Beyond so many, the process ends with reason `['mailbox_overflow', length]`. */
  readonly max?: number;
}

/** Options of whatever starts a process. */
export interface MailboxOptions {
  /** Instead of those of {@link setMailboxLimits}; `{}` for none. */
  readonly mailbox?: MailboxLimits;
}

let limitsOfAll: MailboxLimits = {};

/**
 * Limits the mailboxes of all processes that start from here on and have no limits of their own. None
 * by default. Returns the former limits.
 *
 * A mailbox that grows without end is how an overload shows: others send faster than a process
 * handles. The alarm tells of it (logger, `subscribe`, the `diagnostics_channel` `otp.process.mailbox`);
 * the bound ends the process before it takes the program with it, and its supervisor starts it anew.
 *
 * Source: `erlang:system_monitor/2` with `long_message_queue`, `erlang:process_flag(max_heap_size, …)`.
 * @throws {BadArgumentError} for a limit that is not an integer > 0.
 * @example
 * setMailboxLimits({ alarm: 10_000, max: 1_000_000 });
 */
export function setMailboxLimits(limits: MailboxLimits): MailboxLimits {
  checkLimits(limits);
  const former = limitsOfAll;
  limitsOfAll = limits;
  return former;
}

function checkLimits(limits: MailboxLimits): void {
  if (typeof limits !== 'object' || limits === null) {
    throw new BadArgumentError('mailbox', limits, 'an object with alarm or max');
  }
  for (const [name, limit] of Object.entries(limits) as Array<[string, unknown]>) {
    if (name !== 'alarm' && name !== 'max') {
      throw new BadArgumentError('mailbox', name, 'made of alarm, max');
    }
    if (limit === undefined || (Number.isSafeInteger(limit) && (limit as number) > 0)) continue;
    throw new BadArgumentError(`mailbox.${name}`, limit, 'an integer > 0');
  }
}

/** Watches over one mailbox; made only for those that have limits. */
export class MailboxGuard {
  readonly #alarm: number;
  readonly #max: number;
  #alarmed = false;

  constructor({ alarm = Number.POSITIVE_INFINITY, max = Number.POSITIVE_INFINITY }: MailboxLimits) {
    this.#alarm = alarm;
    this.#max = max;
  }

  /** A message has arrived. */
  arrived(process: Process): void {
    const length = process.messages.size;
    if (length === 1) this.#alarmed = false;
    if (length > this.#alarm && !this.#alarmed) {
      this.#alarmed = true;
      this.#raise(process, length);
    }
    if (length > this.#max) process.terminate(['mailbox_overflow', length], 'fault');
  }

  #raise(process: Process, length: number): void {
    const { pid, registeredName: name, label } = process;
    const event: MailboxEvent = { type: 'mailbox', pid, name, label, length, limit: this.#alarm };
    if (mailboxChannel.hasSubscribers) mailboxChannel.publish(event);
    const who = name === undefined ? String(pid) : `${String(pid)} (${String(name)})`;
    currentLogger().warn(event, `the mailbox of ${label} ${who} has ${length} messages`);
  }
}

/** The guard of a new process, if it has limits. */
export function newMailboxGuard(options: MailboxOptions | undefined): MailboxGuard | undefined {
  const limits = options?.mailbox === undefined ? limitsOfAll : options.mailbox;
  if (limits !== limitsOfAll) checkLimits(limits);
  if (limits.alarm === undefined && limits.max === undefined) return undefined;
  return new MailboxGuard(limits);
}
