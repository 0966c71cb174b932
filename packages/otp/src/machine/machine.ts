/** State machines as processes: `gen_statem` over xstate. */
import type { AnyStateMachine } from 'xstate';
import { replyTo, stopServer } from '../gen-server/server-handle.ts';
import type { From } from '../process/messages/call.ts';
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import { currentProcess } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { whereis } from '../process/names/server-ref.ts';
import { start, type InitOutcome } from '../process/start/start.ts';
import type { NotPromise } from '../process/values/thenable.ts';
import {
  action,
  answer,
  cancelEventTimeout,
  cancelStateTimeout,
  cancelTimeout,
  delay,
  eventTimeout,
  inputOf,
  postpone,
  stateTimeout,
  target,
  timeout,
  updateEventTimeout,
  updateStateTimeout,
  updateTimeout,
} from './actions.ts';
import { ActorMachine } from './actor-machine.ts';
import { isStateMachine } from './definition.ts';
import { checkDelays, withDelays } from './delay.ts';
import {
  AnyMachineHandle,
  callMachine,
  sendRequestToMachine,
  sendToMachine,
} from './machine-handle.ts';
import type { Definition, MachineLoop } from './machine-loop.ts';
import { TransitionTable } from './table.ts';
import { TableMachine } from './table-machine.ts';
import { NotCompilable } from './translate.ts';
import type { MachineHandle, MachineModule, MachineOptions, StartMachineOptions } from './types.ts';

/**
 * Makes an xstate machine a process: every start gives one process that runs one machine.
 *
 * Messages to the pid that are objects with a string `type` are events, `EXIT` and `DOWN`
 * included; any other message arrives as `{ type: 'info', message }`. `after` delays run on the
 * runtime's clock. A final state ends the process `'normal'` (see `onDone`), an action that throws
 * ends it with what it threw.
 *
 * Source: `gen_statem`; docs/reference/machines.md says which of its features is which construct of xstate.
 * @throws {BadArgumentError} for what is not a machine, for a delay name without implementation,
 *   and with `engine: 'table'` for a machine that needs an actor.
 * @example
 * const Door = Machine.define(createMachine({
 *   initial: 'closed',
 *   states: {
 *     closed: { on: { OPEN: 'open' } },
 *     open: { on: { CLOSE: 'closed' }, after: { 30_000: 'closed' } },
 *   },
 * }));
 * await using door = await Door.startLink();
 * door.send({ type: 'OPEN' });
 */
function define<M extends AnyStateMachine>(
  machine: M,
  options: MachineOptions<M> = {},
): MachineModule<M> {
  if (!isStateMachine(machine)) {
    throw new BadArgumentError('machine', machine, 'a machine made by createMachine of xstate');
  }
  const { unhandled } = options;
  if (unhandled !== undefined && unhandled !== 'ignore' && unhandled !== 'fail') {
    throw new BadArgumentError('unhandled', unhandled, "'ignore' or 'fail'");
  }
  checkDelays(machine);
  const { table, reason } = compile(machine, options.engine);
  const runnable = table === undefined ? withDelays(machine, inputOf) : machine;
  const definition: Definition = {
    label: options.name ?? (machine.id === '(machine)' ? 'Machine' : machine.id),
    machine: runnable,
    table,
    options,
    background: options.keepAlive !== true,
  };
  const run = (linked: boolean, input: unknown, given: StartMachineOptions | undefined) =>
    startMachine(definition, input, given, linked) as unknown as Promise<MachineHandle<M>>;
  const module: MachineModule<M> = {
    name: definition.label,
    engine: table === undefined ? 'actor' : 'table',
    notCompiled: reason,
    startLink: (...args) => run(true, args[0], args[1]),
    start: (...args) => run(false, args[0], args[1]),
    childSpec: (...args) => {
      const [overrides, given] = splitOverrides(args[1] ?? {});
      return {
        id: idOf(given.name) ?? module,
        start: () => run(true, args[0], given),
        ...overrides,
      };
    },
    at: (server) => new AnyMachineHandle(server) as unknown as MachineHandle<M>,
  };
  return Object.freeze(module);
}

function compile(
  machine: AnyStateMachine,
  engine: 'table' | 'actor' | undefined,
): { table: TransitionTable | undefined; reason: string | undefined } {
  if (engine !== undefined && engine !== 'table' && engine !== 'actor') {
    throw new BadArgumentError('engine', engine, "'table' or 'actor'");
  }
  if (engine === 'actor') return { table: undefined, reason: "the option engine is 'actor'" };
  try {
    return { table: new TransitionTable(machine), reason: undefined };
  } catch (error) {
    if (!(error instanceof NotCompilable)) throw error;
    if (engine === undefined) return { table: undefined, reason: error.message };
    throw new BadArgumentError(
      'machine',
      machine,
      `free of context, guards, history and other actors for engine 'table' (${error.message})`,
    );
  }
}

async function startMachine(
  definition: Definition,
  given: unknown,
  options: StartMachineOptions | undefined,
  linked: boolean,
): Promise<AnyMachineHandle> {
  const parent = linked ? currentProcess()?.pid : undefined;
  const input: unknown = given ?? definition.options.input;
  let loop: MachineLoop | undefined;
  const init = (process: Process): InitOutcome => {
    const machine = newLoop(process, parent, definition, input);
    machine.enterInitialState();
    loop = machine;
    return { type: 'ok', behaviour: machine, begin: () => machine.begin() };
  };
  const pid = (await start(definition.label, init, options, linked)) as Pid;
  return new AnyMachineHandle(pid, loop);
}

function newLoop(
  process: Process,
  parent: Pid | undefined,
  definition: Definition,
  input: unknown,
): MachineLoop {
  const { table } = definition;
  return table === undefined
    ? new ActorMachine(process, parent, definition, input)
    : new TableMachine(process, parent, definition, table, input);
}

/**
 * State machines as processes, and what can be done to any of them, by pid or name.
 *
 * `reply` answers a call: its event carries `from`, which may be kept and answered later. The rest
 * are actions and delays to use in a definition.
 */
export const Machine: {
  readonly define: typeof define;
  readonly send: typeof sendToMachine;
  readonly call: typeof callMachine;
  readonly sendRequest: typeof sendRequestToMachine;
  /**
   * Answers a call: its event carries `from`, which may be kept and answered later, from any process.
   *
   * Source: `gen_statem:reply/2`.
   * @throws {BadArgumentError} for what is not the `from` of a call, and for a promise.
   * @example
   * setup({
   *   actions: {
   *     status: Machine.action(({ event, self }: MachineArgs<unknown, Answerable>) =>
   *       Machine.reply(event.from, self.value),
   *     ),
   *   },
   * });
   */
  readonly reply: <V>(from: From, value: NotPromise<V>) => void;
  readonly stop: typeof stopServer;
  readonly whereis: typeof whereis;
  readonly action: typeof action;
  readonly delay: typeof delay;
  readonly answer: typeof answer;
  readonly postpone: typeof postpone;
  readonly timeout: typeof timeout;
  readonly cancelTimeout: typeof cancelTimeout;
  readonly updateTimeout: typeof updateTimeout;
  readonly stateTimeout: typeof stateTimeout;
  readonly cancelStateTimeout: typeof cancelStateTimeout;
  readonly updateStateTimeout: typeof updateStateTimeout;
  readonly eventTimeout: typeof eventTimeout;
  readonly cancelEventTimeout: typeof cancelEventTimeout;
  readonly updateEventTimeout: typeof updateEventTimeout;
  readonly target: typeof target;
} = Object.freeze({
  define,
  send: sendToMachine,
  call: callMachine,
  sendRequest: sendRequestToMachine,
  reply: replyTo,
  stop: stopServer,
  whereis,
  action,
  delay,
  answer,
  postpone,
  timeout,
  cancelTimeout,
  updateTimeout,
  stateTimeout,
  cancelStateTimeout,
  updateStateTimeout,
  eventTimeout,
  cancelEventTimeout,
  updateEventTimeout,
  target,
});
