/** The loop of a GenServer: which callback a message runs, and what its result does. */
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import { Call } from '../process/messages/call.ts';
import { results } from '../process/messages/call-error.ts';
import { carry, type CallerContext } from '../process/context.ts';
import { currentLogger } from '../process/reports/crash-report.ts';
import { ExitError, isError, type ExitReason } from '../process/exit-reason.ts';
import type { Process } from '../process/process.ts';
import { isRefusedPromise, isThenable } from '../process/values/thenable.ts';
import type { Pid } from '../process/pid.ts';
import { reduction } from '../process/scheduler.ts';
import { FunctionClauseError } from './errors.ts';
import { Gen, type Pending } from './gen.ts';
import { formatted, type FormatStatus, type ServerStatus } from './status.ts';
import { Cast, isRequest, shownMessage, TimeoutTick, type Request } from './messages.ts';
import {
  adopt,
  isNoReply,
  isReply,
  isStop,
  type NoReply,
  type Reply,
  type Stop,
  type Next,
} from './results.ts';

/** `this` of a callback: the call that is handled, or nothing to answer. */
type Context = Call | typeof noCall;
type Handler = (this: Context, state: unknown, ...args: unknown[]) => unknown;
type Clauses = ReadonlyMap<string, Handler>;

/** A definition as the loop needs it: clauses by name. */
export interface Callbacks {
  readonly label: string;
  /** Whether calls and casts are handled in the async context of their caller. */
  readonly carriesContext: boolean;
  /** Whether handles refuse clauses that there are not. */
  readonly checkCalls: boolean;
  readonly init: (arg: unknown) => unknown;
  readonly calls: Clauses;
  readonly casts: Clauses;
  readonly continues: Clauses;
  readonly handleInfo: Handler | undefined;
  readonly formatStatus: FormatStatus<never> | undefined;
  readonly terminate: ((reason: ExitReason, state: unknown) => unknown) | undefined;
}

/** `this` of the callbacks that have no call to answer. */
const noCall = Object.freeze({ from: undefined });

export class ServerLoop extends Gen implements TimeoutTarget {
  readonly #callbacks: Callbacks;
  #state: unknown;
  /** The timeout that runs, in ms: until it fires, or any message but a system message comes. */
  #timeout: number | undefined;
  #timer: Timer | undefined;
  #tick: TimeoutTick | undefined;
  /** What has to be continued with before the next message. */
  #continue: Request | undefined;
  #lastMessage: unknown;
  /** What a callback gave is no result. */
  #gaveBadReturn = false;

  constructor(process: Process, parent: Pid | undefined, callbacks: Callbacks, state: unknown) {
    super(process, parent);
    this.#callbacks = callbacks;
    this.#state = state;
  }

  /** Applies what init said comes next: it is handled before any message. */
  begin(next: Next): Pending {
    this.#follow(next);
    return this.#andContinue(undefined);
  }

  /** The call that is handled, or was the last message to be. */
  get call(): Call | undefined {
    return Call.isCall(this.#lastMessage) ? this.#lastMessage : undefined;
  }

  onTimeout(): void {
    this.#timer = undefined;
    // Resumed, the server waits for the whole time once more.
    if (this.suspended) return;
    this.#tick = new TimeoutTick();
    this.process.deliver(this.#tick);
  }

  override details(): Readonly<Record<string, unknown>> {
    const message = shownMessage(this.#lastMessage);
    const status = this.shownStatus({ state: this.#state, message });
    const details = { state: status.state, lastMessage: status.message };
    return this.#gaveBadReturn ? { ...details, hint: this.#hint() } : details;
  }

  drop(): void {
    this.#clearTimeout();
  }

  protected override getState(): unknown {
    return this.#state;
  }

  protected override shownStatus(status: ServerStatus): Partial<ServerStatus> {
    return formatted(this.#callbacks.formatStatus, status);
  }

  protected override setState(state: unknown): void {
    this.#state = state;
  }

  protected override beforeMessage(message: unknown, system: boolean): void {
    if (!system) this.#lastMessage = message;
    const timeout = this.#timeout;
    if (timeout === undefined || TimeoutTick.isTick(message)) return;
    this.#clearTimeout();
    // A system message does not cancel the timeout, it starts it anew.
    if (system) this.#armTimeout(timeout);
  }

  protected override handleCall(call: Call): Pending {
    const { context } = call;
    return this.#andContinue(
      this.#run(this.#callbacks.calls, 'handleCall', call.request as Request, call, context),
    );
  }

  protected override handleMessage(message: unknown): Pending {
    const cast = Cast.of(message);
    if (cast !== undefined) {
      const { request, context } = cast;
      return this.#andContinue(
        this.#run(this.#callbacks.casts, 'handleCast', request, undefined, context),
      );
    }
    if (!TimeoutTick.isTick(message)) return this.#andContinue(this.#info(message));
    // One that was overtaken by another message is void.
    if (message !== this.#tick) return undefined;
    this.#clearTimeout();
    return this.#andContinue(this.#info('timeout'));
  }

  protected override shown(message: unknown): unknown {
    return super.shown(shownMessage(message));
  }

  protected override terminate(reason: ExitReason): unknown {
    return this.#callbacks.terminate?.call(noCall, reason, this.#state);
  }

  #run(
    clauses: Clauses,
    kind: string,
    request: Request,
    call: Call | undefined,
    carried: CallerContext | undefined,
  ): Pending {
    const name = typeof request === 'string' ? request : request[0];
    const handler = clauses.get(name);
    if (handler === undefined) {
      return this.end(new FunctionClauseError(this.#callbacks.label, kind, name, clauses.keys()));
    }
    const context = call ?? noCall;
    let result: unknown;
    try {
      result =
        carried === undefined
          ? this.#invoke(handler, context, request)
          : carry(() => this.#invoke(handler, context, request), carried)();
    } catch (error) {
      return this.#thrown(error, call);
    }
    return this.#apply(result, call);
  }

  #invoke(handler: Handler, context: Context, request: Request): unknown {
    if (typeof request === 'string' || request.length === 1) {
      return handler.call(context, this.#state);
    }
    if (request.length === 2) return handler.call(context, this.#state, request[1]);
    return handler.call(context, this.#state, ...request.slice(1));
  }

  #info(message: unknown): Pending {
    const { handleInfo, label } = this.#callbacks;
    if (handleInfo === undefined) {
      const { pid } = this.process;
      currentLogger().error(
        { pid, received: this.shown(message) },
        `${label} ${String(pid)} received an unexpected message and has no handleInfo`,
      );
      return undefined;
    }
    let result: unknown;
    try {
      result = handleInfo.call(noCall, this.#state, message);
    } catch (error) {
      return this.#thrown(error, undefined);
    }
    return this.#apply(result, undefined);
  }

  /** Applies what a callback gave, now or when its promise has settled. */
  #apply(result: unknown, call: Call | undefined): Pending {
    if (isReply(result)) {
      return call === undefined ? this.#badReturn(result) : this.#goOn(result, call);
    }
    if (isNoReply(result)) return this.#goOn(result);
    if (isStop(result)) return this.#stop(result, call);
    if (isThenable(result)) return this.#applyLater(result, call);
    const adopted = adopt(result);
    return Object.is(adopted, result) ? this.#badReturn(result) : this.#apply(adopted, call);
  }

  #applyLater(pending: PromiseLike<unknown>, call: Call | undefined): Pending {
    return Promise.resolve(pending).then(
      (result: unknown) => {
        if (this.process.dead) return undefined;
        return this.#andContinue(this.#apply(result, call));
      },
      (error: unknown) => {
        if (this.process.dead) return undefined;
        return this.#andContinue(this.#thrown(error, call));
      },
    );
  }

  #goOn(result: NoReply<unknown> | Reply<unknown, unknown>, call?: Call): Pending {
    const { next, state } = result;
    if (next !== undefined && !isNext(next)) return this.#badReturn(result);
    if (state !== this.#state && isRefusedPromise(state)) return this.#badReturn(result);
    if (call !== undefined) {
      const { value } = result as Reply<unknown, unknown>;
      if (isRefusedPromise(value)) return this.#badReturn(result);
      this.#state = state;
      this.#answer(call, value);
    } else this.#state = state;
    if (this.tracing) this.traced({ type: 'state', state: this.shownState() });
    if (next !== undefined) this.#follow(next);
    return undefined;
  }

  #stop(result: Stop<unknown, unknown>, call: Call | undefined): Pending {
    const { state } = result;
    if (isRefusedPromise(state) || (result.hasReply && isRefusedPromise(result.value))) {
      return this.#badReturn(result);
    }
    this.#state = state;
    const answer = call !== undefined && result.hasReply ? call : undefined;
    return this.end(result.reason, answer && (() => this.#answer(answer, result.value)));
  }

  #answer(call: Call, value: unknown): void {
    call.reply(value);
    if (this.tracing) this.traced({ type: 'out', to: call.pid, message: value });
  }

  #follow(next: Next): void {
    if (typeof next === 'number') this.#armTimeout(next);
    else if (typeof next === 'object') this.#continue = next.continue;
  }

  /** After a callback: runs the clauses that it asked to continue with, in a loop. */
  #andContinue(pending: Pending): Pending {
    return pending === undefined && this.#continue !== undefined ? this.#continues() : pending;
  }

  #continues(): Pending {
    while (this.#continue !== undefined && !this.process.dead) {
      // A server that continues for ever must not stop the world.
      const pause = reduction();
      if (pause !== undefined) return pause.then(() => this.#continues());
      const request = this.#continue;
      this.#continue = undefined;
      const clauses = this.#callbacks.continues;
      const pending = this.#run(clauses, 'handleContinue', request, undefined, undefined);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  /** A thrown value that is neither an Error nor an exit counts as returned, as in OTP. */
  #thrown(error: unknown, call: Call | undefined): Pending {
    if (ExitError.isExitError(error)) return this.end(error.reason);
    if (isError(error)) return this.end(error);
    const thrown = adopt(error);
    const counts = isReply(thrown) || isNoReply(thrown) || isStop(thrown);
    return counts ? this.#apply(thrown, call) : this.#badReturn(error);
  }

  #badReturn(value: unknown): Pending {
    this.#gaveBadReturn = true;
    return this.end(['bad_return_value', value]);
  }

  #hint(): string {
    const message = this.#lastMessage;
    const request = Call.isCall(message) ? message.request : Cast.of(message)?.request;
    const clause: unknown = Array.isArray(request) ? request[0] : request;
    if (typeof clause !== 'string') return `${results}.`;
    const kind = Call.isCall(message) ? 'call' : 'cast';
    return `The last message was the ${kind} ${JSON.stringify(clause)}. ${results}.`;
  }

  #armTimeout(ms: number): void {
    this.#timeout = ms;
    if (ms > 0) this.#timer = arm(this, ms);
    // With a message waiting already, a timeout of 0 is lost: the message cancels it.
    else if (this.process.messages.size === 0) this.onTimeout();
  }

  #clearTimeout(): void {
    this.#timer?.cancel();
    this.#timeout = this.#timer = this.#tick = undefined;
  }
}

/** Whether a value says what comes next; an invalid one makes the whole result invalid. */
export function isNext(value: unknown): value is Next {
  if (typeof value === 'number') return value >= 0;
  if (value === 'hibernate' || value === 'infinity') return true;
  try {
    return isRequest((value as { continue?: unknown } | null)?.continue);
  } catch {
    return false;
  }
}
