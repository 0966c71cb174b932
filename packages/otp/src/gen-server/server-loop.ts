/** The loop of a GenServer: which callback a message runs, and what its result does. */
import { arm, type Timer, type TimeoutTarget } from '../process/clock.ts';
import type { Call } from '../process/call.ts';
import { currentLogger } from '../process/crash-report.ts';
import { ExitError, type ExitReason } from '../process/exit-reason.ts';
import { isThenable, type Process } from '../process/process.ts';
import type { Pid } from '../process/pid.ts';
import { Gen, type Pending } from './gen.ts';
import { NoReply, Reply, Stop, type ContinueRequest, type Next } from './results.ts';

type Handler = (this: { from: Call }, state: unknown, ...args: unknown[]) => unknown;

/** A definition as the loop needs it: clauses by name. */
export interface Callbacks {
  readonly label: string;
  readonly init: (arg: unknown) => unknown;
  readonly calls: ReadonlyMap<string, Handler>;
  readonly casts: ReadonlyMap<string, Handler>;
  readonly continues: ReadonlyMap<string, Handler>;
  readonly handleInfo: Handler | undefined;
  readonly terminate: ((reason: ExitReason, state: unknown) => unknown) | undefined;
}

/** A request: the name of a clause, or its name and arguments. */
export type Request = string | readonly [clause: string, ...args: unknown[]];

/** A request that is not answered. */
export class Cast {
  readonly #request: Request;
  constructor(request: Request) {
    this.#request = request;
  }
  static requestOf(message: unknown): Request | undefined {
    return typeof message === 'object' && message !== null && #request in message
      ? message.#request
      : undefined;
  }
}

/** Put into the mailbox when a server's timeout fires; void if another message came first. */
class TimeoutTick {
  readonly loop: ServerLoop;
  constructor(loop: ServerLoop) {
    this.loop = loop;
  }
}

export class ServerLoop extends Gen implements TimeoutTarget {
  readonly #callbacks: Callbacks;
  /** `this` of every callback. */
  readonly #context: { from: Call };
  #state: unknown;
  #timer: Timer | undefined;
  #tick: TimeoutTick | undefined;
  #lastMessage: unknown;

  constructor(process: Process, parent: Pid | undefined, callbacks: Callbacks, state: unknown) {
    super(process, parent);
    this.#callbacks = callbacks;
    this.#context = { from: undefined as unknown as Call };
    this.#state = state;
  }

  /** Applies what init said comes next: it is handled before any message. */
  begin(next: Next | undefined): Pending {
    return next === undefined ? undefined : this.#follow(next);
  }

  get from(): Call {
    return this.#context.from;
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.#tick = new TimeoutTick(this);
    this.process.dispatch(this.#tick);
  }

  override details(): Readonly<Record<string, unknown>> {
    return { state: this.#state, lastMessage: this.#lastMessage };
  }

  drop(): void {
    this.#clearTimeout();
  }

  protected override getState(): unknown {
    return this.#state;
  }

  protected override setState(state: unknown): void {
    this.#state = state;
  }

  protected override beforeMessage(message: unknown, system: boolean): void {
    this.#lastMessage = message;
    if (this.#timer === undefined && this.#tick === undefined) return;
    if (system) {
      // A system message does not cancel the timeout, it starts it anew.
      this.#timer?.refresh();
    } else if (message !== this.#tick) {
      this.#clearTimeout();
    }
  }

  protected override handleCall(call: Call): Pending {
    const request = call.request as Request;
    this.#context.from = call;
    return this.#run(this.#callbacks.calls, 'handleCall', request, call);
  }

  protected override handleMessage(message: unknown): Pending {
    const cast = Cast.requestOf(message);
    if (cast !== undefined) return this.#run(this.#callbacks.casts, 'handleCast', cast, undefined);
    let info = message;
    if (message instanceof TimeoutTick && message.loop === this) {
      if (message !== this.#tick) return undefined;
      this.#tick = undefined;
      info = 'timeout';
    }
    const { handleInfo, label } = this.#callbacks;
    if (handleInfo === undefined) {
      currentLogger().error(
        { pid: this.process.pid, received: info },
        `${label} ${String(this.process.pid)} received an unexpected message and has no handleInfo`,
      );
      return undefined;
    }
    return this.#apply(handleInfo, info, undefined);
  }

  protected override terminate(reason: ExitReason): unknown {
    return this.#callbacks.terminate?.call(this.#context, reason, this.#state);
  }

  #run(
    clauses: ReadonlyMap<string, Handler>,
    kind: string,
    request: Request,
    call: Call | undefined,
  ): Pending {
    const name = typeof request === 'string' ? request : request[0];
    const handler = clauses.get(name);
    if (handler === undefined) return this.#fail(this.#noClause(kind, name, clauses), call);
    return this.#apply(handler, request, call);
  }

  /** Calls a handler and applies its result; `input` is a request or, for handleInfo, a message. */
  #apply(handler: Handler, input: unknown, call: Call | undefined): Pending {
    let result: unknown;
    try {
      const context = this.#context;
      if (handler === this.#callbacks.handleInfo) {
        result = handler.call(context, this.#state, input);
      } else if (typeof input === 'string' || (input as unknown[]).length === 1) {
        result = handler.call(context, this.#state);
      } else if ((input as unknown[]).length === 2) {
        result = handler.call(context, this.#state, (input as unknown[])[1]);
      } else {
        result = handler.call(context, this.#state, ...(input as unknown[]).slice(1));
      }
    } catch (error) {
      return this.#thrown(error, call);
    }
    if (isThenable(result)) {
      return result.then(
        (value) => this.#settle(value, call),
        (error: unknown) => this.#thrown(error, call),
      );
    }
    return this.#settle(result, call);
  }

  #settle(result: unknown, call: Call | undefined): Pending {
    if (result instanceof Reply) {
      if (call === undefined) return this.#badReturn(result);
      this.#state = result.state;
      call.reply(result.value);
      if (this.tracing) this.traced({ type: 'out', to: call.pid, message: result.value });
    } else if (result instanceof NoReply) {
      this.#state = result.state;
    } else if (result instanceof Stop) {
      this.#state = result.state;
      const answer = call !== undefined && result.hasReply ? call : undefined;
      return this.end(result.reason, answer && (() => answer.reply(result.value)));
    } else {
      return this.#badReturn(result);
    }
    if (this.tracing) this.traced({ type: 'state', state: this.#state });
    const { next } = result as Reply<unknown, unknown>;
    return next === undefined ? undefined : this.#follow(next);
  }

  #follow(next: Next): Pending {
    if (next === 'hibernate' || next === 'infinity') return undefined;
    if (typeof next === 'number') {
      this.#armTimeout(next);
      return undefined;
    }
    if (typeof next !== 'object' || next === null || !('continue' in next)) {
      return this.#badReturn(next);
    }
    const { continue: request } = next as { continue: ContinueRequest };
    return this.#run(this.#callbacks.continues, 'handleContinue', request, undefined);
  }

  /** A thrown value that is neither an Error nor an exit counts as returned, as in OTP. */
  #thrown(error: unknown, call: Call | undefined): Pending {
    if (ExitError.isExitError(error)) return this.end(error.reason);
    if (error instanceof Error) return this.end(error);
    return this.#settle(error, call);
  }

  #fail(error: Error, call: Call | undefined): Pending {
    return this.#thrown(error, call);
  }

  #badReturn(value: unknown): Pending {
    return this.end(['bad_return_value', value]);
  }

  #noClause(kind: string, name: unknown, clauses: ReadonlyMap<string, Handler>): Error {
    const known = [...clauses.keys()].map((clause) => JSON.stringify(clause)).join(', ');
    return new Error(
      `${this.#callbacks.label} ${String(this.process.pid)} has no ${kind} clause ${JSON.stringify(name)}` +
        (known === '' ? '' : ` (it has ${known})`),
    );
  }

  #armTimeout(ms: number): void {
    if (ms > 0) {
      this.#timer = arm(this, ms);
      return;
    }
    // With a message waiting already, a timeout of 0 is lost: the message cancels it.
    if (this.process.messages.size > 0) return;
    this.onTimeout();
  }

  #clearTimeout(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tick = undefined;
  }
}
