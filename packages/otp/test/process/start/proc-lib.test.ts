import {
  exit,
  isAlive,
  listProcesses,
  monitor,
  ProcLib,
  receive,
  self,
  send,
  Supervisor,
  trapExit,
  whereis,
  type DownMessage,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mailbox, quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

describe('ProcLib', () => {
  test('waits for the word of the process, which goes on then', async () => {
    await inProcess(async () => {
      const parent = self();
      let ready = false;
      const starting = ProcLib.startLink<string>(async () => {
        await receive((message) => message === 'go');
        ProcLib.initAck('info');
        send(parent, await receive());
      });
      void starting.then(() => (ready = true));
      await settle();
      expect(ready).toBe(false);
      for (const pid of listProcesses()) if (pid !== parent) send(pid, 'go');
      const { pid, info } = await starting;
      expect(info).toBe('info');
      send(pid, 'hello');
      expect(await receive()).toBe('hello');
      await settle();
      expect(isAlive(pid)).toBe(false);
    });
  });

  test('fails with the reason with which the process ends before, and leaves no message', async () => {
    for (const [body, reason] of [
      [() => {}, 'normal'],
      [() => exit('boom'), 'boom'],
      [() => ProcLib.initFail('no_licence'), 'no_licence'],
      [async () => (await Promise.resolve(), exit('late')), 'late'],
      [() => exit(self(), 'kill'), 'killed'],
    ] as const) {
      await inProcess(async () => {
        trapExit();
        await expect(ProcLib.startLink(body)).rejects.toMatchObject({ code: 'ERR_START', reason });
        expect(await mailbox()).toEqual([]);
      });
    }
  });

  test('what is thrown after the word is the exit reason', async () => {
    await inProcess(async () => {
      const { pid } = await ProcLib.start(async () => {
        ProcLib.initAck();
        await receive();
        exit('boom');
      });
      monitor(pid);
      send(pid, 'go');
      expect(((await receive()) as DownMessage).reason).toBe('boom');
    });
  });

  test('takes a name, a label and a time limit', async () => {
    const clock = new TestClock().install(onTestFinished);
    const waits = async (): Promise<void> => {
      ProcLib.initAck();
      await receive();
    };
    const { pid } = await ProcLib.start(waits, { name: 'named', label: 'Waiter' });
    expect(whereis('named')).toBe(pid);
    await expect(ProcLib.start(waits, { name: 'named' })).rejects.toMatchObject({
      reason: ['already_started', pid],
    });
    const [report] = await captureCrashReports(async () => {
      exit(pid, 'boom');
      await settle();
    });
    expect(report?.label).toBe('Waiter');
    const slow = ProcLib.start(() => receive(), { timeout: 100 });
    slow.catch(() => {});
    await clock.advance(100);
    await expect(slow).rejects.toMatchObject({ reason: 'timeout' });
  });

  test('starts children of a supervisor one after the other', async () => {
    const log: string[] = [];
    const child = (name: string) =>
      ProcLib.childSpec(
        async () => {
          await Promise.resolve();
          log.push(name);
          ProcLib.initAck();
          await receive();
        },
        { name, restart: 'transient' },
      );
    await using supervisor = await Supervisor.startLink([child('first'), child('second')], {
      strategy: 'one_for_all',
    });
    expect(log).toEqual(['first', 'second']);
    exit(whereis('first') as never, 'boom');
    await settle();
    expect(log).toEqual(['first', 'second', 'first', 'second']);
    expect(await supervisor.countChildren()).toMatchObject({ active: 2 });
  });

  test('is refused where nobody waits', async () => {
    await inProcess(async () => {
      expect(() => ProcLib.initAck()).toThrow('called once');
      const result = new Promise((resolve) => {
        void ProcLib.start(async () => {
          ProcLib.initAck();
          try {
            ProcLib.initAck();
          } catch (error) {
            resolve((error as { code: string }).code);
          }
        });
      });
      expect(await result).toBe('ERR_BADARG');
    });
  });
});
