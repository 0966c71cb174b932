/**
 * Processes of your own kind that start as servers do: the starter waits until the new process says
 * that it is ready, so that a supervisor can start its children in order.
 */
import { idOf, splitOverrides } from './child-options.ts';
import type { ChildSpec, ChildSpecOverrides } from './child-spec.ts';
import { requireProcess } from '../context.ts';
import { BadArgumentError } from '../errors.ts';
import { ExitError, reasonOfThrown, type ExitReason } from '../exit-reason.ts';
import type { Pid } from '../pid.ts';
import type { Body, Process } from '../process.ts';
import { start as startProcess, type InitOutcome, type StartOptions } from './start.ts';

/** Options of `ProcLib.startLink`. */
export interface ProcLibOptions extends StartOptions {
  /** What crash reports and `introspect` call it; the name of the function by default. */
  readonly label?: string;
}

/** A process that has said that it is ready, and what it has said with it. */
export interface StartedProcess<Info = unknown> {
  readonly pid: Pid;
  readonly info: Info;
}

/** The starts that wait for a word of their processes. */
const waiting = new WeakMap<Process, (outcome: InitOutcome, info?: unknown) => void>();

async function run<Info>(
  body: Body,
  options: ProcLibOptions | undefined,
  linked: boolean,
): Promise<StartedProcess<Info>> {
  if (typeof body !== 'function') throw new BadArgumentError('body', body, 'a function');
  const label = options?.label ?? (body.name === '' ? 'process' : body.name);
  let told: unknown;
  const init = (process: Process): Promise<InitOutcome> =>
    new Promise((resolve) => {
      waiting.set(process, (outcome, info) => {
        waiting.delete(process);
        told = info;
        resolve(outcome.type === 'ok' ? { ...outcome, begin: () => running } : outcome);
      });
      const running = (async (): Promise<void> => {
        await body();
      })();
      const ended = (reason: ExitReason): void => waiting.get(process)?.({ type: 'stop', reason });
      running.then(
        () => ended('normal'),
        (error: unknown) => ended(reasonOfThrown(error)),
      );
    });
  const pid = (await startProcess(label, init, options, linked)) as Pid;
  return { pid, info: told as Info };
}

/**
 * Starts a process that runs `body`, linked to the current one (from plain code: a root), and waits
 * until it calls {@link initAck}. It ends as any process does, when `body` returns or throws.
 *
 * Source: `proc_lib:start_link/3,4`.
 * @throws {StartError} when it ends before, with the reason of its end; with the reason of
 *   {@link initFail}; `['already_started', pid]`; or `'timeout'`.
 * @example
 * const { pid, info: port } = await ProcLib.startLink<number>(async () => {
 *   const answerTo = alias();
 *   ProcLib.initAck(8080);
 *   for (;;) send(answerTo, await receive());
 * });
 */
function startLink<Info = undefined>(
  body: Body,
  options?: ProcLibOptions,
): Promise<StartedProcess<Info>> {
  return run(body, options, true);
}

/**
 * The same without a link.
 *
 * Source: `proc_lib:start/3,4`.
 * @example
 * await ProcLib.start(async () => {
 *   ProcLib.initAck();
 *   await receive();
 * });
 */
function start<Info = undefined>(
  body: Body,
  options?: ProcLibOptions,
): Promise<StartedProcess<Info>> {
  return run(body, options, false);
}

/**
 * Says that the current process is ready: its starter goes on, and gets `info` with its pid.
 *
 * Source: `proc_lib:init_ack/1`.
 * @throws {BadArgumentError} in a process that no starter waits for: it was not started by ProcLib, or has
 *   said so already.
 * @example
 * await ProcLib.startLink(async () => {
 *   await migrate();
 *   ProcLib.initAck();
 *   await receive();
 * });
 */
function initAck(info?: unknown): void {
  starterOf('ProcLib.initAck()')({ type: 'ok', behaviour: undefined }, info);
}

/**
 * Ends the current process with a reason, with which its start fails.
 *
 * Source: `proc_lib:init_fail/2`.
 * @throws {ExitError} always; {BadArgumentError} where `initAck` would.
 * @example
 * const starting = ProcLib.startLink(() => ProcLib.initFail('no_licence'));
 * await starting.catch((error: StartError) => console.log(error.reason)); // no_licence
 */
function initFail(reason: ExitReason): never {
  starterOf('ProcLib.initFail()')({ type: 'stop', reason });
  throw new ExitError(reason);
}

function starterOf(operation: string): (outcome: InitOutcome, info?: unknown) => void {
  const starter = waiting.get(requireProcess(operation));
  if (starter === undefined) {
    throw new BadArgumentError(
      operation,
      undefined,
      'called once, by a process that ProcLib starts',
    );
  }
  return starter;
}

/**
 * Such a process as a child of a supervisor; its id is the name of the process, or of the function.
 * @example
 * const listener = ProcLib.childSpec(async function listener() {
 *   ProcLib.initAck();
 *   await receive();
 * });
 * await Supervisor.startLink([listener], { strategy: 'one_for_one' });
 */
function childSpec(
  body: Body,
  options: ProcLibOptions & ChildSpecOverrides = {},
): ChildSpec<StartedProcess> {
  const [overrides, own] = splitOverrides(options);
  return {
    id: idOf(own.name) ?? (body.name === '' ? body : body.name),
    start: () => startLink(body, own),
    ...overrides,
  };
}

/** Starting processes of one's own kind. */
export const ProcLib: {
  readonly startLink: typeof startLink;
  readonly start: typeof start;
  readonly initAck: typeof initAck;
  readonly initFail: typeof initFail;
  readonly childSpec: typeof childSpec;
} = Object.freeze({ startLink, start, initAck, initFail, childSpec });
