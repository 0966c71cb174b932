/** The states of a circuit breaker, as a machine that is a process. */
import { Machine, type MachineArgs, type MachineRef } from '@linnet/otp';
import { setup } from 'xstate';

export type BreakerEvent =
  /** Its calls fail. */
  | { readonly type: 'TRIP' }
  /** The calls that tried succeeded. */
  | { readonly type: 'RESET' };

/** What the machine acts on: the breaker of its process. */
export interface BreakerInput {
  /** How long it stays open, in ms. */
  readonly resetTimeout: number | 'infinity';
  /** The process runs: calls may find it. */
  started(machine: MachineRef<BreakerEvent>): void;
  opened(): void;
  halfOpened(): void;
  closed(): void;
}

type Args = MachineArgs<BreakerInput, BreakerEvent>;

const breakerMachine = setup({
  types: { events: {} as BreakerEvent, input: {} as BreakerInput },
  actions: {
    started: Machine.action(({ input, self }: Args) => input.started(self)),
    opened: Machine.action(({ input }: Args) => input.opened()),
    halfOpened: Machine.action(({ input }: Args) => input.halfOpened()),
    closed: Machine.action(({ input }: Args) => input.closed()),
  },
  delays: { resetTimeout: Machine.delay(({ input }: Args) => input.resetTimeout) },
}).createMachine({
  id: 'circuit_breaker',
  initial: 'closed',
  entry: 'started',
  states: {
    closed: { entry: 'closed', on: { TRIP: 'open' } },
    open: { entry: 'opened', after: { resetTimeout: 'half_open' } },
    half_open: { entry: 'halfOpened', on: { TRIP: 'open', RESET: 'closed' } },
  },
});

/** The process of a circuit breaker. */
export const BreakerProcess = Machine.define(breakerMachine, { engine: 'table' });
