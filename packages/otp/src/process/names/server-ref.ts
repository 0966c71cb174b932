/** Everything that names a process: pids, servers, registered names, via names. */
import { BadArgumentError } from '../errors.ts';
import { isName, type Name } from './name.ts';
import { processByName } from './names.ts';
import { isLocal, thisNode, type RemoteName } from '../node.ts';
import { Pid, processOf } from '../pid.ts';
import type { Process } from '../process.ts';

/** A registry that can hold names for `{ via: [registry, key] }`. */
export interface ViaRegistry {
  /** The live process registered under a key. */
  whereisName(key: unknown): Pid | undefined;
  /** Whether it can register this process now; one that does not say so always can. */
  canRegister?(pid: Pid): boolean;
  /** Registers a process; false when the key is taken. */
  registerName(key: unknown, pid: Pid, value?: unknown): boolean;
  /** Frees a key that the process holds. */
  unregisterName(key: unknown, pid: Pid): void;
}

/** A name kept by a registry, given by its name or itself: `{ via: ['Users', id] }`. */
export interface Via {
  readonly via: readonly [registry: Name | ViaRegistry, key: unknown, value?: unknown];
}

/** Whatever stands for a process: a pid, something with a pid, a name, a via name. */
export type ServerRef = Pid | { readonly pid: Pid } | Name | Via | RemoteName;

/** A name to register a new process under. */
export type NameOption = Name | Via;

const viaRegistries = new Map<Name, ViaRegistry>();

/** Makes a registry reachable by its name in via names. */
export function provideVia(name: Name, registry: ViaRegistry): void {
  viaRegistries.set(name, registry);
}

export function withdrawVia(name: Name, registry: ViaRegistry): void {
  if (viaRegistries.get(name) === registry) viaRegistries.delete(name);
}

/** The registry of a via name; undefined when none of that name is running. */
export function viaRegistry(ref: Via): ViaRegistry | undefined {
  const registry = ref.via[0];
  return isName(registry) ? viaRegistries.get(registry) : registry;
}

export function isVia(value: unknown): value is Via {
  if (typeof value !== 'object' || value === null) return false;
  const { via } = value as { readonly via?: unknown };
  return Array.isArray(via) && via.length >= 2 && (isName(via[0]) || isViaRegistry(via[0]));
}

function isViaRegistry(value: unknown): value is ViaRegistry {
  const registry = value as Partial<ViaRegistry> | null | undefined;
  return typeof registry?.whereisName === 'function';
}

/** Whether a value is the name of a process with its node. */
export function isRemoteName(value: object): value is RemoteName {
  return 'name' in value && 'node' in value && isName(value.name);
}

/**
 * Throws unless `value` can name a process.
 * @throws {BadArgumentError} naming the argument.
 */
export function checkNameOption(name: NameOption | undefined): void {
  if (name === undefined || isName(name) || isVia(name)) return;
  throw new BadArgumentError(
    'name',
    name,
    "a non-empty string, a symbol, or { via: ['registry', key] }",
  );
}

/**
 * Throws unless `value` has the form of a reference to a process; nothing is looked up.
 * @throws {BadArgumentError} naming the argument.
 */
export function checkRef(value: unknown): asserts value is ServerRef {
  if (Pid.isPid(value) || isName(value) || isVia(value)) return;
  if (typeof value === 'object' && value !== null && ('pid' in value || isRemoteName(value)))
    return;
  throw badRef(value);
}

function badRef(value: unknown): BadArgumentError {
  return new BadArgumentError(
    'process',
    value,
    "a pid, an object with a pid, a name, { via: ['registry', key] } or { name, node }",
  );
}

/** Where a reference leads: a live local process, a pid or name elsewhere, or nowhere. */
export function resolveRef(ref: ServerRef): Process | Pid | RemoteName | undefined {
  return (Pid.isPid(ref) ? processOf(ref) : undefined) ?? resolveOther(ref);
}

// Apart, so that the usual case is short enough for V8 to inline it into every call and send.
function resolveOther(ref: ServerRef): Process | Pid | RemoteName | undefined {
  if (Pid.isPid(ref)) return isLocal(ref) ? undefined : ref;
  if (isName(ref)) return processByName(ref);
  if (typeof ref === 'object' && ref !== null) {
    if (isVia(ref)) {
      const pid = viaRegistry(ref)?.whereisName(ref.via[1]);
      return pid === undefined ? undefined : resolveRef(pid);
    }
    if ('pid' in ref) return resolveRef(ref.pid);
    if (isRemoteName(ref)) return ref.node === thisNode().name ? processByName(ref.name) : ref;
  }
  throw badRef(ref);
}

/**
 * The pid behind a reference; undefined when no such process is alive.
 *
 * Source: `erlang:whereis/1`, `GenServer.whereis/1`.
 * @example
 * whereis('metrics')?.toString();
 */
export function whereis(ref: ServerRef): Pid | undefined {
  const found = resolveRef(ref);
  if (found === undefined) return undefined;
  if (Pid.isPid(found)) return found;
  return 'pid' in found ? found.pid : undefined;
}
