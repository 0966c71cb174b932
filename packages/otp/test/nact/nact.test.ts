import {
  exit,
  GenServer,
  getState,
  isAlive,
  Nact,
  noreply,
  Pid,
  receive,
  register,
  self,
  send,
  spawn,
  Supervisor,
  whereis,
  type NactContext,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle } from '@linnet/otp/testing';
import { dispatch, query, stop, type ActorContext, type Ref } from 'nact';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadPid, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

type CounterMessage = number | { readonly answerTo: object };

/** A function as nact's users write them. */
function counter(
  total: number,
  message: CounterMessage,
  { self: own, sender }: ActorContext<CounterMessage, Ref<never>> & { sender: object | undefined },
): number {
  if (typeof message === 'number') return total + message;
  if (total < 0) throw new Error('below zero');
  dispatch(message.answerTo as Ref<unknown>, { total, own, sender });
  return total;
}

const ask = (reference: object): Promise<{ total: number; own: object; sender: object }> =>
  query(reference as Ref<CounterMessage>, (answerTo: object) => ({ answerTo }), 1000) as never;

describe('a nact actor function as a supervised child', () => {
  test('keeps its state, answers queries, and is restarted after a crash', async () => {
    await using supervisor = await Supervisor.startLink(
      [Nact.childSpec(counter, { initialState: 5, name: 'counter' })],
      { strategy: 'one_for_one' },
    );
    const reference = Nact.reference('counter');
    dispatch(reference as Ref<number>, 2);
    send('counter', 3);
    const answer = await ask(reference);
    expect(answer.total).toBe(10);
    expect(answer.own).toEqual(reference);
    expect(answer.sender).toBeDefined();
    expect(await getState('counter')).toBe(10);

    const before = whereis('counter');
    dispatch(reference as Ref<number>, -100);
    const reports = await captureCrashReports(async () => {
      void ask(reference).catch(() => {});
      await settle();
    });
    expect(reports).toMatchObject([
      { label: 'counter', reason: { message: 'below zero' }, details: { state: -90 } },
    ]);
    expect(whereis('counter')).not.toBe(before);
    expect((await ask(Nact.reference('counter'))).total).toBe(5);
    expect(await supervisor.countChildren()).toMatchObject({ active: 1 });
  });

  test('may be async, and makes its first state anew at each start', async () => {
    let starts = 0;
    const after: unknown[] = [];
    const { pid, reference } = await Nact.startLink(
      async (log: readonly string[], message: string) => {
        await Promise.resolve();
        return [...log, message];
      },
      {
        label: 'Log',
        initialStateFunc: () => [`start ${++starts}`],
        afterStop: (log) => after.push(log),
      },
    );
    dispatch(reference as Ref<string>, 'a');
    dispatch(reference as Ref<string>, 'b');
    expect(await getState(pid)).toEqual(['start 1', 'a', 'b']);
    await GenServer.stop(pid);
    expect(after).toEqual([['start 1', 'a', 'b']]);
  });

  test('runs as its process, and is called with its context', async () => {
    const { pid } = await Nact.startLink(function (
      this: NactContext<unknown>,
      _state: unknown,
      _message: unknown,
      context: NactContext<unknown>,
    ): unknown {
      return [self(), this === context, context.name, context.children.size, String(context.path)];
    });
    send(pid, 'look');
    expect(await getState(pid)).toEqual([pid, true, String(pid.id), 0, expect.any(String)]);
    exit(pid, 'kill');
  });

  test('a first state that cannot be made fails the start', async () => {
    const start = Nact.startLink((n: number) => n, {
      initialStateFunc: () => {
        throw new Error('no state');
      },
    });
    await expect(start).rejects.toMatchObject({ reason: { message: 'no state' } });
  });

  test('a call of a server is not for it, and fails at once', async () => {
    const { pid } = await Nact.startLink((n: number) => n, { initialState: 0 });
    await expect(GenServer.call(pid, 'value')).rejects.toMatchObject({
      why: ['not_a_server', 'value'],
    });
    exit(pid, 'kill');
  });
});

describe('the reference of any process', () => {
  test('takes dispatch and query of nact', async () => {
    const Server = GenServer.define({
      init: () => 20,
      handleInfo: (n, message) => {
        dispatch((message as { answerTo: Ref<number> }).answerTo, n + 1);
        return noreply(n + 1);
      },
    });
    const server = await Server.start();
    onTestFinished(() => server.stop());
    const answer: unknown = await query(
      Nact.reference(server) as Ref<object>,
      (answerTo: object) => ({ answerTo }),
      1000,
    );
    expect(answer).toBe(21);
    const got = await inProcess(async () => {
      dispatch(Nact.reference(self()) as Ref<string>, 'from nact');
      return receive();
    });
    expect(got).toBe('from nact');
  });

  test('takes stop of nact, which is the exit signal shutdown', async () => {
    const pid = spawn(() => receive());
    register('to be stopped', pid);
    const reference = Nact.reference('to be stopped');
    stop(reference as Ref<unknown>);
    expect(isAlive(pid)).toBe(false);
    await expect(ask(reference)).rejects.toThrow('never existed');
    dispatch(reference as Ref<unknown>, 'nobody hears');
  });

  test('is not there for a dead process', async () => {
    const dead = await deadPid();
    expect(Pid.isPid(dead)).toBe(true);
    expect(() => Nact.reference(dead)).toThrow(expect.objectContaining({ why: 'noproc' }) as Error);
  });
});
