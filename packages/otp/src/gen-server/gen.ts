/**
 * What all servers share: system messages, the parent's exit, and an orderly end.
 * GenServer and Machine build on it, as gen_server and gen_statem build on gen and sys.
 */
import { Call } from '../process/messages/call.ts';
import { ExitError, isError, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Behaviour, Process } from '../process/process.ts';
import { isThenable } from '../process/values/thenable.ts';
import { receive } from '../process/messages/receive.ts';
import { isExitMessage, type ExitMessage } from '../process/links/signals.ts';
import type { ServerStatus } from './status.ts';
import { SystemMessage, type SystemRequest, type TraceEvent } from './system.ts';

export type Pending = void | PromiseLike<void>;

export abstract class Gen implements Behaviour {
  /** What crash reports and `processInfo` show. */
  abstract details(): Readonly<Record<string, unknown>>;
  protected readonly process: Process;
  readonly #parent: Pid | undefined;
  #listener: ((event: TraceEvent) => void) | undefined;
  #suspended = false;

  constructor(process: Process, parent: Pid | undefined) {
    this.process = process;
    this.#parent = parent;
  }

  protected abstract handleCall(call: Call): Pending;
  protected abstract handleMessage(message: unknown): Pending;
  /** Runs before the process ends; may change the reason by exiting with another one. */
  protected abstract terminate(reason: ExitReason): unknown;
  /** Before any message is handled, system messages included. */
  protected abstract beforeMessage(message: unknown, system: boolean): void;
  /** A message as traces show it. */
  protected shown(message: unknown): unknown {
    const shown = Call.isCall(message) ? message.request : message;
    return this.shownStatus({ state: this.getState(), message: shown }).message;
  }
  protected abstract getState(): unknown;
  /** The status as others see it. */
  protected abstract shownStatus(status: ServerStatus): Partial<ServerStatus>;
  protected abstract setState(state: unknown): void;

  /** The reason of its end, as its crash report shows it. */
  shownReason(reason: ExitReason): ExitReason {
    return this.shownStatus({ state: this.getState(), reason }).reason;
  }

  /** The state, as `getState` and traces show it. */
  protected shownState(): unknown {
    return this.shownStatus({ state: this.getState() }).state;
  }

  handle(message: unknown): Pending {
    if (Call.isCall(message)) {
      const system = SystemMessage.requestOf(message.request);
      this.beforeMessage(message, system !== undefined);
      if (system !== undefined) return this.#handleSystem(message, system);
      if (this.tracing) this.traced({ type: 'in', message: this.shown(message) });
      return this.handleCall(message);
    }
    this.beforeMessage(message, false);
    if (this.tracing) this.traced({ type: 'in', message: this.shown(message) });
    if (this.#isParentExit(message)) return this.end(message.reason);
    return this.handleMessage(message);
  }

  /** Runs `terminate`, then ends the process; `reply` is sent in between. */
  protected end(reason: ExitReason, beforeExit?: () => void): Pending {
    if (this.process.dead) return undefined; // a killed server does not terminate in order
    let pending: unknown;
    try {
      pending = this.terminate(reason);
    } catch (error) {
      return this.#exit(this.#reasonAfter(error, reason), beforeExit);
    }
    if (!isThenable(pending)) return this.#exit(reason, beforeExit);
    return Promise.resolve(pending).then(
      () => this.#exit(reason, beforeExit),
      (error: unknown) => this.#exit(this.#reasonAfter(error, reason), beforeExit),
    );
  }

  protected traced(event: TraceEvent): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    try {
      listener(event);
    } catch {
      this.#listener = undefined;
    }
  }

  protected get tracing(): boolean {
    return this.#listener !== undefined;
  }

  /** True between `suspend` and `resume`: only system messages are handled. */
  protected get suspended(): boolean {
    return this.#suspended;
  }

  /** A terminate that exits or fails changes the reason; one that throws a plain value does not. */
  #reasonAfter(error: unknown, reason: ExitReason): ExitReason {
    if (ExitError.isExitError(error)) return error.reason;
    return isError(error) ? error : reason;
  }

  #exit(reason: ExitReason, beforeExit: (() => void) | undefined): void {
    if (this.process.dead) return;
    beforeExit?.();
    this.process.terminate(reason, 'fault');
  }

  #isParentExit(message: unknown): message is ExitMessage {
    return this.#parent !== undefined && isExitMessage(message) && message.from === this.#parent;
  }

  #handleSystem(call: Call, request: SystemRequest): Pending {
    switch (request.operation) {
      case 'getState':
        call.reply(this.shownState());
        return;
      case 'replaceState':
        return this.#replace(call, request.replace);
      case 'trace':
        this.#listener = request.listener;
        call.reply(undefined);
        return;
      case 'resume':
        this.#suspended = false;
        call.reply(undefined);
        return;
      case 'terminate':
        return this.end(request.reason);
      case 'suspend':
        call.reply(undefined);
        if (this.#suspended) return;
        this.#suspended = true;
        return this.#serveSystemMessages();
    }
  }

  #replace(call: Call, replace: (state: unknown) => unknown): Pending {
    const failed = (error: unknown): void => call.reply({ error });
    const replaced = (state: unknown): void => {
      if (this.process.dead) return;
      try {
        this.setState(state);
        call.reply({ state: this.shownState() });
      } catch (error) {
        failed(error);
      }
    };
    try {
      const state = replace(this.getState());
      return isThenable(state) ? Promise.resolve(state).then(replaced, failed) : replaced(state);
    } catch (error) {
      return failed(error);
    }
  }

  /** The loop of a suspended server: everything but system messages stays in the mailbox. */
  async #serveSystemMessages(): Promise<void> {
    const wanted = (message: unknown): boolean =>
      (Call.isCall(message) && SystemMessage.requestOf(message.request) !== undefined) ||
      this.#isParentExit(message);
    while (this.#suspended && !this.process.dead) {
      await this.handle(await receive(wanted));
    }
  }
}
