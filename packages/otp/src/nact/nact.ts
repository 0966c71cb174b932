/**
 * nact and processes: an actor function of [nact](https://nact.xyz) as a supervised process, and any process
 * as what nact's own functions take. For a program that has actors already, and gets a supervision
 * tree around them.
 */
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import { CallError } from '../process/messages/call-error.ts';
import { currentProcess } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { isProcess } from '../process/local-process.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { resolveRef, type ServerRef } from '../process/names/server-ref.ts';
import { start, type InitOutcome, type StartOptions } from '../process/start/start.ts';
import { NactLoop, type NactDefinition } from './nact-loop.ts';
import type { NactActor, NactContext, NactReference } from './types.ts';

/** Options of a nact actor as a process; those of nact that have a meaning here have nact's names. */
export interface NactOptions<State, Message> extends StartOptions {
  /** What crash reports and `introspect` call it; the name of the function by default. */
  readonly label?: string;
  /** The state before the first message. */
  readonly initialState?: State;
  /** Makes that state, in the new process and at each restart. */
  readonly initialStateFunc?: () => State;
  /** Runs when the actor is stopped in order. */
  readonly afterStop?: (state: State, context: NactContext<Message>) => unknown;
}

/** A running actor: its process, and its reference for nact's functions. */
export interface NactHandle {
  readonly pid: Pid;
  readonly reference: NactReference;
}

/**
 * Starts a nact actor function as a process, linked to the current one (from plain code: a root).
 *
 * What nact does after a crash (`onCrash`, its supervision actions) has no place here: what the function
 * throws ends the process, and its supervisor decides.
 *
 * Source: `spawn` of nact.
 * @throws {StartError} with what `initialStateFunc` threw, or `['already_started', pid]`.
 * @example
 * const { reference } = await Nact.startLink((total: number, by: number) => total + by, {
 *   initialState: 0,
 * });
 */
async function startLink<State, Message>(
  act: NactActor<State, Message>,
  options: NactOptions<State, Message> = {},
): Promise<NactHandle> {
  if (typeof act !== 'function') throw new BadArgumentError('act', act, 'a function');
  const { initialState, initialStateFunc, afterStop, label } = options;
  const definition = { act, afterStop } as unknown as NactDefinition;
  const parent = currentProcess()?.pid;
  const init = (process: Process): InitOutcome => {
    const state = initialStateFunc === undefined ? initialState : initialStateFunc();
    return { type: 'ok', behaviour: new NactLoop(process, parent, definition, state) };
  };
  const name = label ?? (act.name === '' ? 'nact actor' : act.name);
  const pid = (await start(name, init, options, true)) as Pid;
  return { pid, reference: reference(pid) };
}

/**
 * A nact actor function as a child of a supervisor; its id is the name of the process, or the function.
 * @example
 * const counter = Nact.childSpec((total: number, by: number) => total + by, {
 *   initialState: 0,
 *   name: 'counter',
 * });
 * await Supervisor.startLink([counter], { strategy: 'one_for_one' });
 */
function childSpec<State, Message>(
  act: NactActor<State, Message>,
  options: NactOptions<State, Message> & ChildSpecOverrides = {},
): ChildSpec<NactHandle> {
  const [overrides, own] = splitOverrides(options);
  return { id: idOf(own.name) ?? act, start: () => startLink(act, own), ...overrides };
}

/**
 * A live process as nact's `dispatch`, `query` and `stop` take it. `dispatch` sends it a message, `stop` is
 * the exit signal `'shutdown'`, and the message of a `query` has the reference to answer to, for
 * nact's `dispatch`. The reference is of this one process: after a restart, ask for it again.
 *
 * @throws {CallError} with `why` `'noproc'` when no such process is alive on this node.
 * @example
 * const reference = Nact.reference('counter');
 */
function reference(process: ServerRef): NactReference {
  const target = resolveRef(process);
  if (isProcess(target)) return target.reference;
  throw new CallError('noproc', { module: 'Nact', function: 'reference' }, [process]);
}

/** nact actors as processes, and processes as nact's references. */
export const Nact: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly reference: typeof reference;
} = Object.freeze({ startLink, childSpec, reference });
