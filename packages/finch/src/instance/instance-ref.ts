/** An instance by its name: the way from a handle to the data of the instance that runs now. */
import { whereis, type Pid } from '@linnet/otp';
import { InstanceNotFoundError } from '../errors/index.ts';
import { requireInstance, type Instance } from './instance.ts';

export class InstanceRef {
  readonly name: string;
  #known: Instance | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * The supervisor of the instance.
   *
   * @throws InstanceNotFoundError
   */
  get pid(): Pid {
    const pid = whereis(this.name);
    if (pid === undefined) throw new InstanceNotFoundError({ instance: this.name });
    return pid;
  }

  /**
   * The data of the running instance; after a restart, that of the new one.
   *
   * @throws InstanceNotFoundError
   */
  running(): Instance {
    const known = this.#known;
    if (known !== undefined && !known.closed) return known;
    return (this.#known = requireInstance(this.name));
  }
}
