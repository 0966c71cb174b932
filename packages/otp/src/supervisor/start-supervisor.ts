/** Starting a supervisor process: its init, then its first children. */
import { ignore, type Ignore } from '../process/start/child-spec.ts';
import { currentProcess } from '../process/context.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { NameOption } from '../process/names/server-ref.ts';
import { start, StartError, type InitOutcome } from '../process/start/start.ts';
import {
  checkChildSpecs,
  checkFlags,
  expandChildren,
  Invalid,
  type FullFlags,
} from './check-spec.ts';
import type { FullChildSpec } from './child-record.ts';
import { SupervisorError } from './errors.ts';
import { DynamicLoop } from './dynamic-loop.ts';
import { SimpleKind } from './simple-kind.ts';
import { StaticLoop } from './static-loop.ts';

/** Where the flags and children of a supervisor come from. */
export interface InitSource {
  /** What `bad_return` reasons call it. */
  readonly module: unknown;
  /** Gives the flags with `children`, or `ignore`; called at each start, in the supervisor. */
  readonly init: () => unknown;
  /** What the module keeps with the running supervisor. */
  readonly attachment?: unknown;
}

const supervisorLabel = 'supervisor';

/** Starts a process by `start`, with supervisor errors. */
export async function startProcess(
  label: string,
  operation: string,
  init: (process: Process, parent: Pid | undefined) => Promise<InitOutcome>,
  name: NameOption | undefined,
): Promise<Pid | Ignore> {
  const parent = currentProcess()?.pid;
  try {
    const options = name === undefined ? undefined : { name };
    const started = await start(label, (process) => init(process, parent), options, true);
    return started === 'ignore' ? ignore : started;
  } catch (error) {
    throw error instanceof StartError ? new SupervisorError(operation, error.reason) : error;
  }
}

export function startSupervisor(
  source: InitSource,
  name: NameOption | undefined,
): Promise<Pid | Ignore> {
  return startProcess(
    supervisorLabel,
    'Supervisor.startLink',
    (process, parent) => initialise(process, parent, source),
    name,
  );
}

async function initialise(
  process: Process,
  parent: Pid | undefined,
  source: InitSource,
): Promise<InitOutcome> {
  process.trapExit = true;
  const given = await readInit(source);
  if (given === ignore) return { type: 'ignore' };
  if (given instanceof Invalid) return { type: 'stop', reason: given.reason };
  const { flags, specs } = given;
  if (flags.strategy === 'simple_one_for_one') {
    const [template] = specs;
    if (template === undefined || specs.length > 1) {
      return { type: 'stop', reason: ['bad_start_spec', specs] };
    }
    const kind = new SimpleKind(flags, template);
    return { type: 'ok', behaviour: new DynamicLoop(process, parent, kind) };
  }
  const loop = new StaticLoop(process, parent, flags, source.attachment);
  const failed = await loop.boot(specs);
  return failed === undefined
    ? { type: 'ok', behaviour: loop }
    : { type: 'stop', reason: failed.reason };
}

interface CheckedInit {
  readonly flags: FullFlags;
  readonly specs: readonly FullChildSpec[];
}

/** Runs the init and checks what it gives: flags first, then every specification in order. */
async function readInit(source: InitSource): Promise<CheckedInit | Ignore | Invalid> {
  const given = await source.init();
  if (given === ignore) return ignore;
  if (typeof given !== 'object' || given === null || !('children' in given)) {
    return new Invalid(['bad_return', [source.module, 'init', given]]);
  }
  const flags = checkFlags(given);
  if (flags instanceof Invalid) return new Invalid(['supervisor_data', flags.reason]);
  if (!Array.isArray(given.children)) return new Invalid(['bad_start_spec', given.children]);
  const specs = checkChildSpecs(expandChildren(given.children), flags.autoShutdown);
  return specs instanceof Invalid ? new Invalid(['start_spec', specs.reason]) : { flags, specs };
}
