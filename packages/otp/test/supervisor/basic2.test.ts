import {
  DynamicSupervisor,
  GenServer,
  Supervisor,
  exit,
  reply,
  setLogger,
  type Pid,
  StartError,
} from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { expect, expectTypeOf, test } from 'vitest';

setLogger({ error() {}, warn() {}, debug() {} });

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: { value: (n) => reply(n, n) },
});

test('dynamic', async () => {
  await using sup = await DynamicSupervisor.startLink({ name: 'dyn', extraArguments: [7] });
  const pid = await sup.startChild({ id: 'x', start: (n: number) => Counter.startLink(n) });
  expectTypeOf(pid).toEqualTypeOf<Pid>();
  expect(await GenServer.call(pid, 'value')).toBe(7);
  exit(pid, 'kill');
  await settle();
  const [child] = await sup.whichChildren();
  expect(await GenServer.call(child?.pid as Pid, 'value')).toBe(7);
  await sup.startChild([Counter, 1]);
  await sup.terminateChild(child?.pid as Pid);
  await expect(sup.terminateChild(child?.pid as Pid)).rejects.toMatchObject({
    reason: 'not_found',
  });
  expect(await Supervisor.countChildren('dyn')).toEqual({
    specs: 1,
    active: 1,
    supervisors: 0,
    workers: 1,
  });
  // @ts-expect-error argument
  await sup.startChild([Counter, 'a']);
});
test('simple', async () => {
  await using sup = await Supervisor.startLink(
    [{ id: 'c', start: (n: number) => Counter.startLink(n) }],
    { strategy: 'simple_one_for_one' },
  );
  const pid = await sup.startChild([7]);
  exit(pid, 'kill');
  await settle();
  const [child] = await sup.whichChildren();
  expect(await GenServer.call(child?.pid as Pid, 'value')).toBe(7);
});
test('nested failure', async () => {
  const p = Supervisor.startLink(
    [
      Supervisor.childSpec({
        id: 'in',
        strategy: 'one_for_all',
        children: [
          {
            id: 'bad',
            start: () => {
              throw new StartError('why', 'x');
            },
          },
        ],
      }),
    ],
    { strategy: 'one_for_one' },
  );
  await expect(p).rejects.toMatchObject({
    reason: {
      shutdown: [
        'failed_to_start_child',
        'in',
        { shutdown: ['failed_to_start_child', 'bad', 'why'] },
      ],
    },
  });
  await p.catch((e) => console.log(e.message));
});
