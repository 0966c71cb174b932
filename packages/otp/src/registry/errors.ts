/** What can go wrong with a registry. */
import { inspect } from 'node:util';
import { ExitError } from '../process/exit-reason.ts';
import type { Name } from '../process/names/name.ts';
import type { Pid } from '../process/pid.ts';

/**
 * The key of a unique registry has a live owner already.
 *
 * `reason` is OTP's `{already_registered, Pid}`.
 */
export class AlreadyRegisteredError extends ExitError {
  override readonly code = 'ERR_ALREADY_REGISTERED';
  readonly registry: Name;
  readonly key: unknown;
  /** The process that holds the key; it can be the calling one. */
  readonly pid: Pid;

  constructor(registry: Name, key: unknown, pid: Pid) {
    super(
      ['already_registered', pid],
      `the key ${describeKey(key)} of registry ${String(registry)} is taken by ${pid.toString()}: ` +
        'unregister it there first, or use a registry with duplicate keys',
    );
    this.registry = registry;
    this.key = key;
    this.pid = pid;
  }
}

/** No registry of this name is running, or its partitions are being restarted at this moment. */
export class UnknownRegistryError extends Error {
  readonly code = 'ERR_UNKNOWN_REGISTRY';
  override readonly name = 'UnknownRegistryError';
  readonly registry: Name;

  constructor(registry: Name) {
    super(
      `unknown registry: ${String(registry)}; start it with Registry.startLink, and in a supervisor before the children that use it`,
    );
    this.registry = registry;
  }
}

/** The operation needs a registry with unique keys. */
export class DuplicateRegistryError extends Error {
  readonly code = 'ERR_DUPLICATE_REGISTRY';
  override readonly name = 'DuplicateRegistryError';
  readonly registry: Name;

  constructor(operation: string, registry: Name) {
    super(
      `${operation} is not supported for duplicate registries; start ${String(registry)} with keys: 'unique'`,
    );
    this.registry = registry;
  }
}

function describeKey(key: unknown): string {
  try {
    return inspect(key, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return '(unprintable)';
  }
}
