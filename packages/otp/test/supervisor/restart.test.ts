import {
  exit,
  GenServer,
  getState,
  isAlive,
  resume,
  suspend,
  whereis,
  Supervisor,
  type ChildSpecOverrides,
  type ExitReason,
  type Pid,
  type Startable,
  type SupervisorError,
  type SupervisorHandle,
} from '@linnet/otp';
import { settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  child,
  counts,
  crash,
  Deaths,
  list,
  pidOf,
  reasonOf,
  startAs,
  Worker,
  type Outcome,
} from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;
const often = { maxRestarts: 1000 };

/** Which children have another process than before. */
async function changedBy(
  supervisor: SupervisorHandle,
  act: () => Promise<unknown>,
): Promise<unknown[]> {
  const before = new Map((await list(supervisor)).map(([id, pid]) => [id, pid]));
  await act();
  const after = await list(supervisor);
  return after.filter(([id, pid]) => before.get(id) !== pid).map(([id]) => id);
}

describe('a child that ends by itself', () => {
  const soft: readonly ExitReason[] = ['normal', 'shutdown', { shutdown: 'info' }];
  const hard: readonly ExitReason[] = ['abnormal', 'kill', { shutdown: 1, and: 2 }, ['a', 'tuple']];

  for (const [restart, reasons, numbers] of [
    ['permanent', [...soft, ...hard], '[OTP S032, S035, S039]'],
    ['transient', hard, '[OTP S040]'],
  ] as const) {
    test.for(reasons)(`${numbers} a ${restart} one is restarted after %o`, async (reason) => {
      await using supervisor = await Supervisor.startLink([child('c', { restart })], one_for_one);
      const pid = await pidOf(supervisor, 'c');
      await crash(pid, reason);
      expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
      expect(await pidOf(supervisor, 'c')).not.toBe(pid);
    });
  }

  test.for(soft)(
    '[OTP S033, S036] a transient one is kept without a process after %o',
    async (reason) => {
      await using supervisor = await Supervisor.startLink(
        [child('c', { restart: 'transient' })],
        one_for_one,
      );
      await crash(await pidOf(supervisor, 'c'), reason);
      expect(await list(supervisor)).toEqual([['c', undefined]]);
      expect(await counts(supervisor)).toEqual([1, 0, 0, 1]);
      expect(isAlive((await supervisor.restartChild('c')) as Pid)).toBe(true);
    },
  );

  test.for([...soft, ...hard])(
    '[OTP S034, S037, S041] a temporary one is forgotten after %o',
    async (reason) => {
      const spec = child('c', { restart: 'temporary' });
      await using supervisor = await Supervisor.startLink([spec], one_for_one);
      await crash(await pidOf(supervisor, 'c'), reason);
      expect(await list(supervisor)).toEqual([]);
      expect(isAlive((await supervisor.startChild(spec)) as Pid)).toBe(true);
    },
  );

  test.for(['one_for_all', 'rest_for_one'] as const)(
    '[OTP S042] %s forgets a temporary sibling',
    async (strategy) => {
      await using supervisor = await Supervisor.startLink(
        [child('child1'), child('child2', { restart: 'temporary' })],
        { strategy },
      );
      await crash(await pidOf(supervisor, 'child1'), 'normal');
      expect((await list(supervisor)).map(([id]) => id)).toEqual(['child1']);
    },
  );

  /** What `startChild` of the same specification says after the child has ended. */
  const remembered = {
    permanent: { kill: 'running', normal: 'running', terminateChild: 'known' },
    transient: { kill: 'running', normal: 'known', terminateChild: 'known' },
    temporary: { kill: 'unknown', normal: 'unknown', terminateChild: 'unknown' },
  } as const;

  const ends = (['one_for_one', 'one_for_all', 'rest_for_one'] as const).flatMap((strategy) =>
    (['permanent', 'transient', 'temporary'] as const).flatMap((restart) =>
      (['kill', 'normal', 'terminateChild'] as const).map((end) => ({ strategy, restart, end })),
    ),
  );

  test.for(ends)(
    '[OTP S063] what $strategy remembers of a $restart child after $end',
    async ({ strategy, restart, end }) => {
      const spec = child('c', { restart });
      await using supervisor = await Supervisor.startLink([spec], { strategy });
      if (end === 'terminateChild') await supervisor.terminateChild('c');
      else await crash(await pidOf(supervisor, 'c'), end);
      const found = await supervisor.startChild(spec).then(
        () => 'unknown',
        ({ reason }: SupervisorError) => (reason === 'already_present' ? 'known' : 'running'),
      );
      expect(found).toBe(remembered[restart][end]);
      if (found === 'known') await supervisor.restartChild('c');
      expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
    },
  );
});

describe('the restart limit', () => {
  test('[OTP S043] restarts count within the period only', async () => {
    const clock = new TestClock().install(onTestFinished);
    await using supervisor = await Supervisor.startLink([child('c')], {
      ...one_for_one,
      maxRestarts: 1,
      maxSeconds: 1,
    });
    for (let i = 0; i < 4; i++) {
      await crash(await pidOf(supervisor, 'c'), 'boom');
      await clock.advance(2100);
    }
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('the period is counted in whole seconds, its end included', async () => {
    const clock = new TestClock(900).install(onTestFinished);
    const supervisor = await Supervisor.startLink([child('c')], {
      ...one_for_one,
      maxRestarts: 1,
      maxSeconds: 1,
    });
    await crash(await pidOf(supervisor, 'c'), 'boom'); // in second 0
    await clock.advance(1100); // second 2
    await crash(await pidOf(supervisor, 'c'), 'boom');
    await clock.advance(1900); // still second 3: 1.9 s later, within the period
    await crash(await pidOf(supervisor, 'c'), 'boom');
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  test('with 0 the first restart ends the supervisor', async () => {
    const supervisor = await Supervisor.startLink([child('a'), child('b')], {
      ...one_for_one,
      maxRestarts: 0,
    });
    const deaths = await new Deaths().watchAll(supervisor);
    await crash(await pidOf(supervisor, 'a'), 'normal');
    expect(deaths.list).toEqual([
      ['a', 'normal'],
      ['b', 'shutdown'],
      ['supervisor', 'shutdown'],
    ]);
  });

  test.for([
    ['one_for_one', ['child1']],
    ['one_for_all', ['child2', 'child1']],
    ['rest_for_one', ['child2', 'child1']],
  ] as const)(
    '[OTP S044, S046, S054] %s: the third crash within the period ends it',
    async ([strategy, changed]) => {
      const supervisor = await Supervisor.startLink([child('child1'), child('child2')], {
        strategy,
        maxRestarts: 2,
        maxSeconds: 3600,
      });
      const kill = async (): Promise<void> => crash(await pidOf(supervisor, 'child1'), 'kill');
      expect(await changedBy(supervisor, kill)).toEqual(changed);
      expect(await counts(supervisor)).toEqual([2, 2, 0, 2]);
      await kill();
      const deaths = await new Deaths().watchAll(supervisor);
      await kill();
      expect(deaths.list).toEqual([
        ['child1', 'killed'],
        ['child2', 'shutdown'],
        ['supervisor', 'shutdown'],
      ]);
    },
  );

  test('[OTP S049] simple_one_for_one too', async () => {
    const supervisor = await Supervisor.startLink(
      [{ id: 'child', start: () => Worker.startLink({}) }],
      { strategy: 'simple_one_for_one', maxRestarts: 2, maxSeconds: 3600 },
    );
    const first = await supervisor.startChild([]);
    const second = await supervisor.startChild([]);
    await crash(first, 'kill');
    const pids = (await list(supervisor)).map(([, pid]) => pid as Pid);
    expect(pids).toContain(second);
    expect(pids).not.toContain(first);
    expect(pids).toHaveLength(2);
    await crash(second, 'kill');
    await crash((await list(supervisor))[0]?.[1], 'kill');
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  test('a supervisor that reaches its limit is not restarted if it is transient', async () => {
    const inner = (restart: 'permanent' | 'transient') =>
      Supervisor.childSpec({
        id: restart,
        restart,
        ...one_for_one,
        maxRestarts: 0,
        children: [child('c')],
      });
    await using supervisor = await Supervisor.startLink(
      [inner('permanent'), inner('transient')],
      one_for_one,
    );
    for (const id of ['permanent', 'transient']) {
      await crash(await pidOf(await pidOf(supervisor, id), 'c'), 'boom');
    }
    const children = new Map((await list(supervisor)).map(([id, pid]) => [id, pid]));
    expect(children.get('transient')).toBeUndefined();
    expect(await counts(children.get('permanent') as Pid)).toEqual([1, 1, 0, 1]);
  });
});

describe('strategies', () => {
  const five = ['a', 'b', 'c', 'd', 'e'];

  test.for([
    ['one_for_one', ['c']],
    ['one_for_all', ['e', 'd', 'c', 'b', 'a']],
    ['rest_for_one', ['e', 'd', 'c']],
  ] as const)('%s', async ([strategy, changed]) => {
    await using supervisor = await Supervisor.startLink(
      five.map((id) => child(id)),
      { strategy },
    );
    const kill = async (): Promise<void> => crash(await pidOf(supervisor, 'c'), 'kill');
    expect(await changedBy(supervisor, kill)).toEqual(changed);
  });

  test('[OTP S070] rest_for_one stops in reverse order and starts in order', async () => {
    const log: string[] = [];
    const spec = (id: string) => ({
      id,
      start: async () => {
        const pid = await startAs('ok', { trap: true, onTerminate: () => log.push(`-${id}`) });
        log.push(`+${id}`);
        return pid;
      },
    });
    const supervisor = await Supervisor.startLink(five.map(spec), { strategy: 'rest_for_one' });
    log.length = 0;
    await crash(await pidOf(supervisor, 'c'), 'kill');
    expect(log).toEqual(['-e', '-d', '+c', '+d', '+e']);
    log.length = 0;
    await supervisor.stop();
    expect(log).toEqual(['-e', '-d', '-c', '-b', '-a']);
  });

  test('a group restart starts siblings that were down as well', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('a'), child('b', { restart: 'transient' }), child('c', {}, {}, ['ignore', 'ok'])],
      { strategy: 'one_for_all' },
    );
    await supervisor.terminateChild('a');
    await crash(await pidOf(supervisor, 'b'), 'boom');
    expect(await counts(supervisor)).toEqual([3, 3, 0, 3]);
  });

  test.for([
    ['one_for_all', 1],
    ['one_for_one', 3],
  ] as const)(
    'children that die at the same time cost %s %i restarts',
    async ([strategy, restarts]) => {
      await using supervisor = await Supervisor.startLink([child('a'), child('b'), child('c')], {
        strategy,
      });
      await suspend(supervisor);
      const children = (await getState(supervisor)) as { children: Array<{ pid: Pid }> };
      for (const { pid } of children.children) exit(pid, 'kill');
      await resume(supervisor);
      await settle();
      expect(await getState(supervisor)).toMatchObject({ restarts });
      expect(await counts(supervisor)).toEqual([3, 3, 0, 3]);
    },
  );

  test('[OTP S059] a tree', async () => {
    // Its supervisor allows three restarts: the fourth ends it.
    const fragile = child('fragile', {}, {}, ['ok', 'error', 'error', 'error', 'ok']);
    const sup = (id: string, children: Array<ReturnType<typeof child>>) =>
      Supervisor.childSpec({ id, ...one_for_one, maxRestarts: 3, maxSeconds: 3600, children });
    await using supervisor = await Supervisor.startLink(
      [
        sup('sup1', [child('child1'), child('child2')]),
        sup('sup2', [fragile]),
        Supervisor.childSpec({ id: 'sup3', ...one_for_one, children: [] }),
      ],
      { strategy: 'one_for_all', maxRestarts: 3, maxSeconds: 3600 },
    );
    await supervisor.terminateChild('sup3');
    expect(await counts(supervisor)).toEqual([3, 2, 3, 0]);

    const sup1 = await pidOf(supervisor, 'sup1');
    const before = await list(sup1);
    await crash(await pidOf(sup1, 'child1'), 'kill');
    const after = await list(sup1);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);

    await Supervisor.startChild(sup1, child('dynamic'));
    exit(await pidOf(await pidOf(supervisor, 'sup2'), 'fragile'), 'kill');
    await settle();
    expect(await counts(supervisor)).toEqual([3, 3, 3, 0]);
    expect(await counts(await pidOf(supervisor, 'sup1'))).toEqual([2, 2, 0, 2]);
  });

  test('[OTP S064] [OTP E006] a killed supervisor in the middle comes back under its name', async () => {
    const Named = GenServer.define({ init: () => 0, handleCall: {} });
    await using supervisor = await Supervisor.startLink(
      [
        Supervisor.childSpec({
          name: 'middle',
          ...one_for_one,
          children: [Named.childSpec(undefined, { name: 'leaf' })],
        }),
      ],
      one_for_one,
    );
    const [middle, leaf] = [whereis('middle'), whereis('leaf')];
    exit(middle as Pid, 'kill');
    await settle();
    expect(whereis('middle')).not.toBe(middle);
    expect(isAlive(whereis('middle') as Pid)).toBe(true);
    expect(isAlive(whereis('leaf') as Pid)).toBe(true);
    expect(whereis('leaf')).not.toBe(leaf);
    await supervisor.terminateChild('middle');
    expect(whereis('leaf')).toBeUndefined();
    await supervisor.restartChild('middle');
    expect(whereis('leaf')).toBeDefined();
  });
});

describe('a restart whose start fails', () => {
  const failing = (id: string, failures: number, overrides: ChildSpecOverrides = {}) =>
    child(id, overrides, {}, ['ok', ...Array<Outcome>(failures).fill('error'), 'ok']);

  test('is tried again until it works; each attempt counts', async () => {
    await using supervisor = await Supervisor.startLink([failing('c', 4)], {
      ...one_for_one,
      maxRestarts: 5,
    });
    await crash(await pidOf(supervisor, 'c'), 'boom');
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test.for([
    ['one_for_one', 'child1'],
    ['one_for_all', 'child2'],
    ['rest_for_one', 'child2'],
  ] as const)(
    '[OTP S045, S047, S055] %s: ends the supervisor at the limit',
    async ([strategy, broken]) => {
      const supervisor = await Supervisor.startLink(
        ['child1', 'child2'].map((id) => (id === broken ? failing(id, 1000) : child(id))),
        { strategy, maxRestarts: 4, maxSeconds: 3600 },
      );
      const deaths = await new Deaths().watchAll(supervisor);
      await crash(await pidOf(supervisor, 'child1'), 'kill');
      expect(deaths.names).toEqual(['child1', 'child2', 'supervisor']);
      expect(deaths.list.at(-1)).toEqual(['supervisor', 'shutdown']);
    },
  );

  test('[OTP S053] simple_one_for_one: ends the supervisor and its siblings', async () => {
    let outcome: Outcome = 'ok';
    const supervisor = await Supervisor.startLink(
      [{ id: 'child', start: () => startAs(outcome) }],
      { strategy: 'simple_one_for_one', maxRestarts: 4, maxSeconds: 3600 },
    );
    const deaths = new Deaths();
    const first = (await supervisor.startChild([])) as Pid;
    deaths.watch('second', (await supervisor.startChild([])) as Pid);
    deaths.watch('supervisor', supervisor.pid);
    outcome = 'error';
    await crash(first, 'kill');
    expect(deaths.list).toEqual([
      ['second', 'shutdown'],
      ['supervisor', 'shutdown'],
    ]);
  });

  test('[OTP S050] [SUP17] simple_one_for_one: a restart that ignores drops the child', async () => {
    const outcomes: Outcome[] = ['ok', 'ignore'];
    await using supervisor = await Supervisor.startLink(
      [{ id: 'child', start: () => startAs(outcomes.shift() ?? 'error') }],
      { strategy: 'simple_one_for_one' },
    );
    const pid = (await supervisor.startChild([])) as Pid;
    await crash(pid, 'kill');
    expect(await list(supervisor)).toEqual([]);
    expect(await counts(supervisor)).toEqual([1, 0, 0, 0]);
  });

  test('[OTP S048] one_for_all: those before it are stopped and started again', async () => {
    const log: string[] = [];
    const first = {
      id: 'child1',
      start: async () => {
        log.push('+child1');
        return startAs('ok', {
          trap: true,
          onTerminate: (reason) => log.push(`-child1 ${String(reason)}`),
        });
      },
    };
    await using supervisor = await Supervisor.startLink([first, failing('child2', 1)], {
      strategy: 'one_for_all',
    });
    await crash(await pidOf(supervisor, 'child1'), 'boom');
    expect(log).toEqual(['+child1', '-child1 boom', '+child1', '-child1 shutdown', '+child1']);
    expect(await counts(supervisor)).toEqual([2, 2, 0, 2]);
  });

  test('[OTP S056] rest_for_one: those before it stay', async () => {
    const log: string[] = [];
    const first = {
      id: 'child1',
      start: async () => {
        log.push('+child1');
        return startAs('ok', {
          trap: true,
          onTerminate: (reason) => log.push(`-child1 ${String(reason)}`),
        });
      },
    };
    await using supervisor = await Supervisor.startLink([first, failing('child2', 1)], {
      strategy: 'rest_for_one',
    });
    await crash(await pidOf(supervisor, 'child1'), 'boom');
    expect(log).toEqual(['+child1', '-child1 boom', '+child1']);
    expect(await counts(supervisor)).toEqual([2, 2, 0, 2]);
  });
});

/** A child whose restarts wait in `init` until they are let go. */
function gated(id: string, overrides: ChildSpecOverrides = {}) {
  const waiting: Array<(outcome: Outcome) => void> = [];
  let started = false;
  const start = async (): Promise<Startable> => {
    if (!started) {
      started = true;
      return startAs('ok');
    }
    return startAs(await new Promise<Outcome>((resolve) => waiting.push(resolve)));
  };
  const letGo = async (outcome: Outcome): Promise<void> => {
    waiting.shift()?.(outcome);
    await settle();
  };
  return { spec: { id, start, ...overrides }, letGo };
}

describe('calls while a restart is tried again and again', () => {
  /** Puts a call before the next attempt, and lets the current one fail. */
  async function between<T>(
    gate: ReturnType<typeof gated>,
    call: () => Promise<T>,
  ): Promise<unknown> {
    const answer = call().then(
      (value): unknown => value,
      (error: { reason: unknown }) => ['error', error.reason],
    );
    await settle();
    await gate.letGo('error');
    return answer;
  }

  test('[OTP S065] one_for_one', async () => {
    const gate = gated('child1');
    await using supervisor = await Supervisor.startLink([gate.spec], {
      ...one_for_one,
      maxRestarts: 8,
      maxSeconds: 10,
    });
    await crash(await pidOf(supervisor, 'child1'), 'kill');
    await gate.letGo('error');
    expect(await between(gate, () => supervisor.startChild(gate.spec))).toEqual([
      'error',
      'already_present',
    ]);
    expect(await between(gate, () => supervisor.restartChild('child1'))).toEqual([
      'error',
      'restarting',
    ]);
    expect(await between(gate, () => supervisor.deleteChild('child1'))).toEqual([
      'error',
      'restarting',
    ]);
    expect(await between(gate, () => list(supervisor))).toEqual([['child1', 'restarting']]);
    expect(await between(gate, () => counts(supervisor))).toEqual([1, 0, 0, 1]);
    expect(await between(gate, () => supervisor.terminateChild('child1'))).toBeUndefined();
    expect(await list(supervisor)).toEqual([['child1', undefined]]);
    const restarted = supervisor.restartChild('child1');
    await settle();
    await gate.letGo('ok');
    expect(await list(supervisor)).toEqual([['child1', await restarted]]);
    const deaths = await new Deaths().watchAll(supervisor);
    await crash(await pidOf(supervisor, 'child1'), 'kill');
    const stopped = supervisor.stop('shutdown');
    await settle();
    await gate.letGo('error');
    await stopped;
    expect(deaths.list.at(-1)).toEqual(['supervisor', 'shutdown']);
  });

  test('[OTP S066] rest_for_one', async () => {
    const gate = gated('child2');
    await using supervisor = await Supervisor.startLink(
      [child('child1'), gate.spec, child('child3')],
      {
        strategy: 'rest_for_one',
        maxRestarts: 8,
        maxSeconds: 10,
      },
    );
    const first = await pidOf(supervisor, 'child1');
    await crash(await pidOf(supervisor, 'child2'), 'kill');
    await gate.letGo('error');
    expect(await between(gate, () => list(supervisor))).toEqual([
      ['child3', undefined],
      ['child2', 'restarting'],
      ['child1', first],
    ]);
    expect(await between(gate, () => counts(supervisor))).toEqual([3, 1, 0, 3]);
    expect(await between(gate, () => supervisor.restartChild('child2'))).toEqual([
      'error',
      'restarting',
    ]);
    expect(await between(gate, () => supervisor.terminateChild('child2'))).toBeUndefined();
    expect((await list(supervisor)).slice(0, 2)).toEqual([
      ['child3', undefined],
      ['child2', undefined],
    ]);
  });

  test('[OTP S062] [OTP S067] simple_one_for_one', async () => {
    let outcome: Outcome = 'ok';
    await using supervisor = await Supervisor.startLink(
      [{ id: 'child', start: () => (outcome === 'ok' ? startAs('ok') : gate.spec.start()) }],
      { strategy: 'simple_one_for_one', maxRestarts: 8, maxSeconds: 10 },
    );
    const gate = gated('child');
    const first = (await gate.spec.start()) as Pid; // its first start passes
    exit(first, 'kill');
    const pid = (await supervisor.startChild([])) as Pid;
    outcome = 'error';
    await crash(pid, 'kill');
    await gate.letGo('error');
    expect(await between(gate, () => reasonOf(Supervisor.restartChild(supervisor, pid)))).toBe(
      'simple_one_for_one',
    );
    expect(await between(gate, () => list(supervisor))).toEqual([[undefined, 'restarting']]);
    expect(await between(gate, () => counts(supervisor))).toEqual([1, 0, 0, 1]);
    expect(await between(gate, () => supervisor.terminateChild(pid))).toBeUndefined();
    expect(await list(supervisor)).toEqual([]);
    expect(await counts(supervisor)).toEqual([1, 0, 0, 0]);
  });

  test('a new child joins at the end at once', async () => {
    const gate = gated('child1');
    await using supervisor = await Supervisor.startLink([gate.spec], { ...one_for_one, ...often });
    await crash(await pidOf(supervisor, 'child1'), 'kill');
    await gate.letGo('error');
    const pid = await between(gate, () => supervisor.startChild(child('child2')));
    expect(await between(gate, () => list(supervisor))).toEqual([
      ['child2', pid],
      ['child1', 'restarting'],
    ]);
    await gate.letGo('ok');
    expect(await counts(supervisor)).toEqual([2, 2, 0, 2]);
  });
});
