/** Plays a scenario of supervision on the runtime and records its trace. */
import {
  CallError,
  exit,
  ignore,
  isAlive,
  resume,
  suspend,
  SupervisorError,
  type Pid,
} from '@linnet/otp';
import { settle, type TestClock } from '@linnet/otp/testing';
import { staticInfo, type RawTrace } from './canon.ts';
import type { Json, TraceEvent } from './json.ts';
import { inFreshProcess, Player } from './player.ts';
import type { Scenario, Step } from './scenario.ts';
import { crash, play, type Stage } from './steps.ts';
import { startSup, treeOf } from './tree.ts';
import { Gate, World } from './world.ts';

/** Runs until every process is idle and no timer is armed. */
async function calm(clock: TestClock): Promise<void> {
  do {
    await settle();
  } while (clock.pending > 0 && (await clock.advanceToNext()) !== undefined);
}

/** The runtime's clock must be `clock`, installed. */
export async function playScenario(scenario: Scenario, clock: TestClock): Promise<RawTrace> {
  const world = new World();
  const player = new Player();
  world.label(player.pid, 'player');
  const { kind: kinds } = staticInfo(scenario);
  const { id, root } = scenario;

  const started = await startRoot(world, player, scenario, clock);
  const start_events = world.takeEvents();
  if (typeof started.pid === 'string') {
    const orphans = await cleanUp(world, player, clock);
    const { start } = started;
    return {
      id,
      start,
      start_events,
      start_tree: null,
      steps: [],
      final: null,
      root_exit: null,
      orphans,
    };
  }
  const stage: Stage = { world, player, root: started.pid, kinds };
  const tree = (): Promise<Json> =>
    isAlive(stage.root) ? answerOf(treeOf(world, kinds, stage.root), clock) : Promise.resolve(null);
  const start_tree = await tree();

  const steps: Array<RawTrace['steps'][number]> = [];
  for (const [i, step] of scenario.steps.entries()) {
    if (!isAlive(stage.root)) break;
    const result = await playStep(stage, step, clock);
    const events = world.takeEvents();
    steps.push({ i, op: step.op, result, events, tree: await tree() });
  }
  let final: { events: TraceEvent[] } | null = null;
  if (isAlive(stage.root)) {
    await player.do(() => exit(stage.root, 'shutdown'));
    await calm(clock);
    final = { events: world.takeEvents() };
  }
  const root_exit = world.exits.get(`${root.name}#1`) ?? null;
  const orphans = await cleanUp(world, player, clock);
  return { id, start: started.start, start_events, start_tree, steps, final, root_exit, orphans };
}

async function startRoot(
  world: World,
  player: Player,
  { root }: Scenario,
  clock: TestClock,
): Promise<{ readonly start: Json; readonly pid: Pid | 'none' }> {
  const starting = player.do(async () => {
    try {
      const pid = await startSup(world, root);
      if (pid === ignore) return { start: 'ignore', pid: 'none' as const };
      return { start: world.term(['ok', pid]), pid };
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      return { start: world.term(['error', error.reason]), pid: 'none' as const };
    }
  });
  const started = await answerOf(starting, clock);
  return started === 'no_answer' ? { start: started, pid: 'none' } : started;
}

async function playStep(stage: Stage, step: Step, clock: TestClock): Promise<Json> {
  if (step.op === 'wait') {
    await clock.advance(step.ms ?? 0);
    return 'ok';
  }
  if (step.op === 'burst') return burst(stage, step, clock);
  if (step.op === 'gated') return gated(stage, step, clock);
  return answerOf(play(stage, step), clock);
}

/** What a call answers by the time that all is calm: one to a supervisor that hangs never does. */
async function answerOf<T>(pending: T | Promise<T>, clock: TestClock): Promise<T | 'no_answer'> {
  const answer = follow(pending);
  await calm(clock);
  return answer() ?? 'no_answer';
}

/** Tells what a promise has come to: undefined while it is pending; throws what it rejects with. */
function follow<T>(pending: T | Promise<T>): () => T | undefined {
  let come = (): T | undefined => undefined;
  Promise.resolve(pending).then(
    (value) => {
      come = () => value;
    },
    (error: unknown) => {
      come = () => {
        throw error;
      };
    },
  );
  return () => come();
}

/** A system message to a supervisor; it may die before it answers. */
function tell(supervisor: Pid, request: typeof suspend | typeof resume): Promise<void> {
  return inFreshProcess(() => request(supervisor)).catch((error: unknown) => {
    if (!(error instanceof CallError)) throw error;
  });
}

/** Lets several processes die while their supervisor is suspended. */
async function burst(stage: Stage, step: Step, clock: TestClock): Promise<Json> {
  const sup = stage.world.live(step.sup);
  if (sup === undefined) return 'dead';
  await answerOf(tell(sup.pid, suspend), clock);
  const results: Json[] = [];
  for (const kill of step.kills ?? []) {
    results.push(crash(stage, kill));
    await calm(clock);
  }
  await answerOf(tell(sup.pid, resume), clock);
  return results;
}

/** API calls while a restart is in progress, see the gate in `world.ts`. */
async function gated(stage: Stage, step: Step, clock: TestClock): Promise<Json> {
  const { world } = stage;
  const name = step.gate as string;
  const gate = new Gate();
  world.gates.set(name, gate);
  const crashed = crash(stage, step.crash as never);
  await calm(clock);
  const first = state(gate);
  const calls: Json[] = [];
  for (const call of gate.blocked ? (step.calls ?? []) : []) {
    calls.push(await callWhileBlocked(stage, call, gate, clock));
    if (!gate.blocked) break;
  }
  world.gates.delete(name);
  gate.release('ok');
  await calm(clock);
  return { crash: crashed, first, calls };
}

const state = (gate: Gate): string => (gate.blocked ? 'blocked' : 'not_blocked');

async function callWhileBlocked(
  stage: Stage,
  call: Step,
  gate: Gate,
  clock: TestClock,
): Promise<Json> {
  const answer = follow(play(stage, call));
  await calm(clock);
  do {
    gate.release('fail');
    await calm(clock);
  } while (answer() === undefined && gate.blocked);
  // oxlint-disable-next-line unicorn/no-thenable -- the format has this field, a string
  return { op: call.op, result: answer() ?? 'no_answer', then: state(gate) };
}

/** Ends all that is left; names those that had outlived the scenario. */
async function cleanUp(world: World, player: Player, clock: TestClock): Promise<string[]> {
  const survivors = world.survivors();
  for (const { pid } of survivors) exit(pid, 'kill');
  exit(player.pid, 'kill');
  await calm(clock);
  return survivors.map(({ label }) => label).toSorted();
}
