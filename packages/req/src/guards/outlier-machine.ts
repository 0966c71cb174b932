/** The states of an upstream, as a machine that is a process. */
import { Machine, type MachineArgs, type MachineRef } from '@linnet/otp';
import { setup } from 'xstate';

/** Its requests fail, and others can do its work. */
export interface OutlierEvent {
  readonly type: 'EJECT';
}

/** What the machine acts on: the figures of its process. */
export interface OutlierInput {
  /** How long it stays ejected this time, in ms. */
  readonly ejectionTime: number;
  /** The process runs: calls may find it. */
  started(machine: MachineRef<OutlierEvent>): void;
  /** Requests go to it from here on. */
  inRotation(): void;
}

type Args = MachineArgs<OutlierInput, OutlierEvent>;

const outlierMachine = setup({
  types: { events: {} as OutlierEvent, input: {} as OutlierInput },
  actions: {
    started: Machine.action(({ input, self }: Args) => input.started(self)),
    inRotation: Machine.action(({ input }: Args) => input.inRotation()),
  },
  delays: { ejectionTime: Machine.delay(({ input }: Args) => input.ejectionTime) },
}).createMachine({
  id: 'upstream',
  initial: 'in_rotation',
  entry: 'started',
  states: {
    in_rotation: { entry: 'inRotation', on: { EJECT: 'ejected' } },
    ejected: { after: { ejectionTime: 'in_rotation' } },
  },
});

/** The process of one upstream of a list. */
export const OutlierProcess = Machine.define(outlierMachine, { engine: 'table' });
