import {
  DynamicSupervisor,
  exit,
  GenServer,
  send,
  setLogger,
  Supervisor,
  type ChildSpec,
  type Pid,
} from '@linnet/otp';
import { expect, onTestFinished, test } from 'vitest';

const Worker = GenServer.define({ name: 'Worker', init: () => 0 });

const count = 300;

/** A supervisor with many children, and how one of them is started and terminated. */
interface Supervised {
  readonly supervisor: AsyncDisposable & { readonly pid: Pid };
  readonly pids: readonly Pid[];
  terminate(index: number): Promise<unknown>;
  /** Keeps the supervisor busy until the start function has resolved. */
  startSlowly(started: Promise<{ pid: Pid }>): Promise<unknown>;
}

const limits = { maxRestarts: 1000, maxSeconds: 5 };
const numbers = Array.from({ length: count }, (_, index) => index);

const kinds: Readonly<Record<string, () => Promise<Supervised>>> = {
  async Supervisor() {
    const specs = numbers.map((id): ChildSpec => ({ id, start: () => Worker.startLink() }));
    const supervisor = await Supervisor.startLink(specs, { strategy: 'one_for_one', ...limits });
    const children = (await supervisor.whichChildren()).toReversed();
    return {
      supervisor,
      pids: children.map(({ pid }) => pid as Pid),
      terminate: (index) => supervisor.terminateChild(index),
      startSlowly: (started) => supervisor.startChild({ id: 'slow', start: () => started }),
    };
  },
  async DynamicSupervisor() {
    const supervisor = await DynamicSupervisor.startLink(limits);
    const pids = await Promise.all(numbers.map(() => supervisor.startChild(Worker.childSpec())));
    return {
      supervisor,
      pids,
      terminate: (index) => supervisor.terminateChild(pids[index] as Pid),
      startSlowly: (started) => supervisor.startChild({ id: 'slow', start: () => started }),
    };
  },
  async simple_one_for_one() {
    const supervisor = await Supervisor.startLink(
      [{ id: 'worker', start: (started?: Promise<{ pid: Pid }>) => started ?? Worker.startLink() }],
      { strategy: 'simple_one_for_one', ...limits },
    );
    const pids = await Promise.all(numbers.map(() => supervisor.startChild([])));
    return {
      supervisor,
      pids,
      terminate: (index) => supervisor.terminateChild(pids[index] as Pid),
      startSlowly: (started) => supervisor.startChild([started]),
    };
  },
};

test.each(Object.keys(kinds))(
  '[C10] a %s that terminates many dead children looks through its mailbox for none of them',
  async (kind) => {
    const former = setLogger({ error: () => {}, warn: () => {}, debug: () => {} });
    onTestFinished(() => void setLogger(former));
    const { supervisor, pids, terminate, startSlowly } = await (
      kinds[kind] as () => Promise<Supervised>
    )();
    let go = (_: { pid: Pid }): void => {};
    const slow = startSlowly(new Promise((resolve) => (go = resolve)));
    // While it waits for that child: calls, messages that count how often they are looked at, and
    // behind them the EXITs of all children.
    const terminated = numbers.map(terminate);
    let looks = 0;
    for (let i = 0; i < count; i++) {
      send(supervisor.pid, {
        get type() {
          looks++;
          return 'other';
        },
      });
    }
    for (const pid of pids) exit(pid, 'kill');
    go(await Worker.start());
    await Promise.all([slow, ...terminated]);
    const { active } = await Supervisor.countChildren(supervisor.pid);
    expect(active).toBe(1);
    // Each message is looked at when its turn comes; a search for each child would be count² looks.
    expect(looks).toBeGreaterThanOrEqual(count);
    expect(looks).toBeLessThan(10 * count);
    await supervisor[Symbol.asyncDispose]();
  },
);
