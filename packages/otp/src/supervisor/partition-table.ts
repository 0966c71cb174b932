/** Which process serves which partition: the table behind the via names of a PartitionSupervisor. */
import { BadArgumentError } from '../process/errors.ts';
import { Pid } from '../process/pid.ts';
import type { ViaRegistry } from '../process/names/server-ref.ts';
import { identityText } from '../process/values/term-key.ts';
import { refusePromise } from '../process/values/thenable.ts';

export class PartitionTable implements ViaRegistry {
  readonly #pids: Array<Pid | undefined>;
  /** How many partitions are in use, from 0 on. */
  size: number;

  constructor(partitions: number) {
    this.size = partitions;
    this.#pids = Array.from({ length: partitions });
  }

  /** The most partitions there can be. */
  get capacity(): number {
    return this.#pids.length;
  }

  set(partition: number, pid: Pid | undefined): void {
    this.#pids[partition] = pid;
  }

  whereisName(key: unknown): Pid | undefined {
    if (this.size === 0) {
      throw new BadArgumentError('key', key, 'looked up while there are partitions: there are 0');
    }
    return this.#pids[partitionOf(key, this.size)];
  }

  registerName(key: unknown): never {
    throw new BadArgumentError(
      'name',
      key,
      'a name that is not a via name of a PartitionSupervisor: its children are what it starts',
    );
  }

  unregisterName(): void {}
}

/** An integer goes to its remainder, any other key to the remainder of its hash. */
function partitionOf(key: unknown, partitions: number): number {
  if (Number.isSafeInteger(key)) return Math.abs(key as number) % partitions;
  if (typeof key === 'bigint') return Number((key < 0n ? -key : key) % BigInt(partitions));
  try {
    return hash(key) % partitions;
  } catch (error) {
    if (error instanceof BadArgumentError) throw error;
    throw badKey(key, 'a value whose parts can be read');
  }
}

/** Parts in parts in parts: more are a mistake, or an object that contains itself. */
const deepest = 32;

/**
 * A hash by structure: arrays and plain objects with equal parts have equal hashes. Keys that other
 * keys of the runtime tell apart, such as two equal objects, may share a partition; the same key never
 * has two.
 */
function hash(value: unknown, depth = 0): number {
  if (typeof value !== 'object' && typeof value !== 'function') return hashText(describe(value));
  if (value === null) return hashText('null');
  if (depth > deepest) throw badKey(value, `of at most ${deepest} levels`);
  refusePromise('key', value);
  if (Pid.isPid(value)) return hashText(`${value.node} ${value.creation} ${value.id}`);
  if (Array.isArray(value)) return combine(value.map((part) => hash(part, depth + 1)));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return combine(entries.map(([key, part]) => combine([hashText(key), hash(part, depth + 1)])));
  }
  return hashText(identityText(value));
}

const badKey = (key: unknown, allowed: string): BadArgumentError =>
  new BadArgumentError('key', key, allowed);

const describe = (value: unknown): string => `${typeof value} ${String(value)}`;

const combine = (hashes: readonly number[]): number => hashText(hashes.join());

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let code = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    code = Math.imul(code ^ text.charCodeAt(i), 0x01000193);
  }
  return code >>> 0;
}
