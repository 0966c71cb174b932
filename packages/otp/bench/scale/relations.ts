/** Many relations of few processes: monitors, links, names, keys, locks, timers, messages. */
import {
  demonitor,
  exit,
  formatTree,
  introspect,
  link,
  Machine,
  monitor,
  receive,
  register,
  Registry,
  self,
  send,
  sendAfter,
  spawn,
  trapExit,
  unlink,
  unregister,
  whereis,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { setup } from 'xstate';
import type { Timed } from './stopwatch.ts';

const idle = (): Pid => spawn(() => receive((message) => message === 'end'));
const many = (count: number): Pid[] => Array.from({ length: count }, idle);

async function killAll(pids: readonly Pid[]): Promise<void> {
  for (const pid of pids) exit(pid, 'kill');
  await settle({ timeout: 600_000 });
}

async function drain(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await receive();
}

function monitors(count: number, timed: Timed): Promise<void> {
  return inProcess(async () => {
    const pids = many(count);
    await settle({ timeout: 600_000 });
    const refs = await timed('monitor', () => pids.map((pid) => monitor(pid)));
    await timed('demonitor', () => refs.map((ref) => demonitor(ref, { flush: true })));
    for (const pid of pids) monitor(pid);
    await timed('hear of all', () => killAll(pids).then(() => drain(count)));
    const target = idle();
    for (let i = 0; i < count; i++) monitor(target);
    await timed('hear of one, by many', () => killAll([target]).then(() => drain(count)));
  });
}

function links(count: number, timed: Timed): Promise<void> {
  return inProcess(async () => {
    trapExit();
    const pids = many(count);
    await settle({ timeout: 600_000 });
    await timed('link', () => pids.forEach((pid) => link(pid)));
    await timed('unlink', () => pids.forEach((pid) => unlink(pid)));
    for (const pid of pids) link(pid);
    await timed('hear of all', () => killAll(pids).then(() => drain(count)));
    const hub = spawn(async () => {
      for (const pid of followers) link(pid);
      await receive();
    });
    const followers = many(count);
    await settle({ timeout: 600_000 });
    await timed('die with one', () => killAll([hub]));
  });
}

async function names(count: number, timed: Timed): Promise<void> {
  const pids = many(count);
  await settle({ timeout: 600_000 });
  await timed('register', () => pids.forEach((pid, i) => register(`name ${i}`, pid)));
  await timed('whereis', () => pids.forEach((_, i) => whereis(`name ${i}`)));
  await timed('unregister', () => pids.forEach((_, i) => unregister(`name ${i}`)));
  pids.forEach((pid, i) => register(`name ${i}`, pid));
  await timed('die', () => killAll(pids));
}

async function keys(count: number, timed: Timed): Promise<void> {
  const registry = await Registry.startLink<readonly unknown[], number>({
    name: 'Keys',
    keys: 'unique',
  });
  await inProcess(async () => {
    const each = (work: (key: readonly [string, number]) => unknown) => (): void => {
      for (let i = 0; i < count; i++) work(['key', i]);
    };
    await timed(
      'register',
      each((key) => registry.register(key, 1)),
    );
    await timed(
      'lookup',
      each((key) => registry.lookup(key)),
    );
    await timed(
      'unregister',
      each((key) => registry.unregister(key)),
    );
    each((key) => registry.register(key, 1))();
  });
  // The owner has ended by now, and its keys with it.
  const pids = many(count);
  await timed('register many owners', () =>
    pids.forEach((pid, i) => registry.registerName(['key', i], pid)),
  );
  await timed('owners die', () => killAll(pids));
  await registry.stop();
}

async function entries(count: number, timed: Timed): Promise<void> {
  const registry = await Registry.startLink<string, number>({ name: 'Topics', keys: 'duplicate' });
  await inProcess(async () => {
    const all = (): void => {
      for (let i = 0; i < count; i++) registry.register('news', i);
    };
    await timed('register one owner', all);
    await timed('unregister', () => registry.unregister('news'));
    all();
  });
  await registry.stop();
}

async function locks(count: number, timed: Timed): Promise<void> {
  const registry = await Registry.startLink({ name: 'Locks', keys: 'unique' });
  await timed('wait for one lock', () =>
    Promise.all(
      Array.from({ length: count }, () => registry.lock('one', () => {}, { timeout: 'infinity' })),
    ),
  );
  await registry.stop();
}

function timers(count: number, timed: Timed): Promise<void> {
  return inProcess(async () => {
    const started = await timed('arm', () =>
      Array.from({ length: count }, (_, i) => sendAfter(self(), i, 60_000)),
    );
    await new Promise((resolve) => setImmediate(resolve));
    await timed('cancel', () => started.forEach((timer) => timer.cancel()));
  });
}

function messages(count: number, timed: Timed): Promise<void> {
  return inProcess(async () => {
    for (let i = 0; i < count; i++) send(self(), i);
    await timed('receive in order', () => drain(count));
  });
}

const PostponeMachine = Machine.define(
  setup({ types: { events: {} as { type: 'WORK' } | { type: 'OPEN' } } }).createMachine({
    initial: 'closed',
    states: {
      closed: { on: { WORK: { actions: Machine.postpone }, OPEN: 'open' } },
      open: { on: { WORK: {} } },
    },
  }),
);

async function postponed(count: number, timed: Timed): Promise<void> {
  const machine = await PostponeMachine.start();
  await timed('postpone', async () => {
    for (let i = 0; i < count; i++) machine.send({ type: 'WORK' });
    await settle({ timeout: 600_000 });
  });
  await timed('replay', async () => {
    machine.send({ type: 'OPEN' });
    await settle({ timeout: 600_000 });
  });
  await machine.stop();
}

async function looking(count: number, timed: Timed): Promise<void> {
  const pids = many(count);
  await settle({ timeout: 600_000 });
  const snapshot = await timed('introspect', () => introspect());
  await timed('formatTree', () => formatTree(snapshot));
  await killAll(pids);
}

/** By name: each runs its steps with so many of them. */
export const relationCases: Readonly<
  Record<string, (count: number, timed: Timed) => Promise<void>>
> = {
  monitors,
  links,
  names,
  'keys of a registry': keys,
  'entries of one key': entries,
  timers,
  messages,
  'postponed events': postponed,
  'a look at all processes': looking,
};

/** The same for what waits. */
export const waitingCases: Readonly<
  Record<string, (count: number, timed: Timed) => Promise<void>>
> = { locks };
