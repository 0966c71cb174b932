/** Starting a process that answers when it is ready: `proc_lib:start_link`. */
import { brand, brandKey, type Brand } from '../values/brand.ts';
import { arm, type Timer, type TimeoutTarget } from '../time/clock.ts';
import { callerContext, currentProcess } from '../context.ts';
import { checkTimeout } from '../errors.ts';
import {
  ExitError,
  formatReason,
  isError,
  reasonOfThrown,
  type ExitReason,
} from '../exit-reason.ts';
import { linkProcesses, unlinkProcesses } from '../links/link.ts';
import { isName } from '../names/name.ts';
import { claimName, processByName } from '../names/names.ts';
import { processOf, type Pid } from '../pid.ts';
import type { Behaviour, Process } from '../process.ts';
import { isThenable } from '../values/thenable.ts';
import { checkNameOption, viaRegistry, type NameOption } from '../names/server-ref.ts';
import { newProcess, type ProcessOptions } from '../spawn.ts';
import { attachWatch, Watch } from '../links/watch.ts';

/** What the initialisation of a process comes to. */
export type InitOutcome =
  | {
      readonly type: 'ok';
      /** None for a process that goes on with its body. */
      readonly behaviour: Behaviour | undefined;
      /** Runs after the starter was told, before any message. */
      readonly begin?: () => void | PromiseLike<void>;
    }
  /** Not started, by its own choice: the process ends `'normal'`. */
  | { readonly type: 'ignore' }
  /** Failed: the process ends with the reason. */
  | { readonly type: 'stop'; readonly reason: ExitReason }
  /** Failed, without a crash: the process ends `'normal'`. */
  | { readonly type: 'error'; readonly reason: ExitReason };

export interface StartOptions extends ProcessOptions {
  /** Registers the process before its initialisation runs. */
  readonly name?: NameOption | undefined;
  /** Milliseconds for the initialisation, `'infinity'` by default; then the process is killed. */
  readonly timeout?: number | 'infinity' | undefined;
}

const startErrorBrand = brand('start_error');

/**
 * A process could not be started.
 *
 * `reason` is the term of OTP's `{error, Reason}`: what init gave as its reason, the Error that
 * it threw, `['already_started', pid]`, or `'timeout'`.
 */
export class StartError extends ExitError {
  override readonly code: string = 'ERR_START';

  /** @internal */
  override get [brandKey](): Brand {
    return startErrorBrand;
  }

  constructor(reason: ExitReason, label: string) {
    super(
      reason,
      `${label} could not be started: ${formatReason(reason)}${alreadyStartedHint(reason)}`,
      isError(reason) ? { cause: reason } : undefined,
    );
  }
}

/** A name is taken: most often by the module itself, when a tool evaluates it again. */
export function alreadyStartedHint(reason: ExitReason): string {
  if (!Array.isArray(reason) || reason[0] !== 'already_started') return '';
  return (
    '. Its name is taken: by another start, or by this one if its module was evaluated twice (hot reload). ' +
    'Use the running process by its name, or stop it first'
  );
}

/** Waits for the initialisation of one process. */
class Start extends Watch implements TimeoutTarget {
  readonly #process: Process;
  readonly #linkedParent: Process | undefined;
  readonly #resolve: (started: Pid | 'ignore') => void;
  readonly #reject: (error: StartError) => void;
  #timer: Timer | undefined;
  #settled = false;

  constructor(
    process: Process,
    linkedParent: Process | undefined,
    resolve: (started: Pid | 'ignore') => void,
    reject: (error: StartError) => void,
  ) {
    super();
    this.#process = process;
    this.#linkedParent = linkedParent;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  armTimeout(timeout: number): void {
    this.#timer = arm(this, timeout);
  }

  succeed(result: Pid | 'ignore'): void {
    if (this.#settle()) this.#resolve(result);
  }

  fail(reason: ExitReason): void {
    if (this.#settle()) this.#reject(new StartError(reason, this.#process.label));
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.fail('timeout');
    // The starter is told by the rejection, and is not to die of it.
    if (this.#linkedParent !== undefined) unlinkProcesses(this.#linkedParent, this.#process.pid);
    this.#process.terminate('killed', 'signal');
  }

  /** Ended by a signal before its initialisation was over. */
  protected override down(_pid: Pid, reason: ExitReason): void {
    this.spareTrappingParent();
    this.fail(reason);
  }

  /** A failed start leaves no EXIT message in the mailbox of a starter that traps exits. */
  spareTrappingParent(): void {
    const parent = this.#linkedParent;
    if (parent?.trapExit === true) unlinkProcesses(parent, this.#process.pid);
  }

  protected override ownerDown(): void {
    this.#settle();
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.unwatch();
    this.#timer?.cancel();
    this.#timer = undefined;
    return true;
  }
}

/**
 * Starts a process, runs `init` in it, and waits for the outcome.
 *
 * With `linked`, the process is linked to the current one from its first moment; from plain code
 * it is an unlinked root. A starter that does not trap exits dies with a failed init, as in OTP;
 * one that traps gets the rejection and no EXIT message.
 */
export function start(
  label: string,
  init: (process: Process) => InitOutcome | Promise<InitOutcome>,
  options: StartOptions | undefined,
  linked: boolean,
): Promise<Pid | 'ignore'> {
  checkNameOption(options?.name);
  checkTimeout('timeout', options?.timeout);
  const parent = currentProcess();
  const process = newProcess(() => initialise(), label, callerContext(options, 'none'), options);
  const linkedParent = linked ? parent : undefined;
  if (linkedParent !== undefined) linkProcesses(linkedParent, process.pid);
  let starting: Start;

  function initialise(): void | PromiseLike<void> {
    const taken = options?.name === undefined ? undefined : claim(options.name, process);
    if (taken !== undefined) {
      finish({ type: 'error', reason: ['already_started', taken] });
      return;
    }
    let outcome: InitOutcome | Promise<InitOutcome>;
    try {
      outcome = init(process);
    } catch (error) {
      return finish({ type: 'stop', reason: reasonOfThrown(error) });
    }
    if (!isThenable(outcome)) return finish(outcome);
    return outcome.then(finish, (error: unknown) =>
      finish({ type: 'stop', reason: reasonOfThrown(error) }),
    );
  }

  function finish(outcome: InitOutcome): void | PromiseLike<void> {
    if (process.dead) return;
    if (outcome.type === 'ok') {
      process.behaviour = outcome.behaviour;
      starting.succeed(process.pid);
      return outcome.begin?.();
    }
    const exitReason = outcome.type === 'stop' ? outcome.reason : 'normal';
    starting.spareTrappingParent();
    if (outcome.type === 'ignore') starting.succeed('ignore');
    else starting.fail(outcome.reason);
    process.terminate(exitReason, 'fault');
  }

  return new Promise((resolve, reject) => {
    starting = new Start(process, linkedParent, resolve, reject);
    attachWatch(starting, process, parent);
    if (options?.timeout !== undefined && options.timeout !== 'infinity') {
      starting.armTimeout(options.timeout);
    }
  });
}

/** Registers the process; gives the holder of the name when it is taken. */
function claim(name: NameOption, process: Process): Pid | undefined {
  if (isName(name)) {
    return claimName(name, process) ? undefined : processByName(name)?.pid;
  }
  const registry = viaRegistry(name);
  if (registry === undefined || registry.canRegister?.(process.pid) === false) {
    throw new ExitError('noproc');
  }
  const [, key, value] = name.via;
  if (registry.registerName(key, process.pid, value)) {
    process.viaKey = key;
    return undefined;
  }
  const holder = registry.whereisName(key);
  // A dead holder's entry is overwritten by the registry, so a refusal names a live process.
  return holder !== undefined && processOf(holder) !== undefined ? holder : process.pid;
}
