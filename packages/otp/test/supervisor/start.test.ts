import {
  exit,
  GenServer,
  getState,
  ignore,
  isAlive,
  Supervisor,
  SupervisorError,
  whereis,
  type Ignore,
  type SupervisorInit,
} from '@linnet/otp';
import { expectNoLeaks, processSnapshot, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import {
  child,
  counts,
  Deaths,
  list,
  oops,
  Parent,
  reasonOf,
  startAs,
  type Outcome,
} from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;

describe('what the error of a start says', () => {
  test('a child whose name is taken, also levels below: that it is, and what to do [N15]', async () => {
    const Server = GenServer.define({ name: 'Server', init: () => 0 });
    const taken = await Server.startLink(undefined, { name: 'taken' });
    const tree = Supervisor.childSpec({
      id: 'inner',
      ...one_for_one,
      children: [Server.childSpec(undefined, { name: 'taken' })],
    });
    await expect(Supervisor.startLink([tree], one_for_one)).rejects.toThrow(
      /child 'taken' failed to start: already started.*Its name is taken/,
    );
    await taken.stop();
  });
});

describe('starting a supervisor', () => {
  test('[OTP S001] without children: an exit signal of its parent stops it', async () => {
    await using parent = new Parent();
    const { pid } = await parent.do(() => Supervisor.startLink([], one_for_one));
    const deaths = new Deaths();
    deaths.watch('supervisor', pid);
    await parent.do(() => exit(pid, 'shutdown'));
    await settle();
    expect(deaths.list).toEqual([['supervisor', 'shutdown']]);
    expect(parent.exits).toEqual([{ type: 'EXIT', from: pid, reason: 'shutdown' }]);
  });

  test('[OTP S002] [SUP05] an init that ignores: the start gives ignore and leaves no EXIT', async () => {
    await using parent = new Parent();
    const Ignoring = Supervisor.define({ init: (): SupervisorInit | Ignore => ignore });
    expect(await parent.do(() => Ignoring.startLink())).toBe(ignore);
    expect(parent.exits).toEqual([]);
  });

  test('[OTP S008] [SUP05] an init that gives nonsense fails the start with bad_return', async () => {
    await using parent = new Parent();
    const Bad = Supervisor.define({ name: 'Bad', init: () => 'invalid' as never });
    const reason = await reasonOf(parent.do(() => Bad.startLink()));
    expect(reason).toEqual(['bad_return', ['Bad', 'init', 'invalid']]);
    expect(parent.exits).toEqual([]);
  });

  test('[OTP S009] an init that throws fails the start with what it threw', async () => {
    await using parent = new Parent();
    const Failing = Supervisor.define({
      init: (): SupervisorInit => {
        throw oops;
      },
    });
    expect(await reasonOf(parent.do(() => Failing.startLink()))).toBe(oops);
    expect(parent.exits).toEqual([]);
  });

  test('[OTP E004] registers a name, and refuses a taken one', async () => {
    await using supervisor = await Supervisor.startLink([], { ...one_for_one, name: 'tree' });
    expect(whereis('tree')).toBe(supervisor.pid);
    expect(await reasonOf(Supervisor.startLink([], { ...one_for_one, name: 'tree' }))).toEqual([
      'already_started',
      supervisor.pid,
    ]);
  });

  test.for([
    ['a number', 1],
    ['an empty string', ''],
    ['a tuple', ['x', 1]],
    ['a short via', { via: ['x'] }],
  ])('[OTP E005] refuses %s as a name', async ([, name]) => {
    const options = { ...one_for_one, name: name as string };
    await expect(Supervisor.startLink([], options)).rejects.toThrow('name must be');
  });

  test('[OTP E003] refuses to guess a strategy', async () => {
    await expect(Supervisor.startLink([], {} as never)).rejects.toThrow('strategy');
    await expect(Supervisor.startLink([], undefined as never)).rejects.toThrow('strategy');
  });

  test('[OTP E003] [SUP25] allows 3 restarts within 5 seconds unless told otherwise', async () => {
    await using supervisor = await Supervisor.startLink([], one_for_one);
    expect(await getState(supervisor)).toMatchObject({
      strategy: 'one_for_one',
      intensity: 3,
      period: 5,
      restarts: 0,
    });
  });

  test('starts its children in order, each before the next', async () => {
    const order: string[] = [];
    const spec = (id: string) => ({
      id,
      start: async () => {
        order.push(`${id} starts`);
        const pid = await startAs('ok');
        order.push(`${id} is up`);
        return pid;
      },
    });
    await using _ = await Supervisor.startLink([spec('a'), spec('b')], one_for_one);
    expect(order).toEqual(['a starts', 'a is up', 'b starts', 'b is up']);
  });

  test('a child that does not start: the others are stopped in reverse order', async () => {
    const before = processSnapshot();
    const stopped: string[] = [];
    const trapping = (id: string) =>
      child(id, {}, { trap: true, onTerminate: () => stopped.push(id) });
    const start = Supervisor.startLink(
      [trapping('a'), trapping('b'), child('c', {}, {}, ['error']), trapping('d')],
      { ...one_for_one, name: 'tree' },
    );
    const error = await start.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SupervisorError);
    expect(error).toMatchObject({
      code: 'ERR_SUPERVISOR',
      reason: { shutdown: ['failed_to_start_child', 'c', 'why'] },
      message: "Supervisor.startLink failed: shutdown: child 'c' failed to start: why",
    });
    expect(stopped).toEqual(['b', 'a']);
    await expectNoLeaks(before);
  });

  test('[SUP23] the reasons of nested trees nest', async () => {
    const inner = Supervisor.childSpec({
      id: 's',
      ...one_for_one,
      children: [child('c', {}, {}, ['error'])],
    });
    expect(await reasonOf(Supervisor.startLink([inner], one_for_one))).toEqual({
      shutdown: ['failed_to_start_child', 's', { shutdown: ['failed_to_start_child', 'c', 'why'] }],
    });
  });

  test.for<[Outcome, unknown]>([
    ['error', 'why'],
    ['junk', 'junk'],
    ['raise', ['EXIT', oops]],
    ['exit', ['EXIT', 'why']],
  ])('[SUP03] a start function that comes to %s fails the start', async ([outcome, reason]) => {
    const start = Supervisor.startLink([child('c', {}, {}, [outcome])], one_for_one);
    expect(await reasonOf(start)).toEqual({ shutdown: ['failed_to_start_child', 'c', reason] });
  });

  test('[SUP03] a thrown process counts as returned', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('c', {}, {}, ['throw'])],
      one_for_one,
    );
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test.for([
    ['undefined', () => undefined],
    ['a revoked proxy', () => revoked()],
    [
      'a getter that throws',
      () => ({
        get pid() {
          throw oops;
        },
      }),
    ],
    ['a rejection with a revoked proxy', () => Promise.reject(revoked())],
    [
      'a thrown revoked proxy',
      () => {
        throw revoked();
      },
    ],
  ] as Array<[string, () => never]>)(
    'a start function that gives %s fails the start',
    async ([, start]) => {
      const failed = await Supervisor.startLink([{ id: 'c', start }], one_for_one).catch(
        (error: unknown) => error,
      );
      expect(failed).toBeInstanceOf(SupervisorError);
      expect((failed as SupervisorError).message).toContain("child 'c' failed to start");
    },
  );
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('children that choose not to start', () => {
  test('[OTP S003] [SUP04] a permanent one is kept without a process', async () => {
    await using supervisor = await Supervisor.startLink([], one_for_one);
    expect(await supervisor.startChild(child('child1', {}, {}, ['ignore']))).toBeUndefined();
    const pid = await supervisor.startChild(child('child2'));
    expect(await list(supervisor)).toEqual([
      ['child2', pid],
      ['child1', undefined],
    ]);
    expect(await counts(supervisor)).toEqual([2, 1, 0, 2]);
  });

  test('[OTP S004] a temporary one in the first list is forgotten', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('child1', { restart: 'temporary' }, {}, ['ignore']), child('child2')],
      one_for_one,
    );
    expect((await list(supervisor)).map(([id]) => id)).toEqual(['child2']);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP S005] a temporary one that is added is forgotten', async () => {
    await using supervisor = await Supervisor.startLink([child('child2')], one_for_one);
    const ignoring = child('child1', { restart: 'temporary' }, {}, ['ignore']);
    expect(await supervisor.startChild(ignoring)).toBeUndefined();
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test.for(['temporary', 'permanent'] as const)(
    '[OTP S006] [OTP S007] a %s one under simple_one_for_one is forgotten',
    async (restart) => {
      await using parent = new Parent();
      const supervisor = await parent.do(() =>
        Supervisor.startLink(
          [{ id: 'child', restart, start: (outcome: Outcome) => startAs(outcome) }],
          { strategy: 'simple_one_for_one' },
        ),
      );
      expect(await supervisor.startChild(['ignore'])).toBeUndefined();
      expect(await list(supervisor)).toEqual([]);
      await supervisor.startChild(['ok']);
      expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
      const deaths = new Deaths();
      deaths.watch('supervisor', supervisor.pid);
      await parent.do(() => exit(supervisor.pid, 'shutdown'));
      await settle();
      expect(deaths.list).toEqual([['supervisor', 'shutdown']]);
    },
  );
});

describe('results of a start that fails later', () => {
  test('[OTP S010] restartChild tells the reason; the child stays without a process', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('c', {}, {}, ['ok', 'raise'])],
      one_for_one,
    );
    await supervisor.terminateChild('c');
    expect(await reasonOf(supervisor.restartChild('c'))).toEqual(['EXIT', oops]);
    expect(await list(supervisor)).toEqual([['c', undefined]]);
  });

  test.for<[Outcome, unknown]>([
    ['error', 'why'],
    ['junk', 'junk'],
    ['raise', ['EXIT', oops]],
    ['exit', ['EXIT', 'why']],
  ])(
    '[OTP S011] [SUP04] startChild of one that comes to %s tells the reason and the child',
    async ([outcome, reason]) => {
      await using supervisor = await Supervisor.startLink([], one_for_one);
      const start = supervisor.startChild(child('c', {}, {}, [outcome]));
      expect(await reasonOf(start)).toEqual([reason, expect.objectContaining({ id: 'c' })]);
      await expect(start).rejects.toThrow("child 'c' failed to start");
      expect(await list(supervisor)).toEqual([]);
    },
  );

  test.for<[Outcome, unknown]>([
    ['error', 'why'],
    ['junk', 'junk'],
  ])('[OTP S012] under simple_one_for_one %s is told bare', async ([outcome, reason]) => {
    await using supervisor = await Supervisor.startLink(
      [{ id: 'child', start: (how: Outcome) => startAs(how) }],
      { strategy: 'simple_one_for_one' },
    );
    expect(await reasonOf(supervisor.startChild([outcome]))).toBe(reason);
    expect(await list(supervisor)).toEqual([]);
  });

  test('[OTP S085] a process that somebody else has started is told bare', async () => {
    const Server = GenServer.define({ init: () => 0 });
    await using outsider = await Server.startLink(undefined, { name: 'taken' });
    await using supervisor = await Supervisor.startLink([], one_for_one);
    const start = supervisor.startChild(Server.childSpec(undefined, { name: 'taken' }));
    expect(await reasonOf(start)).toEqual(['already_started', outsider.pid]);
    expect(isAlive(outsider.pid)).toBe(true);
    expect(await list(supervisor)).toEqual([]);
  });
});
