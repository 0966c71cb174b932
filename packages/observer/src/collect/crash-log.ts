/**
 * The last crashes, with what became of each. It listens from the start of the observer, whether or not
 * a page is open: a crash is of interest afterwards. Its channels are silent until a child starts or ends.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { now, Pid, type CrashReport, type SupervisorEvent } from '@linnet/otp';
import type { CrashRow } from '../protocol/documents.ts';
import { cut, given, showReason, showValue } from './show.ts';

type Draft = { -readonly [K in keyof CrashRow]: CrashRow[K] };

interface Kept {
  readonly id: string;
  readonly pid: Pid;
  readonly row: Draft;
}

/** More crashes than these in a second are counted only: to describe each would slow their restarts. */
const mostPerSecond = 50;

/** Children that ended and may be restarted, by supervisor, at most. */
const mostWaiting = 1000;

export interface CrashLogOptions {
  readonly maxCrashes: number;
  readonly reveal: boolean;
}

export class CrashLog {
  readonly #options: CrashLogOptions;
  readonly #kept: Kept[] = [];
  readonly #byPid = new Map<Pid, Kept>();
  /** Crashed children whose restart is awaited, by their supervisor and id. */
  readonly #awaited = new Map<Pid, Map<unknown, Kept>>();
  #crashes = 0;
  #restarts = 0;
  #dropped = 0;
  #second = 0;
  #inSecond = 0;
  readonly #onCrash = (report: unknown): void => this.#crashed(report as CrashReport);
  readonly #onChild = (event: unknown): void => this.#childChanged(event as SupervisorEvent);

  constructor(options: CrashLogOptions) {
    this.#options = options;
  }

  start(): void {
    subscribe('otp.crash', this.#onCrash);
    subscribe('otp.supervisor', this.#onChild);
  }

  stop(): void {
    unsubscribe('otp.crash', this.#onCrash);
    unsubscribe('otp.supervisor', this.#onChild);
  }

  get counts(): { readonly crashes: number; readonly restarts: number } {
    return { crashes: this.#crashes, restarts: this.#restarts };
  }

  /** Crashes that came too fast to be kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The last ones first. */
  rows(): Array<readonly [id: string, row: CrashRow]> {
    return this.#kept.map(({ id, row }) => [id, row] as const).toReversed();
  }

  #crashed(report: CrashReport): void {
    const number = ++this.#crashes;
    const second = Math.floor(now() / 1000);
    this.#inSecond = second === this.#second ? this.#inSecond + 1 : 1;
    this.#second = second;
    if (this.#inSecond > mostPerSecond) {
      this.#dropped++;
      return;
    }
    const { pid } = report;
    const kept = { id: String(number), pid, row: this.#describe(report) };
    this.#kept.push(kept);
    this.#byPid.set(pid, kept);
    if (this.#kept.length <= this.#options.maxCrashes) return;
    const oldest = this.#kept.shift();
    if (oldest !== undefined) this.#byPid.delete(oldest.pid);
  }

  #describe(report: CrashReport): Draft {
    const { pid, name, label, cause, reason, parent, messageQueueLength, details } = report;
    const { lastMessage, state } = details;
    return {
      at: Date.now(),
      pid: pid.toString(),
      ...given('name', name === undefined ? undefined : cut(String(name), 200)),
      label: cut(label, 200),
      cause,
      reason: showReason(reason, this.#options.reveal),
      ...given('stack', stackOf(reason)),
      ...given('parent', parent?.toString()),
      mailbox: messageQueueLength,
      ...(this.#options.reveal ? shownDetails(lastMessage, state) : undefined),
      outcome: 'not restarted',
    };
  }

  #childChanged(event: SupervisorEvent): void {
    if (event.type === 'child_terminated') {
      const kept = Pid.isPid(event.pid) ? this.#byPid.get(event.pid) : undefined;
      if (kept !== undefined) this.#await(event.supervisor, event.id, kept);
    } else if (event.type === 'restarted') {
      this.#restarts++;
      const kept = this.#awaited.get(event.supervisor)?.get(event.id);
      if (kept === undefined) return;
      kept.row.outcome = 'restarted';
      kept.row.successor = event.pid.toString();
      this.#forget(event.supervisor, event.id);
    } else if (event.type === 'intensity_exceeded') {
      const kept = this.#awaited.get(event.supervisor)?.get(event.id);
      if (kept === undefined) return;
      const { intensity, period } = event;
      kept.row.outcome = `its supervisor gave up: more than ${intensity} restarts in ${period} s`;
      this.#forget(event.supervisor, event.id);
    }
  }

  #await(supervisor: Pid, id: unknown, kept: Kept): void {
    let children = this.#awaited.get(supervisor);
    if (children === undefined)
      this.#awaited.set(supervisor, (children = new Map<unknown, Kept>()));
    children.set(id, kept);
    if (this.#awaited.size <= mostWaiting) return;
    const [oldest] = this.#awaited.keys();
    if (oldest !== undefined) this.#awaited.delete(oldest);
  }

  #forget(supervisor: Pid, id: unknown): void {
    const children = this.#awaited.get(supervisor);
    children?.delete(id);
    if (children?.size === 0) this.#awaited.delete(supervisor);
  }
}

function stackOf(reason: unknown): string | undefined {
  try {
    if (!(reason instanceof Error)) return undefined;
    return typeof reason.stack === 'string' ? cut(reason.stack) : undefined;
  } catch {
    return undefined;
  }
}

function shownDetails(
  lastMessage: unknown,
  state: unknown,
): Pick<CrashRow, 'lastMessage' | 'state'> {
  return {
    ...given('lastMessage', lastMessage === undefined ? undefined : showValue(lastMessage)),
    ...given('state', state === undefined ? undefined : showValue(state)),
  };
}
