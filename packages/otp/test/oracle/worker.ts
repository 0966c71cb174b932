/** The workers of the scenarios: servers that do as they are told. */
import {
  exit,
  GenServer,
  ignore,
  noreply,
  Pid,
  receive,
  self,
  stop,
  trapExit,
  unlink,
  type ChildWithInfo,
  type ExitReason,
  type Ignore,
} from '@linnet/otp';
import type { Attempt, Worker } from './scenario.ts';
import { Raised, reasonFrom } from './terms.ts';
import { ExitLog, type World } from './world.ts';

interface Config {
  readonly world: World;
  readonly label: string;
  readonly worker: Worker;
  readonly outcome: Attempt;
  readonly gate: string;
  readonly parent: Pid;
  readonly exitLog: ExitLog;
}

interface State extends Config {
  /** It stops itself: its terminate does nothing special. */
  readonly stopsItself: boolean;
}

const never = (): boolean => false;

const Server = GenServer.define({
  name: 'Worker',
  init: async (config: Config) => {
    const { world, worker, label, exitLog, parent } = config;
    world.label(self(), label);
    exitLog.watch(self());
    trapExit(worker.trap);
    let { outcome } = config;
    const gate = world.gates.get(config.gate);
    if (gate !== undefined) outcome = await gate.pass();
    if (outcome === 'ignore') return ignore;
    if (outcome === 'fail') return stop('bad_init');
    if (outcome === 'fail_shutdown') return stop('shutdown');
    if (outcome === 'raise') throw new Raised('init_raise');
    if (worker.unlink === true) unlink(parent);
    const state: State = { ...config, stopsItself: false };
    return state;
  },
  handleCast: {
    crash: (state, reason: ExitReason) => stop(reason, { ...state, stopsItself: true }),
  },
  handleInfo: (state, message) => {
    const { type, from, reason } = message as { type?: string; from: Pid; reason: ExitReason };
    const { world, label } = state;
    if (type === 'EXIT') world.log('info', label, world.term(['EXIT', from, reason]));
    return noreply(state);
  },
  terminate: async (reason, { world, label, worker, stopsItself }) => {
    world.log('terminate', label, world.term(reason));
    const { stop: how } = worker;
    if (stopsItself || how === 'clean') return;
    if (how === 'hang') await receive(never);
    else if (how[0] === 'slow') await receive(never, { timeout: how[1] }).catch(() => {});
    else exit(reasonFrom(how[1]));
  },
});

/** Tells a worker to stop itself with a reason. */
export function crashWorker(pid: Pid, reason: ExitReason): void {
  GenServer.cast(pid, ['crash', reason]);
}

/** The start function of a worker, called in its supervisor. */
export async function startWorker(
  world: World,
  name: string,
  worker: Worker,
): Promise<Pid | ChildWithInfo | Ignore> {
  const { label, n } = world.attempt(name);
  const outcome = (worker.init[n - 1] ?? worker.init.at(-1)) as Attempt;
  if (outcome === 'start_raise') {
    world.log('start', label, ['raise', 'start_raise']);
    throw new Raised('start_raise');
  }
  if (outcome === 'start_exit') {
    world.log('start', label, ['raise', 'start_exit']);
    exit('start_exit');
  }
  if (outcome === 'bad_return') {
    world.log('start', label, 'bad_return');
    return 'bad_return' as never;
  }
  const exitLog = new ExitLog(world, label);
  const config = { world, label, worker, outcome, gate: name, parent: self(), exitLog };
  return logStart(world, name, label, false, exitLog, async () => {
    const options = worker.reg === undefined ? undefined : { name: worker.reg };
    const started = await Server.startLink(config, options);
    if (started === ignore) return ignore;
    return outcome === 'ok_extra' ? { pid: started.pid, info: 'extra' } : started.pid;
  });
}

/** Runs a start and logs what came of it. */
export async function logStart<T extends Pid | ChildWithInfo | Ignore>(
  world: World,
  name: string,
  label: string,
  isSupervisor: boolean,
  exitLog: ExitLog,
  start: () => Promise<T>,
): Promise<T> {
  let started: T;
  try {
    started = await start();
  } catch (error) {
    world.log('start', label, world.term(['error', (error as { reason: unknown }).reason]));
    throw error;
  }
  if (started === ignore) {
    world.log('start', label, 'ignore');
    return started;
  }
  const pid = Pid.isPid(started) ? started : started.pid;
  world.cameUp(name, { label, pid, isSupervisor });
  world.log('start', label, pid === started ? 'ok' : 'ok_extra');
  exitLog.cameUp();
  return started;
}
