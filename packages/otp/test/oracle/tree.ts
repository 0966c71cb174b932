/** The supervisors of the scenarios, and the trees as `whichChildren` shows them. */
import {
  DynamicSupervisor,
  ignore,
  self,
  Supervisor,
  type ChildSpec,
  type DynamicSupervisorFlags,
  type Ignore,
  type Pid,
  type Startable,
  type SupervisorInit,
} from '@linnet/otp';
import type { Json } from './json.ts';
import type { Child, Sup, Worker } from './scenario.ts';
import { Raised } from './terms.ts';
import { logStart, startWorker } from './worker.ts';
import { ExitLog, type World } from './world.ts';

/** The child specification of a scenario's child; it may be a wrong one. */
export function childSpec(world: World, child: Child): ChildSpec<Startable> {
  const { id, name: _name, worker: _worker, sup: _sup, ...rest } = child;
  const start = startFunction(world, child);
  return {
    ...rest,
    ...(id === undefined ? undefined : { id }),
    ...(start === undefined ? undefined : { start }),
  } as unknown as ChildSpec<Startable>;
}

function startFunction(world: World, { id, name, worker, sup }: Child) {
  if (sup !== undefined) return () => startSup(world, sup);
  if (worker !== undefined) return () => startWorker(world, name ?? id ?? 'noid', worker);
  return undefined;
}

/** The start function of a supervisor, called in its parent. */
export async function startSup(world: World, sup: Sup): Promise<Pid | Ignore> {
  const { label, n } = world.attempt(sup.name);
  const outcome = sup.init?.[n - 1] ?? sup.init?.at(-1) ?? 'ok';
  const exitLog = new ExitLog(world, label);
  const init = (): never => {
    world.label(self(), label);
    exitLog.watch(self());
    world.log('begin', label);
    if (outcome === 'raise') throw new Raised('init_raise');
    if (outcome === 'ignore') return ignore as never;
    if (outcome === 'bad_return') return 'bad_return' as never;
    return (sup.kind === 'dynamic' ? dynamicFlags(sup) : flags(world, sup)) as never;
  };
  // The recorder's callback modules had these names; they show in bad_return reasons.
  const module =
    sup.kind === 'dynamic'
      ? DynamicSupervisor.define({ name: 'ods', init })
      : Supervisor.define({ name: 'ors', init });
  return logStart(world, sup.name, label, true, exitLog, async () => {
    const started = (await module.startLink(undefined)) as { readonly pid: Pid } | Ignore;
    return started === ignore ? ignore : started.pid;
  });
}

function flags(world: World, sup: Sup): SupervisorInit {
  const simple = sup.kind === 'simple';
  const children = simple
    ? [
        {
          id: 'child',
          ...sup.template,
          start: (name: string, worker: Worker) => startWorker(world, name, worker),
        },
      ]
    : (sup.children ?? []).map((child) => childSpec(world, child));
  return {
    strategy: simple ? 'simple_one_for_one' : sup.strategy,
    maxRestarts: sup.intensity,
    maxSeconds: sup.period,
    ...(sup.auto_shutdown === undefined ? undefined : { autoShutdown: sup.auto_shutdown }),
    children,
  } as unknown as SupervisorInit;
}

function dynamicFlags(sup: Sup): DynamicSupervisorFlags {
  return {
    maxRestarts: sup.intensity,
    maxSeconds: sup.period,
    maxChildren: sup.max_children,
  } as unknown as DynamicSupervisorFlags;
}

/** A child: its id, its process, its type, and its own children. */
type Row = readonly [id: string, state: string, type: string, ...children: Json[]];

/** The children of a supervisor as rows `[id, process, type]`, live supervisors with theirs. */
export async function treeOf(world: World, kinds: Map<string, string>, sup: Pid): Promise<Json[]> {
  const rows: Row[] = [];
  for (const { id, pid, type } of await Supervisor.whichChildren(sup)) {
    const state = world.stateOf(pid);
    const row = [id === undefined ? 'undefined' : (id as string), state, type] as const;
    const alive = typeof pid === 'object' && !state.endsWith('!dead');
    const subtree = alive && world.isSupervisor(pid) ? [await treeOf(world, kinds, pid)] : [];
    rows.push([...row, ...subtree]);
  }
  return isStatic(world, kinds, sup) ? rows : rows.toSorted(byState);
}

/** The rows of a `whichChildren` call: what it answers, whether or not the processes live. */
export function rowsOf(
  world: World,
  kinds: Map<string, string>,
  sup: Pid,
  children: Awaited<ReturnType<typeof Supervisor.whichChildren>>,
): Json {
  const rows = children.map(({ id, pid, type }): Row => [
    id === undefined ? 'undefined' : (id as string),
    typeof pid === 'object' ? world.labelOf(pid) : String(pid),
    type,
  ]);
  return isStatic(world, kinds, sup) ? rows : rows.toSorted(byState);
}

function isStatic(world: World, kinds: Map<string, string>, sup: Pid): boolean {
  const label = world.labelOf(sup);
  return kinds.get(label.slice(0, label.lastIndexOf('#'))) === 'static';
}

function byState([, a]: Row, [, b]: Row): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
