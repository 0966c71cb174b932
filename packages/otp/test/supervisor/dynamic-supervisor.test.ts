import {
  DynamicSupervisor,
  exit,
  GenServer,
  getState,
  ignore,
  isAlive,
  reply,
  Supervisor,
  whereis,
  type ChildSpec,
  type DynamicSupervisorFlags,
  type ExitReason,
  type Ignore,
  type Pid,
  type Startable,
} from '@linnet/otp';
import { expectNoLeaks, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  child,
  counts,
  crash,
  Deaths,
  list,
  oops,
  Parent,
  reasonOf,
  startAs,
  Worker,
  type Outcome,
} from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;

const Echo = GenServer.define({
  name: 'Echo',
  init: (value: unknown) => value,
  handleCall: { value: (value) => reply(value, value) },
});

describe('starting a DynamicSupervisor', () => {
  test('[OTP D001] under a supervisor, several by name', async () => {
    await using supervisor = await Supervisor.startLink(
      [
        DynamicSupervisor.childSpec({ name: 'dynamic1' }),
        DynamicSupervisor.childSpec({ name: 'dynamic2', maxChildren: 1 }),
        DynamicSupervisor,
      ],
      one_for_one,
    );
    expect((await list(supervisor)).map(([id]) => id)).toEqual([
      'DynamicSupervisor',
      'dynamic2',
      'dynamic1',
    ]);
    const again = supervisor.startChild(DynamicSupervisor);
    const pid = whereis('dynamic1');
    expect(await reasonOf(again)).toMatchObject(['already_started', expect.anything()]);
    expect(pid).toBeDefined();
    expect(await counts('dynamic2')).toEqual([0, 0, 0, 0]);
  });

  test('[OTP D002] makes its child specification', () => {
    expect(DynamicSupervisor.childSpec()).toMatchObject({
      id: 'DynamicSupervisor',
      type: 'supervisor',
    });
    expect(
      DynamicSupervisor.childSpec({ id: 'x', restart: 'transient', shutdown: 1 }),
    ).toMatchObject({
      id: 'x',
      restart: 'transient',
      shutdown: 1,
    });
  });

  test('[OTP D003] [DS01] the defaults', async () => {
    await using supervisor = await DynamicSupervisor.startLink();
    expect(await getState(supervisor)).toEqual({
      strategy: 'one_for_one',
      intensity: 3,
      period: 5,
      restarts: 0,
      maxChildren: Number.POSITIVE_INFINITY,
      children: [],
    });
  });

  const wrong: Array<[string, unknown, unknown]> = [
    ['strategy', 'rest_for_one', ['invalid_strategy', 'rest_for_one']],
    ['maxRestarts', -1, ['invalid_intensity', -1]],
    ['maxSeconds', 0, ['invalid_period', 0]],
    ['maxChildren', -1, ['invalid_max_children', -1]],
    ['extraArguments', 1, ['invalid_extra_arguments', 1]],
    ['autoShutdown', 'any_significant', ['invalid_auto_shutdown', 'any_significant']],
  ];

  test.for(wrong)('[OTP D004] [DS09] refuses %s %s', async ([option, value, fault]) => {
    const start = DynamicSupervisor.startLink({ [option]: value });
    expect(await reasonOf(start)).toEqual(['supervisor_data', fault]);
    await expect(start).rejects.toThrow(`${option} must be `);
  });

  test('[OTP D004] [DS09] an init that gives nonsense, or ignores', async () => {
    const Bad = DynamicSupervisor.define({ name: 'Bad', init: () => 'unknown' as never });
    expect(await reasonOf(Bad.startLink())).toEqual(['bad_return', ['Bad', 'init', 'unknown']]);
    const Ignoring = DynamicSupervisor.define({
      init: (): DynamicSupervisorFlags | Ignore => ignore,
    });
    expect(await Ignoring.startLink()).toBe(ignore);
  });

  test('[OTP D005] is linked to its parent and has its name', async () => {
    await using parent = new Parent();
    const supervisor = await parent.do(() => DynamicSupervisor.startLink({ name: 'dynamic' }));
    expect(whereis('dynamic')).toBe(supervisor.pid);
    await supervisor.stop();
    expect(whereis('dynamic')).toBeUndefined();
    await settle();
    expect(parent.exits).toEqual([{ type: 'EXIT', from: supervisor.pid, reason: 'normal' }]);
  });
});

describe('changing the options', () => {
  test('[OTP D007] maxChildren lowered: what runs stays, the next is refused', async () => {
    await using supervisor = await DynamicSupervisor.startLink();
    const pid = (await supervisor.startChild(child('c'))) as Pid;
    await DynamicSupervisor.changeOptions(supervisor, { maxChildren: 0 });
    expect(isAlive(pid)).toBe(true);
    expect(await reasonOf(supervisor.startChild(child('c')))).toBe('max_children');
    await DynamicSupervisor.changeOptions(supervisor, () => ignore);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP D007] wrong options change nothing', async () => {
    await using supervisor = await DynamicSupervisor.startLink();
    const change = (options: unknown) =>
      reasonOf(DynamicSupervisor.changeOptions(supervisor, options as DynamicSupervisorFlags));
    expect(await change({ maxSeconds: 0 })).toEqual([
      'error',
      ['supervisor_data', ['invalid_period', 0]],
    ]);
    expect(await change('unknown')).toEqual(['error', 'unknown']);
    await supervisor.startChild(child('c'));
  });
});

describe('starting children', () => {
  test('[OTP D008] [DS04] [DS10] specifications, modules and [module, arg]; ids mean nothing', async () => {
    await using supervisor = await DynamicSupervisor.startLink();
    const spec = child('same');
    for (const one of [spec, spec]) await supervisor.startChild(one);
    await supervisor.startChild([Echo, 1]);
    await supervisor.startChild(Echo.childSpec(2));
    await DynamicSupervisor.startChild(supervisor, DynamicSupervisor);
    expect(await counts(supervisor)).toEqual([5, 5, 1, 4]);
    expect((await list(supervisor)).map(([id]) => id)).toEqual(Array(5).fill(undefined));
  });

  test('[OTP D009] [OTP D019] [DS05] extra arguments, at the restart too', async () => {
    await using supervisor = await DynamicSupervisor.startLink({ extraArguments: ['extra', 1] });
    const spec = {
      id: 'echo',
      start: (text: string, n: number) => Echo.startLink([text, n, 'own']),
    };
    const pid = await supervisor.startChild(spec);
    expect(await GenServer.call(pid, 'value')).toEqual(['extra', 1, 'own']);
    await crash(pid, 'kill');
    const [[, again]] = (await list(supervisor)) as [[undefined, Pid]];
    expect(await GenServer.call(again, 'value')).toEqual(['extra', 1, 'own']);
  });

  const start = () => startAs('ok');
  test.for<[string, unknown, unknown]>([
    ['an empty object', {}, ['invalid_child_spec', {}]],
    ['a number', 1, ['invalid_child_spec', 1]],
    ['a start that is no function', { id: 1, start: 'x' }, ['invalid_mfa', 'x']],
    ['a wrong restart', { id: 1, start, restart: 'x' }, ['invalid_restart_type', 'x']],
    ['a wrong type', { id: 1, start, type: 'x' }, ['invalid_child_type', 'x']],
    ['a wrong shutdown', { id: 1, start, shutdown: 'x' }, ['invalid_shutdown', 'x']],
    ['a negative shutdown', { id: 1, start, shutdown: -1 }, ['invalid_shutdown', -1]],
    [
      'a significant child',
      { id: 1, start, restart: 'temporary', significant: true },
      ['invalid_significant', true],
    ],
  ])(
    '[OTP D010] [OTP D023] [DS07] %s is refused without asking the supervisor',
    async ([, spec, reason]) => {
      const started = DynamicSupervisor.startChild('nobody', spec as ChildSpec);
      expect(await reasonOf(started)).toEqual(reason);
    },
  );

  test.for([0, 1])('[OTP D023] a shutdown of %i ms is valid', async (shutdown) => {
    await using supervisor = await DynamicSupervisor.startLink();
    await supervisor.startChild(child('c', { shutdown }));
  });

  test.for<[Outcome, unknown]>([
    ['error', 'why'],
    ['junk', 'junk'],
    ['raise', oops],
    ['exit', 'why'],
    ['throw', ['nocatch', expect.anything()]],
  ])('[OTP D011] [OTP D012] [DS02] a start that comes to %s', async ([outcome, reason]) => {
    const before = processSnapshot();
    const supervisor = await DynamicSupervisor.startLink();
    expect(await reasonOf(supervisor.startChild(child('c', {}, {}, [outcome])))).toEqual(reason);
    expect(await counts(supervisor)).toEqual([0, 0, 0, 0]);
    // A process that was thrown is linked to the supervisor, but no child.
    await supervisor.stop('shutdown');
    await expectNoLeaks(before);
  });

  test('[OTP D011] [DS02] extra information, and a child that ignores', async () => {
    await using supervisor = await DynamicSupervisor.startLink();
    expect(await supervisor.startChild(child('c', {}, {}, ['info']))).toMatchObject({
      info: 'info',
    });
    expect(await supervisor.startChild(child('c', {}, {}, ['ignore']))).toBeUndefined();
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP D013] [DS03] maxChildren', async () => {
    await using none = await DynamicSupervisor.startLink({ maxChildren: 0 });
    expect(await reasonOf(none.startChild(child('c')))).toBe('max_children');
    await using one = await DynamicSupervisor.startLink({ maxChildren: 1 });
    await expect(one.startChild(child('c', {}, {}, ['error']))).rejects.toThrow('why');
    const pid = (await one.startChild(child('c', { restart: 'temporary' }))) as Pid;
    await expect(one.startChild(child('c'))).rejects.toThrow('maxChildren is reached');
    await crash(pid, 'normal');
    await one.startChild(child('c'));
  });
});

describe('restarts', () => {
  const often = { maxRestarts: 100 };
  const reasons: readonly ExitReason[] = ['normal', 'shutdown', { shutdown: 'x' }, 'boom', 'kill'];

  test.for([
    ['temporary', []],
    ['transient', ['boom', 'kill']],
    ['permanent', reasons],
  ] as const)('[OTP D014–D016] %s children', async ([restart, restarted]) => {
    for (const reason of reasons) {
      await using supervisor = await DynamicSupervisor.startLink(often);
      const pid = await supervisor.startChild(child('c', { restart }));
      await crash(pid, reason);
      const alive = (restarted as readonly ExitReason[]).includes(reason) ? 1 : 0;
      expect(await counts(supervisor)).toEqual([alive, alive, 0, alive]);
    }
  });

  test('[OTP D017] [DS08] what a restart can come to', async () => {
    await using supervisor = await DynamicSupervisor.startLink(often);
    const restart = async (...outcomes: Outcome[]): Promise<number[]> => {
      await crash(await supervisor.startChild(child('c', {}, {}, ['ok', ...outcomes])), 'boom');
      return counts(supervisor);
    };
    expect(await restart('ok')).toEqual([1, 1, 0, 1]);
    expect(await restart('info')).toEqual([2, 2, 0, 2]);
    expect(await restart('ignore')).toEqual([2, 2, 0, 2]);
    expect(await restart('error', 'junk', 'raise', 'exit', 'ok')).toEqual([3, 3, 0, 3]);
  });

  test('[OTP D018] [OTP D034] a child that is being restarted counts, and can be stopped', async () => {
    const attempts: Array<() => void> = [];
    let first = true;
    const start = async (): Promise<Startable> => {
      if (!first) await new Promise<void>((resolve) => attempts.push(resolve));
      const outcome = first ? 'ok' : 'error';
      first = false;
      return startAs(outcome);
    };
    const failOnce = async (): Promise<void> => {
      attempts.shift()?.();
      await settle();
    };
    await using supervisor = await DynamicSupervisor.startLink({
      maxChildren: 1,
      maxRestarts: 100,
    });
    const pid = (await supervisor.startChild({ id: 'c', start })) as Pid;
    await crash(pid, 'boom');
    await failOnce();

    const refused = reasonOf(supervisor.startChild(child('d')));
    const listed = list(supervisor);
    const counted = counts(supervisor);
    const stopped = supervisor.terminateChild(pid);
    const stoppedTwice = reasonOf(supervisor.terminateChild(pid));
    await failOnce();
    expect(await refused).toBe('max_children');
    expect(await listed).toEqual([[undefined, 'restarting']]);
    expect(await counted).toEqual([1, 0, 0, 1]);
    await stopped;
    expect(await stoppedTwice).toBe('not_found');
    await failOnce();
    expect(attempts).toEqual([]);
    expect(await counts(supervisor)).toEqual([0, 0, 0, 0]);
  });

  test('[OTP D020] a failed restart is tried again, each attempt counts', async () => {
    await using supervisor = await DynamicSupervisor.startLink({ maxRestarts: 2 });
    const pid = await supervisor.startChild(child('c', {}, {}, ['ok', 'error', 'ok']));
    await crash(pid, 'boom');
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test.for([1, 10])('[OTP D021] [OTP D022] gives up after %i restarts', async (maxRestarts) => {
    let starts = 0;
    const supervisor = await DynamicSupervisor.startLink({ maxRestarts });
    const deaths = new Deaths();
    deaths.watch('sibling', (await supervisor.startChild(child('sibling'))) as Pid);
    deaths.watch('supervisor', supervisor.pid);
    const start = () => startAs(starts++ === 0 ? 'ok' : 'error');
    await crash(await supervisor.startChild({ id: 'c', start }), 'boom');
    expect(starts).toBe(1 + maxRestarts);
    expect(deaths.list).toEqual([
      ['sibling', 'shutdown'],
      ['supervisor', 'shutdown'],
    ]);
  });
});

describe('stopping', () => {
  const deaf = { trap: true, onTerminate: () => new Promise(() => {}) };
  const answering = (reason: ExitReason) => ({ trap: true, onTerminate: () => exit(reason) });
  const three = async (spec: ChildSpec<Startable>): Promise<[Deaths, () => Promise<void>]> => {
    const supervisor = await DynamicSupervisor.startLink();
    const deaths = new Deaths();
    for (let i = 0; i < 3; i++) deaths.watch(i, (await supervisor.startChild(spec)) as Pid);
    return [deaths, () => supervisor.stop()];
  };

  test.for<[string, ChildSpec<Startable>, ExitReason]>([
    ['[OTP D024] brutal_kill', child('c', { shutdown: 'brutal_kill' }, deaf), 'killed'],
    ['[OTP D025] infinity', child('c', { shutdown: 'infinity' }), 'shutdown'],
    [
      '[OTP D026] infinity, own reason',
      child('c', { shutdown: 'infinity' }, answering({ shutdown: 'oops' })),
      { shutdown: 'oops' },
    ],
    ['[OTP D027] 1000 ms', child('c', { shutdown: 1000 }), 'shutdown'],
    ['[OTP D028] 1000 ms, abnormal', child('c', { shutdown: 1000 }, answering('boom')), 'boom'],
    ['[OTP D030] permanent and normal', child('c', {}, answering('normal')), 'normal'],
  ])('%s', async ([, spec, reason]) => {
    const [deaths, stop] = await three(spec);
    await stop();
    expect(deaths.list.map(([, why]) => why)).toEqual([reason, reason, reason]);
  });

  test('[OTP D029] [OTP D031] the deaf ones are killed when their time is over', async () => {
    const clock = new TestClock().install(onTestFinished);
    const supervisor = await DynamicSupervisor.startLink();
    const deaths = new Deaths();
    for (const [id, options] of [
      ['deaf', deaf],
      ['polite', {}],
    ] as const) {
      deaths.watch(id, (await supervisor.startChild(child(id, { shutdown: 1 }, options))) as Pid);
    }
    const stopped = supervisor.stop();
    await clock.advance(1);
    await stopped;
    expect(deaths.list).toEqual([
      ['polite', 'shutdown'],
      ['deaf', 'killed'],
    ]);
  });

  test.for([
    ['brutal_kill', 'killed'],
    [1000, 'shutdown'],
  ] as const)('[OTP D032, D033] [DS06] terminateChild, shutdown %s', async ([shutdown, reason]) => {
    await using supervisor = await DynamicSupervisor.startLink();
    const pid = (await supervisor.startChild(child('c', { shutdown }))) as Pid;
    const deaths = new Deaths();
    deaths.watch('c', pid);
    await supervisor.terminateChild(pid);
    expect(deaths.list).toEqual([['c', reason]]);
    expect(await reasonOf(supervisor.terminateChild(pid))).toBe('not_found');
    expect(await counts(supervisor)).toEqual([0, 0, 0, 0]);
    await using stranger = await Worker.start({});
    expect(await reasonOf(supervisor.terminateChild(stranger.pid))).toBe('not_found');
  });

  test('[DS11] what a DynamicSupervisor does not know ends it with function_clause', async () => {
    for (const ask of [
      (pid: Pid) => Supervisor.deleteChild(pid, 'c'),
      (pid: Pid) => Supervisor.restartChild(pid, 'c'),
      (pid: Pid) => Supervisor.startChild(pid, child('c')),
    ]) {
      const { pid } = await DynamicSupervisor.startLink();
      await expect(ask(pid)).rejects.toMatchObject({ why: ['function_clause', expect.anything()] });
      expect(isAlive(pid)).toBe(false);
    }
  });

  test('stays fast with many children', async () => {
    const before = processSnapshot();
    const supervisor = await DynamicSupervisor.startLink({ maxRestarts: 1_000_000 });
    const pids: Pid[] = [];
    for (let i = 0; i < 5000; i++) {
      pids.push(await supervisor.startChild({ id: i, start: () => Worker.startLink({}) }));
    }
    for (const pid of pids.slice(0, 2500)) exit(pid, 'kill');
    await settle();
    expect(await counts(supervisor)).toEqual([5000, 5000, 0, 5000]);
    for (const pid of pids.slice(2500)) await supervisor.terminateChild(pid);
    expect(await counts(supervisor)).toEqual([2500, 2500, 0, 2500]);
    await supervisor.stop();
    await expectNoLeaks(before);
  });
});
