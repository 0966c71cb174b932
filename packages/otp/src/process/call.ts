/**
 * Requests that are answered: the client side of `gen:call`.
 *
 * One object is request, monitor, alias and timer of a call. The answer settles the caller's
 * promise directly; an answer that comes after the timeout finds the call settled and is dropped,
 * so it can never reach a mailbox.
 */
import { arm, type Timer, type TimeoutTarget } from './clock.ts';
import { currentProcess } from './context.ts';
import { capture, capturedReject, capturedResolve } from './deferred.ts';
import { checkTimeout } from './errors.ts';
import { ExitError, formatReason, isError, type ExitReason } from './exit-reason.ts';
import { outside } from './link.ts';
import { isName } from './names.ts';
import { Pid } from './pid.ts';
import { Process } from './process.ts';
import { isVia, resolveRef, type ServerRef } from './server-ref.ts';
import { attachWatch, Watch } from './watch.ts';

/** Identifies the caller of a request that is answered later; see `GenServer.reply`. */
export interface From {
  /** The calling process; `#PID<0.0.0>` for plain code. */
  readonly pid: Pid;
}

/** Which function was called, for the exit reason of a call that fails. */
export interface CallSite {
  readonly module: string;
  readonly function: string;
}

const codes: Record<string, string> = {
  timeout: 'ERR_CALL_TIMEOUT',
  noproc: 'ERR_NOPROC',
  calling_self: 'ERR_CALLING_SELF',
};

/**
 * A call that failed: no such process, no answer in time, or the server ended before answering.
 *
 * `reason` is OTP's term `[why, [module, function, args]]`: left uncaught in a process, it is the
 * reason with which that process ends. `why` is its first part.
 */
export class CallError extends ExitError {
  override readonly code: string;
  /** `'noproc'`, `'timeout'`, `'calling_self'`, or the exit reason of the server. */
  readonly why: ExitReason;

  constructor(why: ExitReason, site: CallSite, args: readonly unknown[]) {
    const call = `${site.module}.${site.function}`;
    super(
      [why, [site.module, site.function, args]],
      `${call}(${describeServer(args[0])}) failed: ${formatReason(why)}`,
      isError(why) ? { cause: why } : undefined,
    );
    this.why = why;
    this.code = (typeof why === 'string' ? codes[why] : undefined) ?? 'ERR_CALL_EXIT';
  }
}

function describeServer(server: unknown): string {
  if (isName(server)) return String(server);
  if (Pid.isPid(server)) return server.toString();
  if (isVia(server)) return `via ${formatReason(server.via[1])}`;
  return 'server';
}

/** A pending request. */
export class Call extends Watch implements From, TimeoutTarget {
  readonly #request: unknown;
  readonly #site: CallSite;
  readonly #server: ServerRef;
  readonly #timeout: number | 'infinity';
  #resolve: ((value: never) => void) | undefined;
  #reject: ((error: CallError) => void) | undefined;
  #timer: Timer | undefined;
  readonly pid: Pid;

  constructor(
    site: CallSite,
    server: ServerRef,
    request: unknown,
    timeout: number | 'infinity',
    pid: Pid,
    resolve: (value: never) => void,
    reject: (error: CallError) => void,
  ) {
    super();
    this.#site = site;
    this.#server = server;
    this.#request = request;
    this.#timeout = timeout;
    this.pid = pid;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  // `instanceof` is several times as fast as looking for a private name, but a proxy may throw.
  static isCall(message: unknown): message is Call {
    try {
      return message instanceof Call;
    } catch {
      return false;
    }
  }

  get request(): unknown {
    return this.#request;
  }

  /** The call itself, as `this.from` of the callback that handles it. */
  get from(): From {
    return this;
  }

  /** True while nobody has answered and the caller still waits. */
  get pending(): boolean {
    return this.#resolve !== undefined;
  }

  armTimeout(timeout: number): void {
    this.#timer = arm(this, timeout);
  }

  reply(value: unknown): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#settle();
    resolve(value as never);
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.fail('timeout');
  }

  fail(why: ExitReason): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#settle();
    reject(new CallError(why, this.#site, [this.#server, this.#request, this.#timeout]));
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.fail(reason);
  }

  protected override ownerDown(): void {
    this.#settle();
  }

  #settle(): void {
    this.#resolve = this.#reject = undefined;
    this.unwatch();
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** Sends a request that the receiver takes as a {@link Call}, and waits for the answer. */
export function request<T>(
  site: CallSite,
  server: ServerRef,
  message: unknown,
  timeout: number | 'infinity',
): Promise<T> {
  checkTimeout('timeout', timeout);
  const caller = currentProcess();
  let target: ReturnType<typeof resolveRef>;
  try {
    target = resolveRef(server);
  } catch (error) {
    return Promise.reject(error);
  }
  const answer = new Promise<T>(capture);
  if (caller?.dead === true) return answer; // nobody is left to hear it
  const pid = caller?.pid ?? outside;
  const call = new Call(site, server, message, timeout, pid, capturedResolve(), capturedReject());
  if (!(target instanceof Process)) {
    call.fail(target === undefined ? 'noproc' : ['nodedown', target.node]);
  } else if (target === caller) {
    call.fail('calling_self');
  } else {
    attachWatch(call, target, caller);
    if (timeout !== 'infinity') call.armTimeout(timeout);
    target.dispatch(call);
  }
  return answer;
}
