/** Process identifiers. */
import { inspect } from 'node:util';
import { brand, brandKey, type Brand } from './values/brand.ts';
import { BadArgumentError } from './errors.ts';
import type { Process } from './process.ts';

const pidBrand = brand('pid');

let read: (pid: Pid) => Process | undefined;
let write: (pid: Pid, process: Process | undefined) => void;

/**
 * The address of a process.
 *
 * A pid names one process for ever: it is never reused, sending to a dead one is harmless, and
 * two pids of the same process are the same object. It carries the node and that node's
 * incarnation, so pids of other machines are told apart from local ones.
 *
 * Source: Erlang reference manual, Processes.
 */
export class Pid {
  readonly node: string;
  readonly creation: number;
  readonly id: number;
  #process: Process | undefined;

  static {
    read = (pid) => pid.#process;
    write = (pid, process) => {
      pid.#process = process;
    };
  }

  constructor(node: string, creation: number, id: number) {
    this.node = node;
    this.creation = creation;
    this.id = id;
  }

  /** `#PID<0.42.0>` for a local process, `#PID<name@host.42.creation>` for a remote one. */
  toString(): string {
    return this.node === 'nonode@nohost'
      ? `#PID<0.${this.id}.0>`
      : `#PID<${this.node}.${this.id}.${this.creation}>`;
  }

  /** As `toString`. */
  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal */
  get [brandKey](): Brand {
    return pidBrand;
  }

  // `instanceof` is several times as fast as looking for a private name, but a proxy may throw.
  /** Whether a value is a pid; never throws, whatever it is. */
  static isPid(value: unknown): value is Pid {
    try {
      return value instanceof Pid;
    } catch {
      return false;
    }
  }
}

/** The live local process of a pid; undefined when it is dead or on another node. */
export const processOf = (pid: Pid): Process | undefined => read(pid);

/** Binds a pid to its process while it lives. */
export const bindPid = (pid: Pid, process: Process | undefined): void => write(pid, process);

/** Throws unless `value` is a pid. */
export function checkPid(value: unknown): asserts value is Pid {
  if (!Pid.isPid(value)) throw new BadArgumentError('pid', value, 'a Pid');
}
