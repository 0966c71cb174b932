/** The client side of a machine process. */
import type { AnyMachineSnapshot, EventObject, StateValue } from 'xstate';
import { newRequest, type RequestId } from '../gen-server/send-request.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import { request } from '../process/messages/call.ts';
import { CallError, type CallSite } from '../process/messages/call-error.ts';
import { pidOfHandle } from '../process/messages/pid-of-handle.ts';
import { BadArgumentError, timeoutOf } from '../process/errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { isProcess } from '../process/local-process.ts';
import type { Pid } from '../process/pid.ts';
import { send } from '../process/messages/send.ts';
import { resolveRef, type ServerRef } from '../process/names/server-ref.ts';
import { checkEvent } from './call-event.ts';
import { MachineLoop } from './machine-loop.ts';
import type { MachineCallOptions } from './types.ts';

const callSite: CallSite = { module: 'Machine', function: 'call' };

/**
 * Sends an event that carries `from` and waits until the machine answers it: `Machine.call`. It
 * waits without limit unless `timeout` (ms) is given.
 *
 * Source: `gen_statem:call/2,3`.
 * @throws {CallError} when the machine is not alive, ends first, does not answer in time, or has no
 *   transition for the event in its state (`why` is `'unhandled_event'`).
 * @example
 * const state = await Machine.call<string>('door', { type: 'STATUS' }, { timeout: 1000 });
 */
export function callMachine<T = unknown>(
  machine: ServerRef,
  event: EventObject,
  options?: MachineCallOptions,
): Promise<T> {
  checkEvent(event);
  return request(callSite, machine, event, timeoutOf(options, 'infinity'));
}

/**
 * As `sendRequest`, with an event: the answer of the machine comes to the mailbox of the current process,
 * where `receiveResponse` and `checkResponse` take it.
 *
 * Source: `gen_statem:send_request/2,4`.
 * @throws {NoProcessError} outside any process; {BadArgumentError} for what is no event.
 * @example
 * const request = Machine.sendRequest<string>('door', { type: 'STATUS' });
 * const response = await receiveResponse(request, { timeout: 1000 });
 */
export function sendRequestToMachine<T = unknown, Label = undefined>(
  machine: ServerRef,
  event: EventObject,
  ...[label]: undefined extends Label ? [label?: Label] : [label: Label]
): RequestId<T, Label> {
  checkEvent(event);
  return newRequest<T, Label>(machine, event, label as Label, 'Machine.sendRequest()');
}

/**
 * Sends an event through the mailbox: `Machine.send`. It never fails, whether or not the machine is
 * alive.
 *
 * Source: `gen_statem:cast/2`.
 * @example
 * Machine.send('door', { type: 'OPEN' });
 */
export function sendToMachine(machine: ServerRef, event: EventObject): void {
  checkEvent(event);
  if (resolveRef(machine) !== undefined) send(machine, event);
}

/** A handle of any machine: `MachineHandle` gives it the types of one. */
export class AnyMachineHandle {
  readonly #server: ServerRef;
  /** Known for handles of `startLink`: one property away, dead or alive. */
  readonly #loop: MachineLoop | undefined;

  constructor(server: ServerRef, loop?: MachineLoop) {
    this.#server = server;
    this.#loop = loop;
  }

  get pid(): Pid {
    return this.#loop?.pid ?? pidOfHandle(this.#server, callSite);
  }

  get value(): StateValue {
    return this.#machine('value').value;
  }

  send(event: EventObject): void {
    sendToMachine(this.#server, event);
  }

  call<T>(event: EventObject, options?: MachineCallOptions): Promise<T> {
    return callMachine(this.#server, event, options);
  }

  step(event: EventObject): boolean {
    const loop = this.#loop ?? this.#find();
    return loop !== undefined && loop.step(event);
  }

  can(event: EventObject): boolean {
    checkEvent(event);
    return this.#machine('can').can(event);
  }

  snapshot(): AnyMachineSnapshot {
    return this.#machine('snapshot').getSnapshot();
  }

  matches(value: StateValue): boolean {
    return this.snapshot().matches(value);
  }

  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void> {
    return stopServer(this.#server, reason, timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (resolveRef(this.#server) !== undefined) await this.stop();
  }

  #machine(operation: string): MachineLoop {
    const loop = this.#loop ?? this.#find();
    if (loop !== undefined) return loop;
    throw new CallError('noproc', { module: 'Machine', function: operation }, [this.#server]);
  }

  #find(): MachineLoop | undefined {
    const target = resolveRef(this.#server);
    if (!isProcess(target)) return undefined;
    if (target.behaviour instanceof MachineLoop) return target.behaviour;
    throw new BadArgumentError('machine', this.#server, 'a process that runs a machine');
  }
}
