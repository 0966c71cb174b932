import {
  CallError,
  exit,
  GenServer,
  isAlive,
  noreply,
  spawn,
  Supervisor,
  type AutoShutdown,
  type ChildSpec,
  type Pid,
} from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import {
  child,
  counts,
  crash,
  list,
  pidOf,
  reasonOf,
  startAs,
  Worker,
  type Outcome,
} from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;
const simple = { strategy: 'simple_one_for_one' } as const;
const template = { id: 'child', start: (outcome: Outcome) => startAs(outcome) };

describe('children by id', () => {
  test('[OTP S025] [SUP03] [SUP04] extra information is passed on by startChild and restartChild', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('child1', {}, {}, ['info'])],
      one_for_one,
    );
    const pid = await pidOf(supervisor, 'child1');
    expect(await reasonOf(supervisor.deleteChild('child1'))).toBe('running');
    expect(await reasonOf(supervisor.restartChild('child1'))).toBe('running');
    for (const operation of ['terminateChild', 'deleteChild', 'restartChild'] as const) {
      expect(await reasonOf(supervisor[operation]('other'))).toBe('not_found');
    }
    await supervisor.terminateChild('child1');
    await supervisor.terminateChild('child1');
    const restarted = await supervisor.restartChild('child1');
    expect(restarted).toEqual({ pid: await pidOf(supervisor, 'child1'), info: 'info' });
    expect(await pidOf(supervisor, 'child1')).not.toBe(pid);
    await supervisor.terminateChild('child1');
    await supervisor.deleteChild('child1');
    expect(await list(supervisor)).toEqual([]);
    const started = await supervisor.startChild(child('child1', {}, {}, ['info']));
    expect(started).toEqual({ pid: await pidOf(supervisor, 'child1'), info: 'info' });
    await crash(await pidOf(supervisor, 'child1'), 'kill');
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[C6] an id that is an array is known by its elements', async () => {
    const spec = (n: number) => ({ ...child('shard'), id: ['shard', n] });
    await using supervisor = await Supervisor.startLink([spec(1), spec(2)], one_for_one);
    expect(await reasonOf(supervisor.startChild(spec(1)))).toMatchObject(['already_started', {}]);
    const { id, pid } = await supervisor.whichChild(['shard', 1]);
    expect([id, isAlive(pid as Pid)]).toEqual([['shard', 1], true]);
    expect((await supervisor.getChildSpec(['shard', 2])).id).toEqual(['shard', 2]);
    await supervisor.terminateChild(['shard', 1]);
    expect(isAlive(pid as Pid)).toBe(false);
    expect(await reasonOf(supervisor.startChild(spec(1)))).toBe('already_present');
    await supervisor.restartChild(['shard', 1]);
    await supervisor.terminateChild(['shard', 1]);
    await supervisor.deleteChild(['shard', 1]);
    expect(await list(supervisor)).toMatchObject([[['shard', 2], {}]]);
    await Supervisor.changeSpecs(supervisor, { ...one_for_one, children: [spec(3), spec(2)] });
    expect(await supervisor.countChildren()).toMatchObject({ specs: 2, active: 1 });
    await supervisor.restartChild(['shard', 3]);
  });

  test('[C6] two children with equal arrays as ids are refused at once', async () => {
    const spec = { ...child('shard'), id: ['shard', 1] };
    const start = Supervisor.startLink([spec, { ...spec, id: ['shard', 1] }], one_for_one);
    expect(await reasonOf(start)).toEqual(['start_spec', ['duplicate_child_name', ['shard', 1]]]);
  });

  test('[C6] an id that is a promise is refused, and nobody is harmed', async () => {
    const id = Promise.resolve('late');
    await using supervisor = await Supervisor.startLink([child('child1')], one_for_one);
    expect(await reasonOf(supervisor.startChild({ ...child('x'), id }))).toEqual([
      'invalid_child_id',
      id,
    ]);
    for (const operation of ['terminateChild', 'deleteChild', 'whichChild'] as const) {
      await expect(supervisor[operation](id)).rejects.toMatchObject({ code: 'ERR_BADARG' });
    }
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP S027] [SUP08] [SUP10] [SUP11] the whole life of a child', async () => {
    const spec = child('child1');
    await using supervisor = await Supervisor.startLink([spec], { ...one_for_one, name: 'tree' });
    const pid = await pidOf('tree', 'child1');
    expect(await reasonOf(supervisor.startChild(spec))).toEqual(['already_started', pid]);
    await expect(Supervisor.startChild('nobody', spec)).rejects.toMatchObject({ why: 'noproc' });
    expect(await reasonOf(supervisor.terminateChild(pid))).toBe('not_found');

    await Supervisor.terminateChild('tree', 'child1');
    expect(await list('tree')).toEqual([['child1', undefined]]);
    expect(await counts('tree')).toEqual([1, 0, 0, 1]);
    await Supervisor.terminateChild('tree', 'child1');
    expect(await reasonOf(Supervisor.startChild('tree', spec))).toBe('already_present');

    const second = await Supervisor.restartChild('tree', 'child1');
    expect(await list('tree')).toEqual([['child1', second]]);
    expect(await reasonOf(Supervisor.restartChild('tree', 'child1'))).toBe('running');
    expect(await reasonOf(Supervisor.deleteChild('tree', 'child1'))).toBe('running');
    expect(await reasonOf(Supervisor.deleteChild('tree', 'other'))).toBe('not_found');

    await Supervisor.terminateChild('tree', 'child1');
    await Supervisor.deleteChild('tree', 'child1');
    expect(await reasonOf(Supervisor.deleteChild('tree', 'child1'))).toBe('not_found');
    expect(await counts('tree')).toEqual([0, 0, 0, 0]);
    const third = await Supervisor.startChild('tree', spec);
    expect(await list('tree')).toEqual([['child1', third]]);
  });

  test('[OTP E011] the life cycle as Elixir tests it', async () => {
    await using supervisor = await Supervisor.startLink([], one_for_one);
    expect(await supervisor.countChildren()).toEqual({
      active: 0,
      specs: 0,
      supervisors: 0,
      workers: 0,
    });
    const pid = await supervisor.startChild(Worker.childSpec({}));
    expect(await supervisor.whichChildren()).toEqual([{ id: 'Worker', pid, type: 'worker' }]);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
    expect(await reasonOf(supervisor.deleteChild('Worker'))).toBe('running');
    await supervisor.terminateChild('Worker');
    const again = await supervisor.restartChild('Worker');
    expect(await supervisor.whichChildren()).toEqual([
      { id: 'Worker', pid: again, type: 'worker' },
    ]);
    await supervisor.terminateChild('Worker');
    expect(await counts(supervisor)).toEqual([1, 0, 0, 1]);
    await supervisor.deleteChild('Worker');
    expect(await counts(supervisor)).toEqual([0, 0, 0, 0]);
    await supervisor.stop();
    await expect(supervisor.whichChildren()).rejects.toBeInstanceOf(CallError);
  });

  test('[OTP S086] whichChild tells of one child', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('a'), child('b', { type: 'supervisor' })],
      one_for_one,
    );
    const pid = await pidOf(supervisor, 'b');
    expect(await supervisor.whichChild('b')).toEqual({ id: 'b', pid, type: 'supervisor' });
    await supervisor.terminateChild('b');
    expect(await Supervisor.whichChild(supervisor, 'b')).toMatchObject({ pid: undefined });
    expect(await reasonOf(supervisor.whichChild('c'))).toBe('not_found');
  });

  test('a handle by name follows the name through restarts', async () => {
    await using outer = await Supervisor.startLink(
      [Supervisor.childSpec({ name: 'inner', ...one_for_one, children: [child('c')] })],
      one_for_one,
    );
    const inner = Supervisor.at('inner');
    const { pid } = inner;
    exit(pid, 'kill');
    await settle();
    expect(inner.pid).not.toBe(pid);
    expect(await inner.countChildren()).toMatchObject({ active: 1 });
    await outer.stop();
    expect(() => inner.pid).toThrow('noproc');
  });

  test('ids are any values, told apart by identity', async () => {
    const key = { any: 'object' };
    const symbol = Symbol('id');
    await using supervisor = await Supervisor.startLink(
      [1, '1', key, { any: 'object' }, symbol].map((id) => ({ ...child('x'), id })),
      one_for_one,
    );
    expect(await counts(supervisor)).toEqual([5, 5, 0, 5]);
    await supervisor.terminateChild(key);
    await supervisor.terminateChild(1);
    expect(await counts(supervisor)).toEqual([5, 3, 0, 5]);
  });

  test('[OTP S060] [OTP S061] thousands of children', async () => {
    await using supervisor = await Supervisor.startLink(
      [
        {
          id: 'child',
          restart: 'temporary',
          type: 'supervisor',
          start: () => Worker.startLink({}),
        },
      ],
      simple,
    );
    const pids: Pid[] = [];
    for (let i = 0; i < 1000; i++) pids.push(await supervisor.startChild([]));
    expect(await counts(supervisor)).toEqual([1, 1000, 1000, 0]);
    for (const pid of pids) exit(pid, 'kill');
    expect(await counts(supervisor)).toEqual([1, 0, 0, 0]);
  });

  test('[SUP27] counts a child that is dead without the supervisor knowing it as not active', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('a', { type: 'supervisor' }), child('b'), { id: 'c', start: () => spawn(() => {}) }],
      one_for_one,
    );
    await supervisor.terminateChild('a');
    expect(await counts(supervisor)).toEqual([3, 1, 1, 2]);
  });
});

describe('children by pid (simple_one_for_one)', () => {
  test('[OTP S028] [SUP20] the whole life of a child', async () => {
    await using supervisor = await Supervisor.startLink([template], simple);
    expect(await list(supervisor)).toEqual([]);
    expect(await counts(supervisor)).toEqual([1, 0, 0, 0]);
    const first = (await supervisor.startChild(['ok'])) as Pid;
    expect(await list(supervisor)).toEqual([[undefined, first]]);
    const second = (await supervisor.startChild(['ok'])) as Pid;
    expect(await counts(supervisor)).toEqual([1, 2, 0, 2]);

    for (const operation of ['terminateChild', 'restartChild', 'deleteChild'] as const) {
      expect(await reasonOf(Supervisor[operation](supervisor, 'child'))).toBe('simple_one_for_one');
    }
    expect(await reasonOf(Supervisor.restartChild(supervisor, first))).toBe('simple_one_for_one');
    await supervisor.terminateChild(first);
    expect(isAlive(first)).toBe(false);
    await supervisor.terminateChild(first);
    expect(await list(supervisor)).toEqual([[undefined, second]]);

    await using stranger = await Worker.start({});
    expect(await reasonOf(supervisor.terminateChild(stranger.pid))).toBe('not_found');
    expect(isAlive(stranger.pid)).toBe(true);
  });

  test('[OTP S052] extra information is passed on by startChild', async () => {
    await using supervisor = await Supervisor.startLink([template], simple);
    const started = await supervisor.startChild(['info']);
    const [[, pid]] = (await list(supervisor)) as [[undefined, Pid]];
    expect(started).toEqual({ pid, info: 'info' });
    await crash(pid, 'kill');
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP S014] getChildSpec gives the template', async () => {
    await using supervisor = await Supervisor.startLink([template], simple);
    const pid = (await supervisor.startChild(['ok'])) as Pid;
    const spec = await supervisor.getChildSpec(pid);
    expect(spec).toEqual({
      id: 'child',
      start: template.start,
      restart: 'permanent',
      shutdown: 5000,
      type: 'worker',
      significant: false,
    });
    await using stranger = await Worker.start({});
    expect(await reasonOf(supervisor.getChildSpec(stranger.pid))).toBe('not_found');
  });

  test('[OTP S087] whichChild by pid', async () => {
    await using supervisor = await Supervisor.startLink([template], simple);
    const pid = (await supervisor.startChild(['ok'])) as Pid;
    expect(await supervisor.whichChild(pid)).toEqual({ id: undefined, pid, type: 'worker' });
    expect(await reasonOf(supervisor.whichChild(spawn(() => {})))).toBe('not_found');
    expect(await reasonOf(Supervisor.whichChild(supervisor, 'child'))).toBe('simple_one_for_one');
  });

  test('arguments are kept for the restart; an array that looks like a child is arguments', async () => {
    const seen: unknown[] = [];
    await using supervisor = await Supervisor.startLink(
      [
        {
          id: 'child',
          start: (module: unknown, n: number) => {
            seen.push([module, n]);
            return Worker.startLink({});
          },
        },
      ],
      simple,
    );
    const pid = await supervisor.startChild([Worker, 7]);
    await crash(pid, 'kill');
    expect(seen).toEqual([
      [Worker, 7],
      [Worker, 7],
    ]);
  });
});

describe('child specifications', () => {
  test('[OTP S013] [SUP01] the defaults', async () => {
    const start = () => startAs('ok');
    await using supervisor = await Supervisor.startLink(
      [
        { id: 'child1', start },
        { id: 'child2', start, shutdown: 'brutal_kill' },
        { id: 'child3', start, type: 'supervisor' },
      ],
      one_for_one,
    );
    const common = { start, restart: 'permanent', significant: false };
    expect(await supervisor.getChildSpec('child1')).toEqual({
      ...common,
      id: 'child1',
      shutdown: 5000,
      type: 'worker',
    });
    expect(await supervisor.getChildSpec('child2')).toMatchObject({ shutdown: 'brutal_kill' });
    expect(await supervisor.getChildSpec('child3')).toMatchObject({
      shutdown: 'infinity',
      type: 'supervisor',
    });
    expect(await reasonOf(supervisor.getChildSpec('child4'))).toBe('not_found');
  });

  const start = () => startAs('ok');
  const faults: Array<[string, unknown, unknown]> = [
    ['no id', { start }, 'missing_id'],
    ['no id before no start', {}, 'missing_id'],
    ['no start', { id: 1 }, 'missing_start'],
    ['a start that is no function', { id: 1, start: 'x' }, ['invalid_mfa', 'x']],
    ['a wrong restart', { id: 1, start, restart: 'x' }, ['invalid_restart_type', 'x']],
    ['a wrong shutdown', { id: 1, start, shutdown: 'x' }, ['invalid_shutdown', 'x']],
    ['a negative shutdown', { id: 1, start, shutdown: -1 }, ['invalid_shutdown', -1]],
    ['a fraction of a shutdown', { id: 1, start, shutdown: 0.5 }, ['invalid_shutdown', 0.5]],
    ['a wrong type', { id: 1, start, type: 'x' }, ['invalid_child_type', 'x']],
    ['a wrong significant', { id: 1, start, significant: 1 }, ['invalid_significant', 1]],
    ['a string', 'child4', ['invalid_child_spec', 'child4']],
    ['null', null, ['invalid_child_spec', null]],
    [
      'restart before type',
      { id: 1, start, type: 'x', restart: 'y' },
      ['invalid_restart_type', 'y'],
    ],
    [
      'type before shutdown',
      { id: 1, start, type: 'x', shutdown: 'y' },
      ['invalid_child_type', 'x'],
    ],
  ];

  test.for(faults)('[OTP S015] [OTP S029] [OTP E009] %s', async ([, spec, reason]) => {
    const children = [child('first'), spec] as ChildSpec[];
    expect(await reasonOf(Supervisor.startLink(children, one_for_one))).toEqual([
      'start_spec',
      reason,
    ]);
    await using supervisor = await Supervisor.startLink([], one_for_one);
    const started = supervisor.startChild(spec as ChildSpec);
    expect(await reasonOf(started)).toEqual(reason);
    await expect(started).rejects.toThrow(/^Supervisor\.startChild failed: [^{[]*/);
    expect(() => Supervisor.checkChildSpecs(children)).toThrow(
      expect.objectContaining({ reason }) as Error,
    );
    expect(await counts(supervisor)).toEqual([0, 0, 0, 0]);
  });

  test('[OTP S015] unknown keys are accepted', async () => {
    await using supervisor = await Supervisor.startLink([], one_for_one);
    await supervisor.startChild({ ...child('c'), unknown: 1 } as ChildSpec);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP S029] [OTP E010] every combination of valid values', () => {
    for (const restart of ['permanent', 'transient', 'temporary'] as const) {
      for (const shutdown of ['brutal_kill', 0, 1000, 'infinity'] as const) {
        for (const type of ['worker', 'supervisor'] as const) {
          Supervisor.checkChildSpecs([child('c', { restart, shutdown, type })]);
        }
      }
    }
  });

  test('[OTP S029] [SUP21] two children with one id', async () => {
    const twice = [child('c'), child('c')];
    const reason = ['duplicate_child_name', 'c'];
    expect(() => Supervisor.checkChildSpecs(twice)).toThrow(
      expect.objectContaining({ reason }) as Error,
    );
    expect(await reasonOf(Supervisor.startLink(twice, one_for_one))).toEqual([
      'start_spec',
      reason,
    ]);
    expect(() => Supervisor.checkChildSpecs('x' as never)).toThrow(
      expect.objectContaining({ reason: ['badarg', 'x'] }) as Error,
    );
  });

  test('[OTP S029] simple_one_for_one takes one template', async () => {
    for (const children of [[], [template, { ...template, id: 2 }]]) {
      const start = Supervisor.startLink(children as never, simple);
      expect(await reasonOf(start)).toMatchObject(['bad_start_spec', { length: children.length }]);
    }
  });

  test.for<
    [
      restart: 'permanent' | 'transient' | 'temporary',
      autoShutdown: AutoShutdown | undefined,
      valid: boolean | string,
    ]
  >([
    ['permanent', 'never', 'never'],
    ['transient', 'never', 'never'],
    ['temporary', 'never', 'never'],
    ['permanent', 'any_significant', 'permanent'],
    ['permanent', 'all_significant', 'permanent'],
    ['permanent', undefined, 'permanent'],
    ['transient', 'any_significant', true],
    ['temporary', 'all_significant', true],
    ['transient', undefined, true],
  ])('[OTP S030] a significant %s child under %s', ([restart, autoShutdown, valid]) => {
    const check = () =>
      Supervisor.checkChildSpecs([child('c', { restart, significant: true })], autoShutdown);
    if (valid === true) return check();
    const other = valid === 'never' ? ['auto_shutdown', 'never'] : ['restart', 'permanent'];
    const reason = ['bad_combination', [other, ['significant', true]]];
    return expect(check).toThrow(expect.objectContaining({ reason }) as Error);
  });

  test.for([
    ['strategy', 'x', 'invalid_strategy'],
    ['maxRestarts', -1, 'invalid_intensity'],
    ['maxRestarts', 'many', 'invalid_intensity'],
    ['maxRestarts', Infinity, 'invalid_intensity'],
    ['maxSeconds', 0, 'invalid_period'],
    ['maxSeconds', 'infinity', 'invalid_period'],
    ['autoShutdown', 'x', 'invalid_auto_shutdown'],
  ] as Array<[string, unknown, string]>)('[OTP S031] %s %s', async ([flag, value, fault]) => {
    const start = Supervisor.startLink([child('c')], { ...one_for_one, [flag]: value });
    expect(await reasonOf(start)).toEqual(['supervisor_data', [fault, value]]);
    await expect(start).rejects.toThrow(new RegExp(`${flag} must be `));
  });

  test('[OTP S031] an unknown flag is ignored', async () => {
    await using _ = await Supervisor.startLink([], { ...one_for_one, unknown: 1 } as never);
  });

  test.for(['any_significant', 'all_significant'])(
    '[OTP S075] [SUP18] simple_one_for_one does not go with %s',
    async (autoShutdown) => {
      const start = Supervisor.startLink([template], { ...simple, autoShutdown } as never);
      expect(await reasonOf(start)).toMatchObject([
        'supervisor_data',
        ['bad_combination', expect.anything()],
      ]);
    },
  );

  const Server = GenServer.define({ name: 'Server', init: () => 0, handleInfo: (n) => noreply(n) });

  test('[OTP E002] [OTP E008] [SUP26] modules and [module, arg] make their own specification', async () => {
    await using supervisor = await Supervisor.startLink([Server, [Worker, {}]], one_for_one);
    await supervisor.startChild(Server.childSpec(undefined, { name: 'named' }));
    expect((await list(supervisor)).map(([id]) => id)).toEqual(['named', 'Worker', 'Server']);
    expect(Supervisor.childSpec(Server, { id: 'second', restart: 'transient' })).toMatchObject({
      id: 'second',
      restart: 'transient',
    });
    expect(Supervisor.childSpec([Worker, {}], { id: 3 })).toMatchObject({ id: 3 });
    expect(Supervisor.childSpec({ id: 1, start }, { shutdown: 1 })).toEqual({
      id: 1,
      start,
      shutdown: 1,
    });
  });

  test.for([
    ['a class without childSpec', class {}],
    ['an array of one', [Server]],
    ['an array of something else', [1, 2]],
  ] as Array<[string, never]>)('[OTP E002] refuses %s', async ([, value]) => {
    await expect(Supervisor.startLink([value], one_for_one)).rejects.toMatchObject({
      code: 'ERR_BADARG',
    });
  });

  test('[OTP E001] [OTP E007] a defined supervisor makes its child specification', async () => {
    const Tree = Supervisor.define({
      name: 'Tree',
      init: (n: number) => ({ ...one_for_one, children: [child(`c${n}`)] }),
    });
    expect(Tree.childSpec(1)).toMatchObject({ id: 'Tree', type: 'supervisor' });
    expect(Tree.childSpec(1, { id: 'x', restart: 'temporary' })).toMatchObject({
      id: 'x',
      restart: 'temporary',
    });
    await using supervisor = await Supervisor.startLink([[Tree, 1]], one_for_one);
    const inner = await pidOf(supervisor, 'Tree');
    expect((await list(inner)).map(([id]) => id)).toEqual(['c1']);
    await using direct = await Tree.startLink(2, { name: 'direct' });
    expect((await list('direct')).map(([id]) => id)).toEqual(['c2']);
    expect(direct.pid).toBeDefined();
  });
});
