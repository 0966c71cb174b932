import { exit, GenServer, Supervisor, type ExitReason, type Pid } from '@linnet/otp';
import { TestClock } from '@linnet/otp/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Forest,
  type Ending,
  type InitFault,
  type SupervisorNode,
  type TreeNode,
  type WorkerNode,
} from './random-tree.ts';
import './support.ts';

const restart = fc.constantFrom('permanent', 'transient', 'temporary' as const);
const strategy = fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one' as const);
const maxRestarts = fc.integer({ min: 0, max: 4 });

const worker: fc.Arbitrary<WorkerNode> = fc.record({
  kind: fc.constant('worker' as const),
  restart,
  trap: fc.boolean(),
  named: fc.boolean(),
  ending: fc.constantFrom<Ending[]>('clean', 'clean', 'throw', 'exit', 'slow', 'too slow'),
});

function supervisor(depth: number): fc.Arbitrary<SupervisorNode> {
  const inner = { weight: 2, arbitrary: worker };
  const child: fc.Arbitrary<TreeNode> =
    depth === 0 ? worker : fc.oneof(inner, supervisor(depth - 1));
  return fc.record({
    kind: fc.constant('supervisor' as const),
    restart,
    strategy: fc.oneof({ weight: 3, arbitrary: strategy }, fc.constant('dynamic' as const)),
    maxRestarts,
    children: fc.array(child, { maxLength: 4 }),
  });
}

const tree: fc.Arbitrary<SupervisorNode> = fc.record({
  kind: fc.constant('supervisor' as const),
  restart,
  strategy,
  maxRestarts,
  children: fc.array(fc.oneof(worker, supervisor(1)), { minLength: 1, maxLength: 4 }),
});

type Command = fc.AsyncCommand<object, Forest>;

/** A command that always applies; when the tree is calm again, nothing may be wrong. */
function command(name: string, run: (forest: Forest) => Promise<unknown>): Command {
  return {
    check: () => true,
    toString: () => name,
    run: async (_model, forest) => {
      await run(forest);
      await forest.calm();
      expect(await forest.faults()).toEqual([]);
    },
  };
}

const at = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** The request may be refused, and the supervisor may end before it answers. */
const attempt = (request: Promise<unknown>): void => void request.catch(() => {});

const reason = fc.constantFrom<ExitReason[]>(
  'normal',
  'shutdown',
  { shutdown: 'x' },
  'boom',
  'kill',
);
const way = fc.constantFrom('cast', 'call', 'signal' as const);

/** Ends a process from inside a cast, inside a call, or by a signal. */
function end(pid: Pid, why: ExitReason, how: 'cast' | 'call' | 'signal'): void {
  if (why === 'kill' || how === 'signal') exit(pid, why);
  else if (how === 'call') attempt(GenServer.call(pid, 'crash'));
  else GenServer.cast(pid, ['end', why]);
}

const crashes = fc
  .array(fc.tuple(fc.nat(99), reason, way), { minLength: 1, maxLength: 4 })
  .map((victims) =>
    command(`crash ${JSON.stringify(victims)}`, async (forest) => {
      const workers = await forest.workers();
      for (const [index, why, how] of victims) {
        const pid = at(workers, index);
        if (pid !== undefined) end(pid, why, how);
      }
    }),
  );

const initFault = fc.constantFrom<InitFault[]>('stop', 'throw', 'ignore', 'killed');
const failingStarts = fc
  .tuple(fc.nat(99), fc.array(initFault, { minLength: 1, maxLength: 4 }), reason)
  .map(([index, faults, why]) =>
    command(`restarts of ${index} fail: ${faults.join()}`, async (forest) => {
      const running = (await forest.children()).filter(
        ({ type, pid }) => type === 'worker' && typeof pid === 'object',
      );
      const child = at(running, index);
      if (child?.id === undefined) return;
      forest.plan(child.id as string, faults);
      end(child.pid as Pid, why, 'cast');
    }),
  );

const supervisorEnds = fc
  .tuple(fc.nat(99), fc.constantFrom('kill', 'stop' as const))
  .map(([index, how]) =>
    command(`${how} supervisor ${index}`, async (forest) => {
      const pid = at((await forest.supervisors()).slice(1), index);
      if (pid === undefined) return;
      if (how === 'kill') exit(pid, 'kill');
      else attempt(GenServer.stop(pid, 'boom'));
    }),
  );

const operation = fc.constantFrom('terminateChild', 'restartChild', 'deleteChild' as const);
const requests = fc.tuple(fc.nat(99), operation).map(([index, what]) =>
  command(`${what} ${index}`, async (forest) => {
    const child = at(await forest.children(), index);
    if (child === undefined) return;
    const { id, pid, parent } = child;
    if (id !== undefined) attempt(Supervisor[what](parent, id));
    else if (typeof pid === 'object') attempt(Supervisor.terminateChild(parent, pid));
  }),
);

/** A crash while the supervisor is busy with a request. */
const crashMeanwhile = fc.tuple(fc.nat(99), fc.nat(99), reason).map(([index, other, why]) =>
  command(`terminateChild ${index} while ${other} crashes`, async (forest) => {
    const children = await forest.children();
    const child = at(children, index);
    const victim = at(await forest.workers(), other);
    if (child?.id !== undefined) attempt(Supervisor.terminateChild(child.parent, child.id));
    if (victim !== undefined) end(victim, why, 'cast');
  }),
);

const additions = fc.tuple(fc.nat(99), fc.oneof(worker, supervisor(0))).map(([index, node]) =>
  command(`add a ${node.kind} to supervisor ${index}`, async (forest) => {
    const parent = at(await forest.supervisors(), index);
    if (parent !== undefined) attempt(forest.add(parent, node));
  }),
);

const waits = fc
  .integer({ min: 1, max: 8000 })
  .map((ms) => command(`wait ${ms} ms`, (forest) => forest.wait(ms)));

const commands = fc.commands(
  [crashes, failingStarts, supervisorEnds, requests, crashMeanwhile, additions, waits],
  { maxCommands: 25 },
);

test('random trees, random failures: no orphan, no zombie name, no lost DOWN, no restart too many, no wrong count', async () => {
  await fc.assert(
    fc.asyncProperty(tree, commands, async (root, script) => {
      const clock = new TestClock().install();
      const forest = new Forest(clock);
      try {
        await forest.start(root);
        expect(await forest.faults()).toEqual([]);
        await fc.asyncModelRun(() => ({ model: {}, real: forest }), script);
        expect(await forest.stop()).toEqual([]);
        expect(await forest.faults()).toEqual([]);
      } finally {
        await forest.end();
        clock.uninstall();
      }
    }),
    { numRuns: 300 },
  );
});
