import {
  Application,
  ApplicationError,
  BadArgumentError,
  exit,
  GenServer,
  isAlive,
  noreply,
  processInfo,
  receive,
  spawn,
  trapExit,
  whereis,
  type ApplicationOptions,
  type ExitReason,
} from '@linnet/otp';
import { captureCrashReports, inProcess, leakCheck, TestClock } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

function worker(log: string[], name: string) {
  return GenServer.define({
    name,
    init: () => {
      trapExit();
      log.push(`${name} starts`);
    },
    handleInfo: (state) => noreply(state),
    terminate: () => void log.push(`${name} stops`),
  });
}

const stubborn = GenServer.define({
  name: 'stubborn',
  init: () => void trapExit(),
  terminate: () => new Promise(() => {}),
});

describe('start and stop', () => {
  test('starts the tree in order and stops it in reverse, with its callbacks around', async () => {
    await using _check = leakCheck();
    const log: string[] = [];
    const application = await Application.start({
      children: [worker(log, 'a'), worker(log, 'b')],
      prepStop: () => log.push('prepStop'),
      stop: (reason) => log.push(`stop: ${String(reason)}`),
    });
    expect(application.name).toBe('application');
    expect(whereis('application.Supervisor')).toBe(application.pid);
    expect(Application.whichApplications()).toEqual(['application']);
    expect(await application.supervisor.countChildren()).toMatchObject({ active: 2 });
    await application.stop();
    expect(log).toEqual([
      'a starts',
      'b starts',
      'prepStop',
      'b stops',
      'a stops',
      'stop: shutdown',
    ]);
    expect(await application.done).toEqual({ reason: 'shutdown', orderly: true });
    expect(Application.whichApplications()).toEqual([]);
  });

  test('handles signals while it runs, and no longer', async () => {
    const handlers = (): number[] =>
      ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal));
    const [term = 0, int = 0] = handlers();
    await using one = await Application.start({ name: 'one', children: [] });
    await using two = await Application.start({ name: 'two', children: [], signals: ['SIGINT'] });
    expect(handlers()).toEqual([term + 1, int + 1]);
    await one.stop();
    expect(handlers()).toEqual([term, int + 1]);
    await two.stop();
    expect(handlers()).toEqual([term, int]);
  });

  test('[APP02] cannot be started or stopped twice', async () => {
    const application = await Application.start({ name: 'app2', children: [] });
    const again = Application.start({ name: 'app2', children: [] });
    await expect(again).rejects.toThrow(ApplicationError);
    await expect(again).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_APPLICATION',
        reason: ['already_started', 'app2'],
      }) as Error,
    );
    await Promise.all([application.stop(), Application.stop('app2')]);
    for (const stop of [application.stop(), Application.stop('app2')]) {
      await expect(stop).rejects.toThrow(
        expect.objectContaining({ reason: ['not_started', 'app2'] }) as Error,
      );
    }
  });

  test('[APP01] [OTP S038] a tree that cannot be started is an error that says why', async () => {
    await using _check = leakCheck();
    const log: string[] = [];
    const failing = { id: 'failing', start: () => exit('nope') };
    const start = Application.start({ name: 'app1', children: [worker(log, 'a'), failing] });
    await expect(start).rejects.toThrow(
      expect.objectContaining({
        reason: [
          { shutdown: ['failed_to_start_child', 'failing', ['EXIT', 'nope']] },
          ['app1', 'start', ['normal']],
        ],
      }) as Error,
    );
    expect(log).toEqual(['a starts', 'a stops']);
    expect(Application.whichApplications()).toEqual([]);
  });

  test('is nobody’s child: it outlives the process that starts it', async () => {
    const application = await inProcess(() => Application.start({ children: [] }));
    expect(isAlive(application.pid)).toBe(true);
    expect(processInfo(application.pid)).toMatchObject({ links: [], parent: undefined });
    await application.stop();
  });

  test('can be stopped by a process of its own tree', async () => {
    const suicidal = { id: 'child', start: () => spawn(() => Application.stop('suicidal')) };
    const application = await Application.start({ name: 'suicidal', children: [suicidal] });
    expect(await application.done).toEqual({ reason: 'shutdown', orderly: true });
  });

  test('is stopped at the end of its block', async () => {
    let pid;
    {
      await using application = await Application.start({ children: [] });
      ({ pid } = application);
    }
    expect(isAlive(pid)).toBe(false);
    await using stopped = await Application.start({ children: [] });
    await stopped.stop();
  });

  test('callbacks that fail are logged, and the rest is stopped', async () => {
    using crashes = captureCrashReports();
    const log: string[] = [];
    const application = await Application.start({
      children: [worker(log, 'a')],
      prepStop: () => Promise.reject(new Error('in prepStop')),
      stop: () => {
        throw new Error('in stop');
      },
    });
    await application.stop();
    expect(log).toEqual(['a starts', 'a stops']);
    expect(crashes.logs.map(({ message }) => message)).toEqual([
      'prepStop of application application failed: Error: in prepStop',
      'stop of application application failed: Error: in stop',
    ]);
  });
});

describe('the deadline', () => {
  test('what has not stopped by then is killed, and stop says so', async () => {
    await using _check = leakCheck();
    using clock = new TestClock().install();
    const children = [stubborn.childSpec(undefined, { name: 'hanging', shutdown: 'infinity' })];
    const application = await Application.start({ children, shutdownTimeout: 100 });
    const stopping = application.stop();
    stopping.catch(() => {});
    await clock.advance(99);
    expect(whereis('hanging')).toBeDefined();
    await clock.advance(1);
    expect(whereis('hanging')).toBeUndefined();
    await expect(stopping).rejects.toThrow(
      expect.objectContaining({ reason: ['stop_timeout', 'application'] }) as Error,
    );
    expect(await application.done).toEqual({ reason: 'killed', orderly: false });
  });

  test('a prepStop that hangs does not save the tree', async () => {
    using clock = new TestClock().install();
    const ends: ExitReason[] = [];
    const application = await Application.start({
      children: [],
      prepStop: () => new Promise(() => {}),
      stop: (reason) => void ends.push(reason),
    });
    const stopping = application.stop();
    stopping.catch(() => {});
    await clock.advance(25_000);
    await expect(stopping).rejects.toThrow('had not stopped after 25000 ms');
    expect(ends).toEqual(['killed']);
  });

  test('can be infinite', async () => {
    using clock = new TestClock().install();
    const release = Promise.withResolvers<void>();
    const application = await Application.start({
      children: [],
      shutdownTimeout: 'infinity',
      prepStop: () => release.promise,
    });
    const stopping = application.stop();
    await clock.advance(1e9);
    release.resolve();
    await stopping;
  });
});

describe('the end of the tree', () => {
  test('a temporary application that fails is logged and over', async () => {
    using crashes = captureCrashReports();
    const ends: ExitReason[] = [];
    const application = await Application.start({
      children: [{ id: 'c', start: () => spawn(() => receive()) }],
      restart: 'temporary',
      stop: (reason) => void ends.push(reason),
    });
    exit(application.pid, 'kill');
    expect(await application.done).toEqual({ reason: 'killed', orderly: false });
    expect(ends).toEqual(['killed']);
    expect(crashes.logs.map(({ message }) => message)).toContain(
      'application application exited: killed',
    );
    expect(Application.whichApplications()).toEqual([]);
    await expect(application.stop()).rejects.toThrow('is not running');
  });

  test('a transient application may end normally', async () => {
    const application = await Application.start({ children: [], restart: 'transient' });
    await application.supervisor.stop('normal');
    expect(await application.done).toEqual({ reason: 'normal', orderly: false });
  });
});

describe('needs', () => {
  test('[APP03] an application whose needs do not run is not started', async () => {
    const start = Application.start({ name: 'web', applications: ['db'], children: [] });
    await expect(start).rejects.toThrow(
      expect.objectContaining({ application: 'web', reason: ['not_started', 'db'] }) as Error,
    );
    await using _db = await Application.start({ name: 'db', children: [] });
    await using _web = await Application.start({ name: 'web', applications: ['db'], children: [] });
    expect(Application.whichApplications()).toEqual(['db', 'web']);
  });

  test('[APP03] all are started in the order of their needs', async () => {
    const db = { name: 'db', children: [] };
    const web = { name: 'web', applications: ['cache', 'db'], children: [] };
    const cache = { name: 'cache', applications: ['db'], children: [] };
    expect(await Application.ensureAllStarted([web, cache, db])).toEqual(['db', 'cache', 'web']);
    expect(await Application.ensureAllStarted([web, cache, db])).toEqual([]);
    for (const name of ['web', 'cache', 'db']) await Application.stop(name);
  });

  test('a failure takes back those that were started with it', async () => {
    await using _check = leakCheck();
    const db = { name: 'db', children: [] };
    const failing = { id: 'f', start: () => exit('nope') };
    const web = { name: 'web', applications: ['db'], children: [failing] };
    await expect(Application.ensureAllStarted([web, db])).rejects.toThrow('could not be started');
    expect(Application.whichApplications()).toEqual([]);
    const lost = { name: 'lost', applications: ['nowhere'], children: [] };
    await expect(Application.ensureAllStarted([lost])).rejects.toThrow('nowhere');
    const circle = [
      { name: 'a', applications: ['b'], children: [] },
      { name: 'b', applications: ['a'], children: [] },
    ];
    await expect(Application.ensureAllStarted(circle)).rejects.toThrow(
      expect.objectContaining({ reason: ['circular_dependencies', ['a', 'b', 'a']] }) as Error,
    );
  });
});

test.each<[options: unknown, message: string]>([
  [undefined, 'options must be an object'],
  [{ children: [], name: '' }, 'name must be a non-empty string'],
  [{ children: [], signals: ['SIGNOTHING'] }, 'signals must be a list of names'],
  [{ children: [], restart: 'always' }, "restart must be 'permanent', 'transient' or 'temporary'"],
  [{ children: [], applications: 'db' }, 'applications must be a list of names'],
  [{ children: [], shutdownTimeout: -1 }, 'shutdownTimeout must be'],
  [{ children: [], strayErrors: 'ignore' }, 'strayErrors must be'],
  [{ children: [], prepStop: 1 }, 'prepStop must be a function'],
  [{ children: [], strat: 1 }, 'options must be made of name, strategy'],
])('the options %o are refused', async (options, message) => {
  const start = Application.start(options as ApplicationOptions & { children: [] });
  await expect(start).rejects.toThrow(BadArgumentError);
  await expect(Application.start(options as { children: [] })).rejects.toThrow(message);
});
