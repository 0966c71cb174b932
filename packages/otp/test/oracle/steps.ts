/** The steps of a scenario, each played through the public API. */
import {
  CallError,
  DynamicSupervisor,
  exit,
  GenServer,
  spawn,
  Supervisor,
  SupervisorError,
  type Pid,
} from '@linnet/otp';
import type { Json } from './json.ts';
import { inFreshProcess, type Player } from './player.ts';
import type { Crash, Step } from './scenario.ts';
import { reasonFrom } from './terms.ts';
import { childSpec, rowsOf } from './tree.ts';
import { crashWorker } from './worker.ts';
import type { Incarnation, World } from './world.ts';

export interface Stage {
  readonly world: World;
  readonly player: Player;
  readonly root: Pid;
  /** The kinds of the supervisors, by name. */
  readonly kinds: Map<string, string>;
}

/** Makes a process end by itself, or kills it. */
export function crash({ world }: Stage, { target, reason }: Crash): 'ok' | 'dead' {
  const victim = world.live(target);
  if (victim === undefined) return 'dead';
  if (reason === 'kill') exit(victim.pid, 'kill');
  else if (victim.isSupervisor) stopInBackground(victim.pid, reason);
  else crashWorker(victim.pid, reasonFrom(reason));
  return 'ok';
}

function stopInBackground(pid: Pid, reason: Json | undefined): void {
  // Its own process: what comes of the call is told by the exit events.
  inFreshProcess(() => GenServer.stop(pid, reasonFrom(reason))).catch(() => {});
}

/** Plays a step that is over when the runtime has settled; calls are answered by then. */
export function play(stage: Stage, step: Step): Json | Promise<Json> {
  const { world, player } = stage;
  switch (step.op) {
    case 'crash':
      return crash(stage, step as Crash);
    case 'signal': {
      const target = world.live(step.target);
      if (target === undefined) return 'dead';
      return player.do(() => exit(target.pid, reasonFrom(step.reason))).then(() => 'ok');
    }
    case 'sup_stop': {
      const target = world.live(step.target);
      if (target === undefined) return 'dead';
      stopInBackground(target.pid, step.reason);
      return 'ok';
    }
    case 'stop_root':
      if (step.how === 'stop') stopInBackground(stage.root, step.reason);
      else void player.do(() => exit(stage.root, reasonFrom(step.reason)));
      return 'ok';
    default: {
      const sup = world.live(step.sup);
      return sup === undefined ? 'dead' : call(stage, step, sup);
    }
  }
}

/** An API call, from a process of its own. */
function call(stage: Stage, step: Step, sup: Incarnation): Promise<Json> {
  const { world } = stage;
  return inFreshProcess(() => request(stage, step, sup)).catch((error: unknown) => {
    if (error instanceof SupervisorError) return world.term(['error', error.reason]);
    if (error instanceof CallError) return world.term(['exit', error.why]);
    throw error;
  });
}

async function request(stage: Stage, step: Step, { pid: sup, label }: Incarnation): Promise<Json> {
  const { world, kinds } = stage;
  const kind = kinds.get(label.slice(0, label.lastIndexOf('#')));
  const id = kind === 'static' || step.by_id === true ? (step.id as string) : pidOf(world, step.id);
  switch (step.op) {
    case 'start_child': {
      const started = await startChild(world, kind, sup, step);
      return kind === 'dynamic' && started === 'undefined' ? 'ignore' : started;
    }
    case 'terminate_child':
      await Supervisor.terminateChild(sup, id);
      return 'ok';
    case 'restart_child':
      return started(world, await Supervisor.restartChild(sup, id));
    case 'delete_child':
      await Supervisor.deleteChild(sup, id);
      return 'ok';
    case 'get_childspec': {
      const { start: _start, ...spec } = await Supervisor.getChildSpec(sup, id);
      return world.term(['ok', spec]);
    }
    case 'which_children':
      return rowsOf(world, kinds, sup, await Supervisor.whichChildren(sup));
    case 'count_children':
      return { ...(await Supervisor.countChildren(sup)) };
    default:
      throw new Error(`unknown step ${step.op}`);
  }
}

async function startChild(
  world: World,
  kind: string | undefined,
  sup: Pid,
  step: Step,
): Promise<Json> {
  if (kind === 'simple') {
    return started(world, await Supervisor.startChild(sup, [step.name, step.worker]));
  }
  const spec = childSpec(world, step.spec ?? {});
  if (kind === 'static') return started(world, await Supervisor.startChild(sup, spec));
  const result = await DynamicSupervisor.startChild(sup, spec as never);
  return result === undefined ? 'ignore' : started(world, result);
}

function started(world: World, result: unknown): Json {
  return typeof result === 'object' && result !== null && 'info' in result
    ? world.term(['ok', (result as { pid?: unknown }).pid, result.info])
    : world.term(['ok', result]);
}

/** The last process of a name, dead or alive; some dead pid for an unknown one. */
function pidOf(world: World, name: string | undefined): Pid {
  const last = world.last(name);
  if (last !== undefined) return last.pid;
  const stranger = spawn(() => {});
  exit(stranger, 'kill');
  return stranger;
}
