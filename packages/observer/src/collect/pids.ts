/** From the text of a pid to the pid of a live process. */
import { listProcesses, type Pid } from '@linnet/otp';

/** `#PID<0.42.0>`, `0.42.0`, `42`, or with the name of the node. */
const form = /^(?:#PID<)?(?:[^<>]*?\.)??(\d+)(?:\.\d+)?>?$/;

export class Pids {
  readonly #byId: ReadonlyMap<number, Pid>;

  /** The processes that are alive now. */
  constructor() {
    this.#byId = new Map(listProcesses().map((pid) => [pid.id, pid]));
  }

  /** Undefined when no such process is alive. */
  get(text: string): Pid | undefined {
    const id = form.exec(text)?.[1];
    return id === undefined ? undefined : this.#byId.get(Number(id));
  }
}
