import {
  DynamicSupervisor,
  exit,
  isAlive,
  processInfo,
  setLogger,
  Supervisor,
  type Logger,
  type RestartEvent,
  type SupervisorEvent,
  type SupervisorReport,
} from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  child,
  counts,
  crash,
  list,
  oops,
  pidOf,
  startAs,
  Worker,
  type Outcome,
} from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;

/** The supervisor reports logged during the test, as `[level, context, id, message]`. */
function captureReports(): Array<[level: string, report: SupervisorReport, message: string]> {
  const reports: Array<[string, SupervisorReport, string]> = [];
  const log = (level: string) => (fields: object, message: string) => {
    if ('errorContext' in fields) reports.push([level, fields as SupervisorReport, message]);
  };
  const logger: Logger = { error: log('error'), warn: log('warn'), debug: log('debug') };
  const former = setLogger(logger);
  onTestFinished(() => void setLogger(former));
  return reports;
}

/** What is published on a channel during the test. */
function captureEvents<T>(channel: string): T[] {
  const events: T[] = [];
  const listener = (event: unknown): void => void events.push(event as T);
  subscribe(channel, listener);
  onTestFinished(() => void unsubscribe(channel, listener));
  return events;
}

describe('supervisor reports', () => {
  test('a crash of a child is an error, its orderly end is not', async () => {
    const reports = captureReports();
    await using supervisor = await Supervisor.startLink([child('c')], {
      ...one_for_one,
      name: 'tree',
    });
    const pid = await pidOf(supervisor, 'c');
    await crash(pid, 'boom');
    await crash(await pidOf(supervisor, 'c'), 'normal');
    expect(reports.map(([level, { errorContext }]) => [level, errorContext])).toEqual([
      ['error', 'child_terminated'],
      ['debug', 'child_terminated'],
    ]);
    const [[, report, message]] = reports as [[string, SupervisorReport, string]];
    expect(report).toMatchObject({
      supervisor: supervisor.pid,
      name: 'tree',
      reason: 'boom',
      offender: { id: 'c', pid, restart: 'permanent', shutdown: 5000 },
    });
    expect(message).toBe('supervisor tree: child "c" terminated: boom');
  });

  test('an orderly end of a transient or temporary child is not worth a report', async () => {
    const reports = captureReports();
    await using supervisor = await Supervisor.startLink(
      [child('a', { restart: 'transient' }), child('b', { restart: 'temporary' })],
      one_for_one,
    );
    await crash(await pidOf(supervisor, 'a'), 'normal');
    await crash(await pidOf(supervisor, 'b'), { shutdown: 'x' });
    expect(reports).toEqual([]);
  });

  test('failed starts, and the end of the supervisor at its limit', async () => {
    const reports = captureReports();
    const supervisor = await Supervisor.startLink([child('c', {}, {}, ['ok', 'raise'])], {
      ...one_for_one,
      maxRestarts: 2,
    });
    await crash(await pidOf(supervisor, 'c'), 'boom');
    expect(reports.map(([, { errorContext, reason }]) => [errorContext, reason])).toEqual([
      ['child_terminated', 'boom'],
      ['start_error', '{EXIT, Error: oops}'],
      ['start_error', '{EXIT, Error: oops}'],
      ['shutdown', 'reached_max_restart_intensity'],
    ]);
    expect(reports.at(-1)?.[2]).toContain('too many restarts');
  });

  test('a child that does not stop as it should', async () => {
    const reports = captureReports();
    const rude = { trap: true, onTerminate: () => exit('rude') };
    const supervisor = await Supervisor.startLink(
      [
        child('rude', {}, rude),
        child('quiet', { restart: 'transient' }, { trap: true, onTerminate: () => exit('normal') }),
        child('killed', { shutdown: 'brutal_kill' }),
        child('normal', {}, { trap: true, onTerminate: () => exit('normal') }),
      ],
      one_for_one,
    );
    await supervisor.stop();
    expect(
      reports.map(([, { errorContext, reason, offender }]) => [errorContext, offender.id, reason]),
    ).toEqual([
      ['shutdown_error', 'normal', 'normal'],
      ['shutdown_error', 'rude', 'rude'],
    ]);
  });

  test('a logger that throws does not take the supervisor down', async () => {
    const broken = (): never => {
      throw oops;
    };
    const former = setLogger({ error: broken, warn: broken, debug: broken });
    onTestFinished(() => void setLogger(former));
    await using supervisor = await Supervisor.startLink([child('c')], one_for_one);
    await crash(await pidOf(supervisor, 'c'), 'boom');
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });
});

describe('the channel otp.supervisor', () => {
  test('tells of starts, ends, restarts and the limit', async () => {
    const events = captureEvents<SupervisorEvent>('otp.supervisor');
    const supervisor = await Supervisor.startLink([child('c')], {
      ...one_for_one,
      maxRestarts: 1,
      name: 'tree',
    });
    const first = await pidOf(supervisor, 'c');
    await crash(first, 'boom');
    const second = await pidOf(supervisor, 'c');
    await supervisor.startChild(child('d'));
    await supervisor.terminateChild('d');
    await crash(second, 'boom');
    const common = { supervisor: supervisor.pid, name: 'tree' };
    expect(events).toMatchObject([
      { ...common, type: 'child_started', id: 'c', pid: first },
      { ...common, type: 'child_terminated', id: 'c', pid: first, reason: 'boom' },
      { ...common, type: 'restarted', id: 'c', pid: second },
      { ...common, type: 'child_started', id: 'd' },
      { ...common, type: 'child_terminated', id: 'd', reason: 'shutdown' },
      { ...common, type: 'child_terminated', id: 'c', pid: second, reason: 'boom' },
      { ...common, type: 'intensity_exceeded', id: 'c', intensity: 1, period: 5 },
    ]);
  });

  test('under simple_one_for_one and DynamicSupervisor children have no id', async () => {
    const events = captureEvents<SupervisorEvent>('otp.supervisor');
    await using simple = await Supervisor.startLink(
      [{ id: 'x', start: () => Worker.startLink({}) }],
      {
        strategy: 'simple_one_for_one',
      },
    );
    await using dynamic = await DynamicSupervisor.startLink();
    await crash(await simple.startChild([]), 'boom');
    await crash(await dynamic.startChild({ id: 'y', start: () => Worker.startLink({}) }), 'boom');
    expect(events.map(({ type, id }) => [type, id])).toEqual([
      ['child_started', undefined],
      ['child_terminated', undefined],
      ['restarted', undefined],
      ['child_started', undefined],
      ['child_terminated', undefined],
      ['restarted', undefined],
    ]);
  });
});

describe('the channel otp.supervisor.restart', () => {
  test('tells of every attempt, with the restarts in the window', async () => {
    const events = captureEvents<RestartEvent>('otp.supervisor.restart');
    await using supervisor = await Supervisor.startLink(
      [child('a'), child('b', {}, {}, ['ok', 'error', 'ok'])],
      { strategy: 'one_for_all' },
    );
    await crash(await pidOf(supervisor, 'a'), 'boom');
    expect(events.map(({ id, pid, restarts }) => [id, pid !== undefined, restarts])).toEqual([
      ['a', true, 1],
      ['b', false, 1],
      ['a', true, 2],
      ['b', true, 2],
    ]);
  });
});

describe('what a supervisor shows of itself', () => {
  test('its strategy, its limits and its children', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('a'), child('b', { restart: 'transient', type: 'supervisor' })],
      { strategy: 'rest_for_one', maxRestarts: 7, maxSeconds: 8 },
    );
    await crash(await pidOf(supervisor, 'a'), 'boom');
    await supervisor.terminateChild('b');
    const info = processInfo(supervisor.pid);
    expect(info).toMatchObject({ label: 'supervisor', trapExit: true });
    expect(info?.details).toEqual({
      strategy: 'rest_for_one',
      intensity: 7,
      period: 8,
      restarts: 1,
      children: [
        {
          id: 'a',
          pid: await pidOf(supervisor, 'a'),
          type: 'worker',
          restart: 'permanent',
          restarts: 1,
        },
        { id: 'b', pid: undefined, type: 'supervisor', restart: 'transient', restarts: 1 },
      ],
    });
  });

  test('a DynamicSupervisor too', async () => {
    await using supervisor = await DynamicSupervisor.startLink({ maxChildren: 2 });
    const pid = await supervisor.startChild(child('a', { restart: 'temporary' }));
    const info = processInfo(supervisor.pid);
    expect(info?.label).toBe('dynamic_supervisor');
    expect(info?.details).toMatchObject({
      strategy: 'one_for_one',
      maxChildren: 2,
      children: [{ id: undefined, pid, type: 'worker', restart: 'temporary', restarts: 0 }],
    });
  });

  test('a child whose restart has failed shows as restarting', async () => {
    let outcome: Outcome | Promise<Outcome> = 'ok';
    await using supervisor = await Supervisor.startLink(
      [{ id: 'c', start: async () => startAs(await outcome) }],
      one_for_one,
    );
    const attempts: Array<(how: Outcome) => void> = [];
    outcome = new Promise((resolve) => attempts.push(resolve));
    await crash(await pidOf(supervisor, 'c'), 'boom');
    const listed = list(supervisor);
    await settle();
    const again = new Promise<Outcome>((resolve) => attempts.push(resolve));
    outcome = again;
    attempts[0]?.('error');
    expect(await listed).toEqual([['c', 'restarting']]);
    expect(processInfo(supervisor.pid)?.details).toMatchObject({
      children: [{ pid: 'restarting' }],
    });
    attempts[1]?.('ok');
    await settle();
    expect(isAlive(await pidOf(supervisor, 'c'))).toBe(true);
  });
});
