import {
  Agent,
  Application,
  GenServer,
  reply,
  Task,
  type AgentHandle,
  type ApplicationHandle,
  type StreamItem,
  type TaskResult,
} from '@linnet/otp';
import { expectTypeOf, test } from 'vitest';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: { value: (n) => reply(n, n) },
});

test('a task is typed by its result', () => {
  void (async () => {
    const task = Task.async(async () => 1);
    expectTypeOf(await task.await()).toEqualTypeOf<number>();
    expectTypeOf(await task.yield()).toEqualTypeOf<TaskResult<number> | undefined>();
    const text = Task.completed('a');
    expectTypeOf(await Task.awaitMany([task, text])).toEqualTypeOf<[number, string]>();
    expectTypeOf(await Task.awaitMany([task].slice())).toEqualTypeOf<number[]>();
    const supervised = await Task.Supervisor.async('tasks', () => true);
    expectTypeOf(await supervised.await()).toEqualTypeOf<boolean>();
    for await (const item of Task.asyncStream(['a'], (name) => name.length)) {
      expectTypeOf(item).toEqualTypeOf<StreamItem<number, string>>();
    }
    // @ts-expect-error a task is a function
    Task.async(1);
    // @ts-expect-error no such option
    Task.asyncStream([1], (n) => n, { concurrency: 2 });
  });
});

test('an agent is typed by its state', () => {
  void (async () => {
    const agent = await Agent.startLink(() => ({ n: 1 }));
    expectTypeOf(agent).toEqualTypeOf<AgentHandle<{ n: number }>>();
    expectTypeOf(await agent.get(({ n }) => String(n))).toEqualTypeOf<string>();
    expectTypeOf(await agent.getAndUpdate(({ n }) => [n, { n: n + 1 }])).toEqualTypeOf<number>();
    // @ts-expect-error the state has a number
    await agent.update(() => ({ n: 'one' }));
  });
});

test('the children of an application are checked', () => {
  void (async () => {
    const application = await Application.start({ children: [[Counter, 1]] });
    expectTypeOf(application).toEqualTypeOf<ApplicationHandle>();
    // @ts-expect-error the argument of Counter is a number
    await Application.start({ children: [[Counter, 'one']] });
    // @ts-expect-error no such strategy
    await Application.start({ children: [], strategy: 'one_for_two' });
    // @ts-expect-error no children
    await Application.start({ name: 'empty' });
  });
});
