/**
 * The life of a connection, as an xstate machine without context and guards:
 * `connecting → idle → in_use → closed`, by way of `draining` for one that
 * several use and that takes on nobody any more. Every transition of every
 * connection goes through it; idle time is the state timeout of `idle` and of no
 * other state.
 */
import { Machine, type MachineArgs } from '@linnet/otp';
import { setup } from 'xstate';

export type ConnectionEvent =
  /** The socket is open, TLS and ALPN included. */
  | { readonly type: 'OPENED' }
  /** Someone takes the connection. */
  | { readonly type: 'CHECKOUT' }
  /** Whoever had it hands it on to the next one without letting it rest. */
  | { readonly type: 'HANDOVER' }
  /** One more uses it, beside those who do (HTTP/2). */
  | { readonly type: 'JOIN' }
  /** One of several gives it back. */
  | { readonly type: 'LEAVE' }
  /** Whoever had it, the last one, gives it back. */
  | { readonly type: 'CHECKIN' }
  /** It takes on nobody any more, and ends with its last use. */
  | { readonly type: 'DRAIN' }
  /** It ends, for whatever reason. */
  | { readonly type: 'CLOSE' };

/** What the machine acts on: the connection of its process. */
export interface ConnectionInput {
  /** The time in `idle` after which it closes, in ms; Infinity for never. */
  readonly idleTime: number;
  /** Starts to open the socket; `OPENED` or `CLOSE` follows. */
  dial(): void;
  /** The idle time is over. */
  expired(): void;
}

export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent, input: {} as ConnectionInput },
  actions: {
    dial: Machine.action(({ input }: MachineArgs<ConnectionInput>) => input.dial()),
    expire: Machine.action(({ input }: MachineArgs<ConnectionInput>) => input.expired()),
  },
  delays: {
    idleTime: Machine.delay(({ input }: MachineArgs<ConnectionInput>) => input.idleTime),
  },
}).createMachine({
  id: 'connection',
  initial: 'connecting',
  states: {
    connecting: {
      entry: 'dial',
      on: { OPENED: 'idle', CLOSE: 'closed' },
    },
    idle: {
      after: { idleTime: { target: 'closed', actions: 'expire' } },
      on: { CHECKOUT: 'in_use', CLOSE: 'closed' },
    },
    in_use: {
      on: {
        HANDOVER: {},
        JOIN: {},
        LEAVE: {},
        CHECKIN: 'idle',
        DRAIN: 'draining',
        CLOSE: 'closed',
      },
    },
    draining: {
      on: { LEAVE: {}, CLOSE: 'closed' },
    },
    closed: { type: 'final' },
  },
});

/** The events, made once. */
export const connectionEvents = {
  opened: { type: 'OPENED' },
  checkout: { type: 'CHECKOUT' },
  handover: { type: 'HANDOVER' },
  join: { type: 'JOIN' },
  leave: { type: 'LEAVE' },
  checkin: { type: 'CHECKIN' },
  drain: { type: 'DRAIN' },
  close: { type: 'CLOSE' },
} as const satisfies Record<string, ConnectionEvent>;
