/** What an action is given, checked. */
import type { Pid } from '@linnet/otp';
import { pidOf } from '../collect/pids.ts';
import { ActionError } from '../errors.ts';

/** A child of a supervisor: running, or only known by the text of its id. */
export type ChildRef = Pid | { readonly id: string };

export class Input {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(input: unknown) {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw new ActionError('the body must be an object');
    }
    this.#members = input as Readonly<Record<string, unknown>>;
  }

  text(name: string): string {
    const value = Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    throw new ActionError(`"${name}" must be a string`);
  }

  count(name: string, min: number, max: number): number {
    const value = this.#members[name];
    const isCount = typeof value === 'number' && Number.isInteger(value);
    if (isCount && value >= min && value <= max) return value;
    throw new ActionError(`"${name}" must be an integer from ${min} to ${max}`);
  }

  pid(name: string): Pid {
    const pid = pidOf(this.text(name));
    if (pid === undefined) throw new ActionError(`${this.text(name)} is not alive`);
    return pid;
  }

  child(): ChildRef {
    if ('pid' in this.#members) return this.pid('pid');
    return { id: this.text('id') };
  }
}
