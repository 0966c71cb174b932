/**
 * Requests that are answered: the client side of `gen:call`.
 *
 * One object is request, monitor, alias and timer of a call. The answer settles the caller's
 * promise directly; an answer that comes after the timeout finds the call settled and is dropped,
 * so it can never reach a mailbox.
 */
import { inspect } from 'node:util';
import { brand, brandKey, type Brand } from '../values/brand.ts';
import { CallError, type CallSite } from './call-error.ts';
import { arm, type Timer, type TimeoutTarget } from '../time/clock.ts';
import { currentContext, currentProcess, isRunning, type CallerContext } from '../context.ts';
import { checkTimeout } from '../errors.ts';
import type { ExitReason } from '../exit-reason.ts';
import { outside } from '../links/link.ts';
import { isProcess } from '../local-process.ts';
import { distribution, type Distribution, type RemoteName, type RemoteTarget } from '../node.ts';
import type { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import { defer, undefer, type Deferred } from '../time/deferred.ts';
import { resolveRef, type ServerRef } from '../names/server-ref.ts';
import { attachWatch, Watch } from '../links/watch.ts';

/** Identifies the caller of a request that is answered later; see `GenServer.reply`. */
export interface From {
  /** The calling process; `#PID<0.0.0>` for plain code. */
  readonly pid: Pid;
}

const fromBrand = brand('from');

/** A pending request. */
export class Call implements From, Deferred {
  readonly #request: unknown;
  readonly #site: CallSite;
  readonly #server: ServerRef;
  readonly #timeout: number | 'infinity';
  readonly #caller: Process | undefined;
  #resolve: ((value: never) => void) | undefined = undefined;
  #reject: ((error: CallError) => void) | undefined = undefined;
  /** The server, once the request is sent. */
  #target: Process | undefined = undefined;
  /** What watches over the call once the turn in which it was made is over. */
  #guard: Guard | RemoteGuard | undefined = undefined;
  /** The async context of the caller, for a server that handles calls in it. */
  #context: CallerContext | undefined = undefined;
  ticket: number | undefined = undefined;
  older: Deferred | undefined = undefined;
  newer: Deferred | undefined = undefined;

  constructor(
    site: CallSite,
    server: ServerRef,
    request: unknown,
    timeout: number | 'infinity',
    caller: Process | undefined,
  ) {
    this.#site = site;
    this.#server = server;
    this.#request = request;
    this.#timeout = timeout;
    this.#caller = caller;
  }

  // `instanceof` is several times as fast as looking for a private name, but a proxy may throw.
  static isCall(message: unknown): message is Call {
    try {
      return message instanceof Call;
    } catch {
      return false;
    }
  }

  /** @internal */
  get [brandKey](): Brand {
    return fromBrand;
  }

  get pid(): Pid {
    return this.#caller?.pid ?? outside;
  }

  get context(): CallerContext | undefined {
    return this.#context;
  }

  get request(): unknown {
    return this.#request;
  }

  /** The call itself, as `this.from` of the callback that handles it. */
  get from(): From {
    return this;
  }

  /** True while it has no answer and the caller still waits. */
  get pending(): boolean {
    return this.#resolve !== undefined;
  }

  /** Shows the caller when the `from` of a call is logged. */
  toJSON(): From {
    return { pid: this.pid };
  }

  [inspect.custom](): From {
    return this.toJSON();
  }

  /** The promise that the caller gets; to be asked for once. */
  answer<T>(): Promise<T> {
    return new Promise((resolve, reject) => this.settleWith(resolve, reject));
  }

  /** Who is told of the answer, or of the failure; once. */
  settleWith(resolve: (value: never) => void, reject: (error: CallError) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Puts it into the mailbox of its server. */
  send(target: Process): void {
    this.#target = target;
    if (target.carriesContext) this.#context = currentContext();
    defer(this);
    target.deliver(this);
  }

  run(): void {
    this.#guard = new Guard(this, this.#target as Process, this.#caller, this.#timeout);
  }

  /** Sends it to a process of another node. */
  sendRemote(remote: Distribution, target: RemoteTarget): void {
    remote.call(target, this);
    if (this.pending) this.#guard = new RemoteGuard(this, target, this.#caller, this.#timeout);
  }

  reply(value: unknown): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.drop();
    resolve(value as never);
  }

  fail(why: ExitReason): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.drop();
    reject(new CallError(why, this.#site, [this.#server, this.#request, this.#timeout]));
  }

  /** The caller no longer waits for the answer. */
  drop(): void {
    this.#resolve = this.#reject = undefined;
    if (this.#guard !== undefined) this.#guard.release();
    else if (this.#target !== undefined) undefer(this);
  }
}

/** Ends a call whose server or caller dies, or that takes too long. */
class Guard extends Watch implements TimeoutTarget {
  readonly #call: Call;
  readonly #timer: Timer | undefined;

  constructor(
    call: Call,
    target: Process,
    caller: Process | undefined,
    timeout: number | 'infinity',
  ) {
    super();
    this.#call = call;
    attachWatch(this, target, caller);
    this.#timer = timeout === 'infinity' ? undefined : arm(this, timeout);
  }

  release(): void {
    this.unwatch();
    this.#timer?.cancel();
  }

  onTimeout(): void {
    this.#call.fail('timeout');
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#call.fail(reason);
  }

  protected override ownerDown(): void {
    this.#call.drop();
  }
}

/**
 * Ends a call to a process of another node whose caller dies, or that takes too long; the other node
 * watches over the server.
 */
class RemoteGuard extends Watch implements TimeoutTarget {
  readonly #call: Call;
  readonly #target: RemoteTarget;
  readonly #timer: Timer | undefined;

  constructor(
    call: Call,
    target: RemoteTarget,
    caller: Process | undefined,
    timeout: number | 'infinity',
  ) {
    super();
    this.#call = call;
    this.#target = target;
    if (caller !== undefined) attachWatch(this, caller, undefined);
    this.#timer = timeout === 'infinity' ? undefined : arm(this, timeout);
  }

  release(): void {
    this.unwatch();
    this.#timer?.cancel();
    distribution()?.dropCall(this.#target, this.#call);
  }

  onTimeout(): void {
    this.#call.fail('timeout');
  }

  protected override down(): void {
    this.#call.drop();
  }
}

/** A call that has come from another node: its `from` is a process there. */
class ReceivedCall extends Call {
  readonly #from: Pid;

  constructor(target: Process, request: unknown, from: Pid) {
    super({ module: 'GenServer', function: 'call' }, target.pid, request, 'infinity', undefined);
    this.#from = from;
  }

  override get pid(): Pid {
    return this.#from;
  }
}

/** Who is told of the answer to a call of another node. */
export interface CallOutcome {
  reply(value: unknown): void;
  /** The server was not alive, or has ended before answering. */
  fail(why: ExitReason): void;
}

/**
 * Gives a call of another node to a process here. The returned function drops it: the caller does not
 * wait any more.
 */
export function receiveCall(
  server: ServerRef,
  message: unknown,
  from: Pid,
  outcome: CallOutcome,
): () => void {
  const target = resolveRef(server);
  if (!isProcess(target)) {
    outcome.fail('noproc');
    return () => {};
  }
  const call = new ReceivedCall(target, message, from);
  call.settleWith(
    (value) => outcome.reply(value),
    ({ why }) => outcome.fail(why),
  );
  call.send(target);
  return () => call.drop();
}

/** Sends a call to the process that a reference stands for, or fails it at once. */
export function sendCall(call: Call, target: Target, caller: Process | undefined): void {
  if (!isProcess(target)) {
    sendElsewhere(call, target);
  } else if (target === caller && (target.busy || isRunning(target))) {
    call.fail('calling_self');
  } else {
    call.send(target);
  }
}

/** Apart, so that a call to a local process is short enough for V8 to inline it. */
function sendElsewhere(call: Call, target: Pid | RemoteName | undefined): void {
  const remote = distribution();
  if (target === undefined) call.fail('noproc');
  else if (remote === undefined) call.fail(['nodedown', target.node]);
  else call.sendRemote(remote, target);
}

type Target = ReturnType<typeof resolveRef>;

/** Sends a request that the receiver takes as a {@link Call}, and waits for the answer. */
export function request<T>(
  site: CallSite,
  server: ServerRef,
  message: unknown,
  timeout: number | 'infinity',
): Promise<T> {
  checkTimeout('timeout', timeout);
  const caller = currentProcess();
  let target: Target;
  try {
    target = resolveRef(server);
  } catch (error) {
    return Promise.reject(error);
  }
  if (caller?.dead === true) return new Promise(() => {}); // the code of a dead process hears nothing more
  const call = new Call(site, server, message, timeout, caller);
  const answer = call.answer<T>();
  if (!isProcess(target)) return requestElsewhere(call, target, answer);
  sendCall(call, target, caller);
  return answer;
}

function requestElsewhere<T>(
  call: Call,
  target: Pid | RemoteName | undefined,
  answer: Promise<T>,
): Promise<T> {
  try {
    sendElsewhere(call, target);
  } catch (error) {
    // What cannot be sent to another node.
    return Promise.reject(error);
  }
  return answer;
}
