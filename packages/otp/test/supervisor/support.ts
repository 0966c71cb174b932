/** Children for tests: servers that end as they are told, and starts that come out as they should. */
import {
  exit,
  GenServer,
  ignore,
  isAlive,
  noreply,
  receive,
  send,
  setLogger,
  spawn,
  StartError,
  stop,
  Supervisor,
  trapExit,
  Watch,
  type ChildSpec,
  type ChildSpecOverrides,
  type ExitReason,
  type Pid,
  type ServerRef,
  type Startable,
} from '@linnet/otp';
import { settle } from '@linnet/otp/testing';

// Crashes are what these tests are about.
setLogger({ error() {}, warn() {}, debug() {} });

export interface WorkerOptions {
  readonly trap?: boolean;
  readonly onTerminate?: (reason: ExitReason) => unknown;
  readonly name?: string;
}

export const Worker = GenServer.define({
  name: 'Worker',
  init: (options: WorkerOptions) => {
    trapExit(options.trap ?? false);
    return options;
  },
  handleCast: { end: (options, reason: ExitReason) => stop(reason, options) },
  handleInfo: (options) => noreply(options),
  terminate: (reason, { onTerminate }) => onTerminate?.(reason),
});

/** What a start function can come to. */
export type Outcome = 'ok' | 'info' | 'ignore' | 'error' | 'junk' | 'raise' | 'throw' | 'exit';

export const oops = new Error('oops');

/** Starts a worker, or fails to. */
export async function startAs(outcome: Outcome, options: WorkerOptions = {}): Promise<Startable> {
  const { name, ...own } = options;
  const run = async (): Promise<Pid> =>
    (await Worker.startLink(own, name === undefined ? undefined : { name })).pid;
  switch (outcome) {
    case 'ok':
      return run();
    case 'info':
      return { pid: await run(), info: 'info' };
    case 'ignore':
      return ignore;
    case 'error':
      throw new StartError('why', 'worker');
    case 'junk':
      return 'junk' as never;
    case 'raise':
      throw oops;
    case 'throw':
      throw await run();
    case 'exit':
      return exit('why');
  }
}

/** A child whose start comes out as `outcomes` say, one after the other; the last repeats. */
export function child(
  id: string,
  overrides: ChildSpecOverrides = {},
  options: WorkerOptions = {},
  outcomes: readonly Outcome[] = ['ok'],
): ChildSpec<Startable> {
  let starts = 0;
  const next = (): Outcome => outcomes[Math.min(starts++, outcomes.length - 1)] as Outcome;
  return { id, start: () => startAs(next(), options), ...overrides };
}

/** Ends a worker with a reason, from inside unless that is `'kill'`, and settles. */
export async function crash(pid: unknown, reason: ExitReason): Promise<void> {
  if (reason === 'kill') exit(pid as Pid, 'kill');
  else GenServer.cast(pid as Pid, ['end', reason]);
  await settle();
}

/** `[specs, active, supervisors, workers]`. */
export async function counts(supervisor: ServerRef): Promise<number[]> {
  const { specs, active, supervisors, workers } = await Supervisor.countChildren(supervisor);
  return [specs, active, supervisors, workers];
}

/** The children as `[id, pid]`, the newest first. */
export async function list(supervisor: ServerRef): Promise<unknown[][]> {
  return (await Supervisor.whichChildren(supervisor)).map(({ id, pid }) => [id, pid]);
}

/** The pid of a child. */
export async function pidOf(supervisor: ServerRef, id: string): Promise<Pid> {
  const found = (await Supervisor.whichChildren(supervisor)).find((one) => one.id === id);
  return found?.pid as Pid;
}

/** Rejects with a SupervisorError of this reason. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return (error as { reason: unknown }).reason;
  }
  throw new Error('it did not reject');
}

/** Records the deaths of processes, in order. */
export class Deaths {
  readonly list: Array<readonly [name: unknown, reason: ExitReason]> = [];

  watch(name: unknown, pid: Pid): void {
    const { list: deaths } = this;
    new (class extends Watch {
      protected override down(_pid: Pid, reason: ExitReason): void {
        deaths.push([name, reason]);
      }
    })().watch(pid);
  }

  /** Watches all children of a supervisor, and itself under the name `'supervisor'`. */
  async watchAll(supervisor: { readonly pid: Pid }): Promise<this> {
    for (const { id, pid } of await Supervisor.whichChildren(supervisor)) {
      if (typeof pid === 'object') this.watch(id, pid);
    }
    this.watch('supervisor', supervisor.pid);
    return this;
  }

  get names(): unknown[] {
    return this.list.map(([name]) => name);
  }
}

/** A process that traps exits and runs what it is given, to be the parent of a supervisor. */
export class Parent {
  readonly pid: Pid = spawn(async () => {
    trapExit();
    for (;;) {
      const message = (await receive()) as { run?: () => Promise<void> };
      this.#received.push(message);
      await message.run?.();
    }
  });
  #received: unknown[] = [];

  do<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      send(this.pid, { run: () => Promise.resolve().then(work).then(resolve, reject) });
    });
  }

  /** The EXIT messages that it got. */
  get exits(): unknown[] {
    return this.#received.filter((message) => (message as { type?: string }).type === 'EXIT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isAlive(this.pid)) exit(this.pid, 'kill');
    await settle();
  }
}
