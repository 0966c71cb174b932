import {
  Agent,
  CallError,
  exit,
  isAlive,
  processInfo,
  receive,
  self,
  send,
  StartError,
  stop,
  Supervisor,
  trapExit,
  whereis,
} from '@linnet/otp';
import { inProcess, leakCheck, TestClock } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const never = (): Promise<never> => new Promise(() => {});

test('[OTP A003] [AGT01] gets, updates, does both at once, casts, and stops', async () => {
  await using _check = leakCheck();
  await inProcess(async () => {
    const agent = await Agent.startLink(() => 1);
    expect(await agent.get((n) => n)).toBe(1);
    expect(await agent.update((n) => n + 1)).toBeUndefined();
    expect(await agent.get((n) => n * 10)).toBe(20);
    expect(await agent.getAndUpdate((n) => [n, n + 18])).toBe(2);
    agent.cast((n) => n + 1);
    expect(await agent.get((n) => n)).toBe(21);
    await agent.stop();
    expect(isAlive(agent.pid)).toBe(false);
  });
});

test('[OTP A001] [OTP A002] is a child of a supervisor', async () => {
  await inProcess(async () => {
    expect(Agent.childSpec(() => 0)).toMatchObject({ id: 'Agent' });
    await using supervisor = await Supervisor.startLink(
      [[Agent, () => 0], Agent.childSpec(() => 1, { name: 'shared', restart: 'transient' })],
      { strategy: 'one_for_one' },
    );
    expect(await supervisor.whichChildren()).toMatchObject([
      { id: 'shared', pid: whereis('shared'), type: 'worker' },
      { id: 'Agent' },
    ]);
    expect(await supervisor.getChildSpec('shared')).toMatchObject({ restart: 'transient' });
    expect(await Agent.get('shared', (n: number) => n)).toBe(1);
  });
});

test('[OTP A004] every function is there by name', async () => {
  await inProcess(async () => {
    await using agent = await Agent.start(() => ['a'], { name: 'list' });
    expect(processInfo(agent.pid)?.links).toEqual([]);
    await Agent.update('list', (list: string[]) => [...list, 'b']);
    Agent.cast('list', (list: string[]) => [...list, 'c']);
    expect(await Agent.getAndUpdate('list', ([first, ...rest]: string[]) => [first, rest])).toBe(
      'a',
    );
    expect(await Agent.get('list', (list: string[]) => list)).toEqual(['b', 'c']);
    expect(await Agent.at<string[]>(agent).get((list) => list.length)).toBe(2);
    await expect(Agent.startLink(() => 0, { name: 'list' })).rejects.toThrow(StartError);
    await Agent.stop('list');
    expect(whereis('list')).toBeUndefined();
    Agent.cast('list', (list: string[]) => list);
    await expect(Agent.get('list', (list: string[]) => list)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_NOPROC' }) as Error,
    );
  });
});

test('the functions run in the agent, and may be async', async () => {
  await inProcess(async () => {
    await using agent = await Agent.startLink(async () => Promise.resolve(1));
    expect(await agent.get(() => self())).toBe(agent.pid);
    expect(await agent.get(async (n) => Promise.resolve(n + 1))).toBe(2);
    await agent.update(async (n) => Promise.resolve(n + 2));
    expect(await agent.get((n) => n)).toBe(3);
  });
});

test('a state may be anything, also what a GenServer returns or undefined', async () => {
  await inProcess(async () => {
    await using agent = await Agent.startLink((): unknown => undefined);
    expect(await agent.get((state) => state)).toBeUndefined();
    await agent.update(() => null);
    expect(await agent.get((state) => state)).toBeNull();
    await agent.update(() => stop('normal'));
    expect(await agent.get((state) => typeof state)).toBe('object');
  });
});

test('[AGT02] a result of getAndUpdate that is no pair ends the agent', async () => {
  await inProcess(async () => {
    trapExit();
    const agent = await Agent.startLink(() => 1);
    const call = agent.getAndUpdate((() => 'junk') as never);
    await expect(call).rejects.toThrow(CallError);
    await expect(call).rejects.toThrow(
      expect.objectContaining({ why: ['bad_return_value', 'junk'] }) as Error,
    );
    expect(isAlive(agent.pid)).toBe(false);
    expect(await mailbox()).toMatchObject([{ reason: ['bad_return_value', 'junk'] }]);
  });
});

test('[AGT03] a function that throws ends the agent, and the call with its error', async () => {
  await inProcess(async () => {
    trapExit();
    const error = new Error('in the agent');
    const agent = await Agent.startLink(() => 1);
    const call = agent.get(() => {
      throw error;
    });
    await expect(call).rejects.toThrow(
      expect.objectContaining({ why: error, cause: error }) as Error,
    );
    expect(isAlive(agent.pid)).toBe(false);
  });
});

test('[AGT04] a first function that throws is why the start fails', async () => {
  await inProcess(async () => {
    trapExit();
    const error = new Error('x');
    const start = Agent.startLink(() => Promise.reject(error));
    await expect(start).rejects.toThrow(expect.objectContaining({ reason: error }) as Error);
    expect(await mailbox()).toEqual([]);
    await expect(Agent.startLink('x' as never)).rejects.toThrow('fn must be a function');
  });
});

test('[AGT05] a call ends after its timeout, the agent goes on', async () => {
  await inProcess(async () => {
    using clock = new TestClock().install();
    const agent = await Agent.start(() => 1);
    const call = agent.get(never, { timeout: 10 });
    call.catch(() => {});
    await clock.advance(10);
    await expect(call).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_CALL_TIMEOUT' }) as Error,
    );
    expect(isAlive(agent.pid)).toBe(true);
    exit(agent.pid, 'kill');
  });
});

test('messages to an agent are dropped', async () => {
  await inProcess(async () => {
    await using agent = await Agent.startLink(() => 1);
    send(agent, 'hello');
    send(self(), 'mine');
    expect(await agent.get((n) => n)).toBe(1);
    expect(await receive()).toBe('mine');
  });
});
