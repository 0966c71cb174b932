import {
  DynamicSupervisor,
  exit,
  GenServer,
  isAlive,
  send,
  Supervisor,
  type ChildSpecOverrides,
  type ExitReason,
  type Pid,
} from '@linnet/otp';
import { expectNoLeaks, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  child,
  counts,
  crash,
  Deaths,
  list,
  Parent,
  pidOf,
  reasonOf,
  startAs,
  Worker,
} from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;

/** Never returns: stands for a child that is busy and deaf. */
const hang = (): Promise<never> => new Promise(() => {});
const deaf = { trap: true, onTerminate: hang };

const template = (overrides: ChildSpecOverrides = {}) =>
  ({
    id: 'child',
    ...overrides,
    significant: false,
    start: (options: Parameters<typeof Worker.startLink>[0]) => Worker.startLink(options),
  }) as const;

describe('stopping a supervisor', () => {
  test('[OTP S016] shutdown infinity is allowed for workers and supervisors', async () => {
    const supervisor = await Supervisor.startLink(
      [
        child('child1', { type: 'supervisor', shutdown: 'infinity' }, { trap: true }),
        child('child2', { shutdown: 'infinity' }),
      ],
      one_for_one,
    );
    const deaths = await new Deaths().watchAll(supervisor);
    await supervisor.stop('shutdown');
    expect(deaths.list).toEqual([
      ['child2', 'shutdown'],
      ['child1', 'shutdown'],
      ['supervisor', 'shutdown'],
    ]);
  });

  test('[OTP S017] a child that is not down after its shutdown time is killed', async () => {
    const clock = new TestClock().install(onTestFinished);
    const supervisor = await Supervisor.startLink(
      [
        child('child1', { shutdown: 1000 }, { trap: true }),
        child('child2', { shutdown: 1000 }, deaf),
      ],
      one_for_one,
    );
    const deaths = await new Deaths().watchAll(supervisor);
    const stopped = supervisor.stop();
    await clock.advance(999);
    expect(deaths.list).toEqual([]);
    await clock.advance(1);
    await stopped;
    expect(deaths.list).toEqual([
      ['child2', 'killed'],
      ['child1', 'shutdown'],
      ['supervisor', 'normal'],
    ]);
  });

  test('[OTP S018] [OTP S051] under simple_one_for_one all children share the time', async () => {
    const clock = new TestClock().install(onTestFinished);
    const supervisor = await Supervisor.startLink([template({ shutdown: 1000 })], {
      strategy: 'simple_one_for_one',
    });
    const deaths = new Deaths();
    for (const [name, options] of [
      ['a', { trap: true }],
      ['b', deaf],
      ['c', deaf],
    ] as const) {
      deaths.watch(name, await supervisor.startChild([options]));
    }
    const stopped = supervisor.stop();
    await clock.advance(1000);
    await stopped;
    expect(deaths.list).toEqual([
      ['a', 'shutdown'],
      ['b', 'killed'],
      ['c', 'killed'],
    ]);
  });

  test('[OTP S019] brutal_kill kills at once', async () => {
    const supervisor = await Supervisor.startLink(
      [child('child1', {}, { trap: true }), child('child2', { shutdown: 'brutal_kill' }, deaf)],
      one_for_one,
    );
    const deaths = await new Deaths().watchAll(supervisor);
    await supervisor.stop('shutdown');
    expect(deaths.list).toEqual([
      ['child2', 'killed'],
      ['child1', 'shutdown'],
      ['supervisor', 'shutdown'],
    ]);
  });

  test('[OTP S020] brutal_kill under simple_one_for_one', async () => {
    const supervisor = await Supervisor.startLink([template({ shutdown: 'brutal_kill' })], {
      strategy: 'simple_one_for_one',
    });
    const deaths = new Deaths();
    for (let i = 0; i < 10; i++)
      deaths.watch(`${i}`, await supervisor.startChild([{ trap: true }]));
    await supervisor.stop('shutdown');
    expect(deaths.list.map(([, reason]) => reason)).toEqual(Array(10).fill('killed'));
  });

  const reasons: readonly ExitReason[] = ['normal', 'shutdown', { shutdown: 'test' }, 'other'];

  test('[OTP S021] children that end by themselves meanwhile keep their reasons', async () => {
    const supervisor = await Supervisor.startLink([], { ...one_for_one, maxRestarts: 0 });
    const deaths = new Deaths();
    const expected: Array<[string, ExitReason]> = [];
    for (const restart of ['permanent', 'transient', 'temporary'] as const) {
      for (const [i, reason] of reasons.entries()) {
        const id = `${restart} ${i}`;
        const spec = child(id, { restart }, { trap: true, onTerminate: () => exit(reason) });
        deaths.watch(id, (await supervisor.startChild(spec)) as Pid);
        expected.unshift([id, reason]);
      }
    }
    await supervisor.stop('shutdown');
    expect(deaths.list).toEqual(expected);
  });

  test('[OTP S022] under simple_one_for_one, whatever the children answer', async () => {
    const supervisor = await Supervisor.startLink([template()], { strategy: 'simple_one_for_one' });
    const deaths = new Deaths();
    for (const reason of reasons) {
      const options = { trap: true, onTerminate: () => exit(reason) };
      deaths.watch('child', await supervisor.startChild([options]));
    }
    deaths.watch('supervisor', supervisor.pid);
    await supervisor.stop('shutdown');
    expect(deaths.list.map(([, reason]) => reason)).toEqual([...reasons, 'shutdown']);
  });

  test('[OTP S023] stop() ends it with normal, its children by their own rules', async () => {
    const supervisor = await Supervisor.startLink(
      [child('child1', { shutdown: 'brutal_kill' }), child('child2', { shutdown: 1000 })],
      one_for_one,
    );
    const deaths = await new Deaths().watchAll(supervisor);
    await Supervisor.stop(supervisor);
    expect(deaths.list).toEqual([
      ['child2', 'shutdown'],
      ['child1', 'killed'],
      ['supervisor', 'normal'],
    ]);
  });

  test('[OTP S024] stop() with a timeout gives up waiting, the stop goes on', async () => {
    const clock = new TestClock().install(onTestFinished);
    const supervisor = await Supervisor.startLink(
      [child('c', { shutdown: 1000 }, deaf)],
      one_for_one,
    );
    const deaths = await new Deaths().watchAll(supervisor);
    const stopped = supervisor.stop('normal', 100);
    stopped.catch(() => {});
    await clock.advance(100);
    await expect(stopped).rejects.toMatchObject({ why: 'timeout' });
    await clock.advance(900);
    expect(deaths.list).toEqual([
      ['c', 'killed'],
      ['supervisor', 'normal'],
    ]);
  });

  test('[OTP S070] stops its children in the reverse order of their start', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const supervisor = await Supervisor.startLink(
      ids.map((id) => child(id)),
      one_for_one,
    );
    await supervisor.terminateChild('b');
    await supervisor.startChild(child('f'));
    await supervisor.restartChild('b');
    const deaths = await new Deaths().watchAll(supervisor);
    await supervisor.stop();
    expect(deaths.names).toEqual(['f', 'e', 'd', 'c', 'b', 'a', 'supervisor']);
  });

  test('asyncDispose stops it, and nothing is left', async () => {
    const before = processSnapshot();
    {
      await using supervisor = await Supervisor.startLink([child('a')], {
        ...one_for_one,
        name: 's',
      });
      await using _second = Supervisor.at(supervisor);
    }
    await expectNoLeaks(before);
  });
});

describe('exit signals', () => {
  test('[SUP14] any reason from the parent stops it, normal too', async () => {
    await using parent = new Parent();
    for (const reason of ['normal', 'boom', { shutdown: 'x' }]) {
      const supervisor = await parent.do(() => Supervisor.startLink([child('c')], one_for_one));
      const deaths = await new Deaths().watchAll(supervisor);
      await parent.do(() => exit(supervisor.pid, reason));
      await settle();
      expect(deaths.list).toEqual([
        ['c', 'shutdown'],
        ['supervisor', reason],
      ]);
    }
  });

  test('[SUP13] a signal of a stranger is ignored', async () => {
    await using supervisor = await Supervisor.startLink([child('c')], one_for_one);
    await using stranger = new Parent();
    await stranger.do(() => exit(supervisor.pid, 'boom'));
    exit(supervisor.pid, 'shutdown');
    await settle();
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('a killed supervisor takes its children with it, those that hang stay behind', async () => {
    const supervisor = await Supervisor.startLink(
      [child('plain'), child('polite', {}, { trap: true }), child('deaf', {}, deaf)],
      one_for_one,
    );
    const deafPid = await pidOf(supervisor, 'deaf');
    const deaths = await new Deaths().watchAll(supervisor);
    exit(supervisor.pid, 'kill');
    await settle();
    expect(deaths.list).toHaveLength(3);
    expect(Object.fromEntries(deaths.list)).toEqual({
      plain: 'killed',
      polite: 'killed',
      supervisor: 'killed',
    });
    expect(isAlive(deafPid)).toBe(true);
    exit(deafPid, 'kill');
  });

  test('a supervisor that is killed while it waits for a child leaves no timer', async () => {
    const before = processSnapshot();
    const supervisor = await Supervisor.startLink([child('deaf', {}, deaf)], one_for_one);
    const pid = await pidOf(supervisor, 'deaf');
    supervisor.terminateChild('deaf').catch(() => {});
    await settle();
    exit(supervisor.pid, 'kill');
    exit(pid, 'kill');
    await expectNoLeaks(before);
  });

  test('a supervisor that is killed while a child starts leaves nothing', async () => {
    const before = processSnapshot();
    const supervisor = await Supervisor.startLink([], one_for_one);
    const Slow = GenServer.define({ init: hang });
    const start = supervisor.startChild({ id: 'slow', start: () => Slow.startLink() });
    start.catch(() => {});
    await settle();
    exit(supervisor.pid, 'kill');
    await expect(start).rejects.toMatchObject({ why: 'killed' });
    await expectNoLeaks(before);
  });
});

describe('odd children and messages', () => {
  test('[OTP S057] a child that has unlinked itself can be stopped', async () => {
    await using supervisor = await Supervisor.startLink([], one_for_one);
    const pid = await supervisor.startChild({
      id: 'c',
      start: async () => (await Worker.start({})).pid, // not linked at all
    });
    await supervisor.terminateChild('c');
    expect(isAlive(pid)).toBe(false);
    const again = (await supervisor.restartChild('c')) as Pid;
    await crash(again, 'kill');
    expect(await list(supervisor)).toEqual([['c', again]]);
    expect(await counts(supervisor)).toEqual([1, 0, 0, 1]);
    expect(await reasonOf(supervisor.restartChild('c'))).toBe('running');
    await supervisor.terminateChild('c');
    expect(await list(supervisor)).toEqual([['c', undefined]]);
  });

  test.for([
    ['a string', 'hello'],
    ['undefined', undefined],
    ['a revoked proxy', revoked()],
    ['an EXIT of nobody', { type: 'EXIT', from: undefined, reason: 'x' }],
  ] as Array<[string, unknown]>)('[OTP S058] [SUP15] %s is consumed', async ([, message]) => {
    await using supervisor = await Supervisor.startLink([child('c')], one_for_one);
    send(supervisor, message);
    await settle();
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[SUP16] an unknown call ends it with function_clause', async () => {
    const supervisor = await Supervisor.startLink([child('c')], one_for_one);
    const deaths = await new Deaths().watchAll(supervisor);
    await expect(GenServer.call(supervisor, 'what')).rejects.toMatchObject({
      why: ['function_clause', 'what'],
    });
    expect(deaths.names).toEqual(['c', 'supervisor']);
  });

  test('[OTP D030] [OTP D031] a DynamicSupervisor stops all at the same time', async () => {
    const clock = new TestClock().install(onTestFinished);
    const supervisor = await DynamicSupervisor.startLink();
    const deaths = new Deaths();
    for (const [id, shutdown] of [
      ['slow', 500],
      ['slower', 1000],
      ['kill', 'brutal_kill'],
    ] as const) {
      deaths.watch(id, (await supervisor.startChild(child(id, { shutdown }, deaf))) as Pid);
    }
    deaths.watch(
      'plain',
      (await supervisor.startChild({ id: 0, start: () => startAs('ok') })) as Pid,
    );
    const stopped = supervisor.stop();
    await settle();
    expect(deaths.list).toEqual([
      ['kill', 'killed'],
      ['plain', 'shutdown'],
    ]);
    await clock.advance(500);
    expect(deaths.names).toEqual(['kill', 'plain', 'slow']);
    await clock.advance(500);
    await stopped;
    expect(deaths.names).toEqual(['kill', 'plain', 'slow', 'slower']);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
