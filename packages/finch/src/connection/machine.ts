/**
 * The life of a connection, as an xstate machine without context and guards:
 * `connecting → idle → in_use → closed`, by way of `draining` for one that
 * several use and that accepts no further request. It is the state of the
 * connection, not a record of it: code that wants to know asks the machine, and
 * an event that a state does not list is a bug, of which the process dies.
 */
import { Machine, type MachineArgs, type MachineRef } from '@linnet/otp';
import { createMachine } from 'xstate';
import type { CloseReason } from './owner.ts';

export type ConnectionMachineEvent =
  /** It can take requests: the socket is open, TLS and the server's SETTINGS included. */
  | { readonly type: 'OPENED' }
  /** Its first user takes it; further users of a shared connection change no state. */
  | { readonly type: 'CHECKOUT' }
  /** Its last user gives it back. */
  | { readonly type: 'CHECKIN' }
  /** The time that it may be idle is another one, and begins anew. */
  | { readonly type: 'IDLE_TIME_CHANGED' }
  /** It accepts no further request, and ends with its last user. */
  | { readonly type: 'DRAIN' }
  /** It ends, for whatever reason. */
  | { readonly type: 'CLOSE' }
  /** A message that is no event, of some other process. */
  | { readonly type: 'info'; readonly message: unknown };

/** What the machine acts on: the connection of its process. */
export interface ConnectionInput {
  /** The time in `idle` after which it closes, in ms; Infinity for never. */
  readonly idleTime: number;
  /** Why it closes. */
  readonly closeReason: CloseReason;
  /** Starts to open the socket; `OPENED` or `CLOSE` follows. */
  connect(machine: MachineRef<ConnectionMachineEvent>): void;
  /** The idle time is over. */
  idleTimeOver(): void;
}

const connect = Machine.action(
  ({ input, self }: MachineArgs<ConnectionInput, ConnectionMachineEvent>) => input.connect(self),
);
const idleTimeOver = Machine.action(({ input }: MachineArgs<ConnectionInput>) =>
  input.idleTimeOver(),
);
const idleTime = Machine.delay(({ input }: MachineArgs<ConnectionInput>) => input.idleTime);

// Not by `setup`, which brings every action creator of xstate into a bundle.
export const connectionMachine = createMachine(
  {
    types: {} as { readonly events: ConnectionMachineEvent; readonly input: ConnectionInput },
    id: 'connection',
    initial: 'connecting',
    on: { info: { actions: () => {} } },
    states: {
      connecting: {
        entry: connect,
        on: { OPENED: 'idle', CLOSE: 'closed' },
      },
      idle: {
        after: { idleTime: { target: 'closed', actions: idleTimeOver } },
        on: {
          CHECKOUT: 'in_use',
          IDLE_TIME_CHANGED: { target: 'idle', reenter: true },
          CLOSE: 'closed',
        },
      },
      in_use: {
        on: { CHECKIN: 'idle', DRAIN: 'draining', CLOSE: 'closed' },
      },
      draining: {
        on: { CLOSE: 'closed' },
      },
      closed: { type: 'final' },
    },
  },
  { delays: { idleTime } },
);

/** The process of a connection; its exit reason is `{ shutdown: closeReason }`. */
export const ConnectionProcess = Machine.define(connectionMachine, {
  engine: 'table',
  unhandled: 'fail',
  onDone: (_output, { closeReason }) => ({ shutdown: closeReason }),
});

/** The events, made once. */
export const connectionEvents = {
  opened: { type: 'OPENED' },
  checkout: { type: 'CHECKOUT' },
  checkin: { type: 'CHECKIN' },
  idleTimeChanged: { type: 'IDLE_TIME_CHANGED' },
  drain: { type: 'DRAIN' },
  close: { type: 'CLOSE' },
} as const satisfies Record<string, ConnectionMachineEvent>;
