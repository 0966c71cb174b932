/** What other nodes may start on this one. */

/** The body of a process, with the arguments that another node gives. */
export type RemoteBody = (...args: readonly never[]) => unknown;

/**
 * By name, what other nodes may start here with `Node.spawn`. Code never travels; what is not here cannot
 * be started.
 */
export type Modules = Readonly<Record<string, RemoteBody>>;

/** The function of this name. */
export const bodyOf = (modules: Modules, name: string): RemoteBody | undefined =>
  Object.hasOwn(modules, name) ? modules[name] : undefined;
