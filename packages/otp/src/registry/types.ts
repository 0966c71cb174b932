/** The shapes of the registry's options, entries and messages. */
import type { Name } from '../process/names/name.ts';
import type { Pid } from '../process/pid.ts';

/** Whether a key has at most one owner, or any number of entries. */
export type KeysMode = 'unique' | 'duplicate';

/** Options of `Registry.startLink`. */
export interface RegistryOptions {
  /** The name of the registry: of its supervisor, and in `{ via: [name, key] }`. */
  readonly name: Name;
  /** Whether a key has at most one owner, or any number of entries. */
  readonly keys: KeysMode;
  /**
   * How many processes hold the links with the owners, 1 by default. The entries are in one table
   * either way: more partitions do not make it faster, they limit what the death of one takes
   * along in a registry with duplicate keys.
   */
  readonly partitions?: number;
  /**
   * Names of processes that are sent a {@link ListenerMessage} at each register and unregister. A
   * name that no process has at that moment is skipped. The death of an owner gives no message:
   * listeners that care monitor the owners.
   */
  readonly listeners?: readonly Name[];
  /** What `meta(key)` gives from the start. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** One registration. Never changed: `updateValue` makes a new one. */
export interface RegistryEntry<Key = unknown, Value = unknown> {
  readonly key: Key;
  readonly pid: Pid;
  readonly value: Value;
}

/** What listeners are sent. */
export type ListenerMessage<Key = unknown, Value = unknown> =
  | {
      readonly type: 'register';
      readonly registry: Name;
      readonly key: Key;
      readonly pid: Pid;
      readonly value: Value;
    }
  | {
      readonly type: 'unregister';
      readonly registry: Name;
      readonly key: Key;
      readonly pid: Pid;
    };

/** Whether an entry is wanted: the TypeScript form of a match specification. */
export type EntryPredicate<Key, Value> = (key: Key, pid: Pid, value: Value) => boolean;

/** The same for the entries of one key. */
export type ValuePredicate<Value> = (value: Value, pid: Pid) => boolean;

/** A snapshot for tools that look at the running system. */
export interface RegistryDetails {
  readonly name: Name;
  readonly keys: KeysMode;
  /** How many entries there are. */
  readonly entries: number;
  /** How many processes own them. */
  readonly owners: number;
  /** The partitions; undefined for one that is being restarted. */
  readonly partitions: ReadonlyArray<Pid | undefined>;
  readonly listeners: readonly Name[];
}
