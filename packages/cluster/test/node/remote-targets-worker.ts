/** A node in a worker thread, with one process of each kind. */
import {
  Agent,
  DynamicSupervisor,
  GenServer,
  Machine,
  noreply,
  type Pid,
  receive,
  Registry,
  reply,
  self,
  send,
  spawn,
  stop,
  Supervisor,
  Task,
} from '@linnet/otp';
import { createMachine } from 'xstate';
import { Workers } from '../../src/index.ts';

const Victim = GenServer.define({
  name: 'Victim',
  init: () => 0,
  handleInfo: (n, message) => (message === 'end' ? stop('normal', n) : noreply(n)),
});

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: {
    value: (n) => reply(n, n),
    pid: (n) => reply(self(), n),
    victim: async (n) => reply((await Victim.start(undefined)).pid, n),
    function: (n) => reply(() => {}, n),
  },
  handleCast: { add: (n, by: number) => noreply(n + by) },
  handleInfo: (n, message) => {
    send((message as { to: Pid }).to, 'told');
    return noreply(n);
  },
});

const Door = Machine.define(
  createMachine({
    initial: 'closed',
    states: {
      closed: { on: { open: 'opened' } },
      opened: { on: { ask: { actions: Machine.answer(() => 'opened') } } },
    },
  }),
);

await Workers.join();
await Door.start(undefined, { name: 'door' });
await Agent.start(() => 7, { name: 'agent' });
const child = Counter.childSpec(1, { id: 'child' });
// The supervisors are linked with a process that waits for ever.
spawn(async () => {
  for (const name of ['supervisor', 'supervisor2']) {
    await Supervisor.startLink([child], { strategy: 'one_for_one', name });
  }
  await DynamicSupervisor.startLink({ name: 'dynamic' });
  await DynamicSupervisor.startChild('dynamic', Counter.childSpec(2));
  await Task.Supervisor.startLink({ name: 'tasks' });
  await Registry.startLink({ name: 'registry', keys: 'unique' });
  await Counter.start(5, { name: 'counter' });
  await receive();
});
