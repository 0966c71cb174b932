import { Machine, type From, type MachineArgs, type MachineHandle } from '@linnet/otp';
import { assertType, expectTypeOf, test } from 'vitest';
import { createMachine, setup } from 'xstate';

interface Connection {
  readonly idleTime: number | 'infinity';
  opened(): void;
}

type ConnectionEvent =
  | { readonly type: 'OPENED'; readonly protocol: string }
  | { readonly type: 'CLOSE' }
  | { readonly type: 'STATUS'; readonly verbose: boolean; readonly from: From };

const connectionMachine = setup({
  types: { input: {} as Connection, events: {} as ConnectionEvent },
  actions: {
    opened: Machine.action(({ input, event, self }: MachineArgs<Connection, ConnectionEvent>) => {
      input.opened();
      expectTypeOf(event).toEqualTypeOf<ConnectionEvent>();
      expectTypeOf(self.step).parameter(0).toEqualTypeOf<ConnectionEvent>();
      // @ts-expect-error no such event
      self.send({ type: 'NO' });
    }),
    note: Machine.action(
      (_args: MachineArgs<Connection, ConnectionEvent>, params: { readonly text: string }) =>
        params.text,
    ),
    answer: Machine.answer(({ self }) => self.value),
  },
  delays: { idle: Machine.delay(({ input }: MachineArgs<Connection>) => input.idleTime) },
}).createMachine({
  initial: 'connecting',
  states: {
    connecting: {
      entry: Machine.timeout('connect', 1000, { type: 'CLOSE' }),
      on: {
        OPENED: { target: 'idle', actions: ['opened', { type: 'note', params: { text: 'x' } }] },
        STATUS: { actions: Machine.postpone },
      },
    },
    idle: {
      entry: [Machine.cancelTimeout('connect'), ...Machine.eventTimeout(1, { type: 'CLOSE' })],
      after: { idle: 'closed' },
      on: { CLOSE: 'closed', STATUS: { actions: 'answer' } },
    },
    closed: { type: 'final' },
  },
});

const ConnectionProcess = Machine.define(connectionMachine, {
  onDone: (_output, input) => {
    expectTypeOf(input).toEqualTypeOf<Connection>();
    return 'normal';
  },
  terminate: (_reason, { input }) => input.opened(),
});

declare const connection: Connection;
declare const handle: MachineHandle<typeof connectionMachine>;

test('the input of a process is the input of its machine', () => {
  void ConnectionProcess.startLink(connection, { name: 'c' });
  // @ts-expect-error the input is missing
  void ConnectionProcess.startLink();
  // @ts-expect-error not the input of this machine
  void ConnectionProcess.start({ idleTime: 1 });
  ConnectionProcess.childSpec(connection, { name: 'c', restart: 'temporary' });
  // @ts-expect-error no such restart type
  ConnectionProcess.childSpec(connection, { restart: 'always' });
  expectTypeOf(ConnectionProcess.childSpec(connection).start).returns.toEqualTypeOf<
    typeof handle | Promise<typeof handle>
  >();
  const Plain = Machine.define(createMachine({ initial: 'a', states: { a: {} } }));
  void Plain.startLink();
});

test('only events of the machine are sent, and those of calls without their from', () => {
  handle.send({ type: 'OPENED', protocol: 'http/1.1' });
  // @ts-expect-error the protocol is missing
  handle.send({ type: 'OPENED' });
  // @ts-expect-error no such event
  handle.step({ type: 'OPEN' });
  assertType<boolean>(handle.step({ type: 'CLOSE' }));
  void handle.call({ type: 'STATUS', verbose: true });
  // @ts-expect-error verbose is missing
  void handle.call({ type: 'STATUS' });
  expectTypeOf(handle.call<string>({ type: 'STATUS', verbose: true })).resolves.toBeString();
});

test('snapshots are those of the machine', () => {
  expectTypeOf(handle.snapshot().value).toEqualTypeOf<'connecting' | 'idle' | 'closed'>();
});
