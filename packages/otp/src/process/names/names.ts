/** Registered names: one table per runtime. */
import { refuseZombie, requireProcess } from '../context.ts';
import { BadArgumentError } from '../errors.ts';
import { isName, type Name } from './name.ts';
import { checkPid, processOf, type Pid } from '../pid.ts';
import type { Process } from '../process.ts';

const names = new Map<Name, Process>();

/** The process with this name. */
export function processByName(name: Name): Process | undefined {
  return names.get(name);
}

/** Gives a live process a name; false when the name is taken. */
export function claimName(name: Name, process: Process): boolean {
  if (names.has(name)) return false;
  names.set(name, process);
  process.registeredName = name;
  return true;
}

export function releaseName(process: Process): void {
  const name = process.registeredName;
  if (name === undefined) return;
  process.registeredName = undefined;
  names.delete(name);
}

/**
 * Registers a name for a process, the current one by default.
 *
 * A process has at most one name and a name at most one process; it is freed when the process
 * dies, before links and monitors are told of its death.
 *
 * Source: `erlang:register/2`.
 * @throws {BadArgumentError} when the name is taken, the process has a name, or it is dead.
 * @example
 * register('metrics', spawn(collect));
 * send('metrics', { type: 'count' });
 */
export function register(name: Name, pid?: Pid): void {
  if (!isName(name)) throw new BadArgumentError('name', name, 'a non-empty string or a symbol');
  refuseZombie();
  if (pid !== undefined) checkPid(pid);
  const process = pid === undefined ? requireProcess('register()') : processOf(pid);
  if (process === undefined) throw new BadArgumentError('pid', pid, 'a live local process');
  if (process.registeredName !== undefined) {
    throw new BadArgumentError(
      'pid',
      pid,
      `a process without a name (it is ${String(process.registeredName)})`,
    );
  }
  if (!claimName(name, process)) {
    throw new BadArgumentError(
      'name',
      name,
      `a free name (taken by ${String(names.get(name)?.pid)})`,
    );
  }
}

/**
 * Frees a name.
 *
 * Source: `erlang:unregister/1`.
 * @throws {BadArgumentError} when no process has this name.
 * @example
 * unregister('metrics');
 */
export function unregister(name: Name): void {
  refuseZombie();
  const process = names.get(name);
  if (process === undefined) throw new BadArgumentError('name', name, 'a registered name');
  releaseName(process);
}

/**
 * The registered names.
 *
 * Source: `erlang:registered/0`.
 * @example
 * registered().includes('metrics');
 */
export function registered(): Name[] {
  return [...names.keys()];
}
