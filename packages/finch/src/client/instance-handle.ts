/** A handle of an instance: its name, and the way from there to its data. */
import { whereis, type Pid } from '@linnet/otp';
import { InstanceNotFoundError } from '../errors/index.ts';
import { findInstance, type Instance } from '../instance/instance.ts';

/**
 * What every function of a client starts from. The classes of this folder build
 * on one another, each adding the functions of one subject; `Finch` is the last.
 */
export abstract class InstanceHandle {
  /** The name of the instance. */
  readonly name: string;
  #instance: Instance | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * The supervisor of the instance.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * monitor(finch.pid);
   */
  get pid(): Pid {
    const pid = whereis(this.name);
    if (pid === undefined) throw new InstanceNotFoundError({ instance: this.name });
    return pid;
  }

  /**
   * The data of the running instance, the one that came back after a restart included.
   *
   * @internal
   * @throws InstanceNotFoundError
   */
  protected running(): Instance {
    const known = this.#instance;
    if (known !== undefined && !known.closed) return known;
    const found = findInstance(this.name);
    if (found === undefined) throw new InstanceNotFoundError({ instance: this.name });
    this.#instance = found;
    return found;
  }
}
