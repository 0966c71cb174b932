/** Stopping, restarting and killing processes. */
import {
  DynamicSupervisor,
  exit,
  Pid,
  processInfo,
  Supervisor,
  type ChildId,
  type ChildInfo,
} from '@linnet/otp';
import { ActionError } from '../errors.ts';
import type { ChildRef } from './input.ts';

/** Ends a process that cannot refuse it. A supervisor may start it anew. */
export function killProcess(pid: Pid): string {
  exit(pid, 'kill');
  return `${String(pid)} was killed`;
}

/** Asks a process to end in order, as a supervisor does. */
export function stopProcess(pid: Pid): string {
  exit(pid, 'shutdown');
  return `${String(pid)} was told to shut down`;
}

/** Stops a child through its supervisor, which does not start it again. */
export async function stopChild(supervisor: Pid, ref: ChildRef): Promise<string> {
  if (isDynamic(supervisor)) {
    if (!Pid.isPid(ref)) throw new ActionError('a child of a DynamicSupervisor has no id');
    await DynamicSupervisor.terminateChild(supervisor, ref);
  } else {
    await Supervisor.terminateChild(supervisor, idOf(await find(supervisor, ref)) ?? refPid(ref));
  }
  return 'stopped';
}

/** Stops a child if it runs, and starts it again in its place. */
export async function restartChild(supervisor: Pid, ref: ChildRef): Promise<string> {
  if (isDynamic(supervisor)) {
    throw new ActionError('a DynamicSupervisor restarts no child by id: kill it instead');
  }
  const child = await find(supervisor, ref);
  const id = idOf(child);
  if (id === undefined) throw new ActionError('this child has no id: kill it instead');
  if (Pid.isPid(child.pid)) await Supervisor.terminateChild(supervisor, id);
  await Supervisor.restartChild(supervisor, id);
  return 'restarted';
}

function isDynamic(supervisor: Pid): boolean {
  const info = processInfo(supervisor);
  if (info?.label === 'dynamic_supervisor') return true;
  if (info !== undefined && Array.isArray(info.details['children'])) return false;
  throw new ActionError(`${String(supervisor)} is no supervisor`);
}

async function find(supervisor: Pid, ref: ChildRef): Promise<ChildInfo> {
  const children = await Supervisor.whichChildren(supervisor);
  const child = children.find(({ id, pid }) =>
    Pid.isPid(ref) ? pid === ref : textOf(id) === ref.id,
  );
  if (child === undefined) throw new ActionError('the supervisor has no such child');
  return child;
}

const idOf = ({ id }: ChildInfo): ChildId | undefined => id;

function refPid(ref: ChildRef): Pid {
  if (Pid.isPid(ref)) return ref;
  throw new ActionError('the supervisor has no such child');
}

/** As snapshots of the tree have it. */
function textOf(id: unknown): string {
  if (typeof id === 'string') return id;
  if (typeof id === 'object' && id !== null && 'name' in id && typeof id.name === 'string') {
    return id.name;
  }
  return String(id);
}
