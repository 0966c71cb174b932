/** What other nodes may start on this one. */
import type { ChildSpec, Startable } from '@linnet/otp';

/** The body of a process, with the arguments that another node gives. */
export type RemoteBody = (...args: readonly never[]) => unknown;

/** A module that makes child specifications, such as a GenServer definition. */
export interface RemoteChildModule {
  childSpec(arg: never): ChildSpec<Startable>;
}

/**
 * By name, what other nodes may start here: functions with `Node.spawn`, modules with a `childSpec` with
 * `ClusterSupervisor`. Code never travels; what is not here cannot be started.
 */
export type Modules = Readonly<Record<string, RemoteBody | RemoteChildModule>>;

/** The function of this name. */
export function bodyOf(modules: Modules, name: string): RemoteBody | 'undef' | 'notsup' {
  const module = Object.hasOwn(modules, name) ? modules[name] : undefined;
  if (module === undefined) return 'undef';
  return typeof module === 'function' ? module : 'notsup';
}
