/** The children of a supervisor: in start order, by id, and by pid. */
import { Pid } from '../process/pid.ts';
import { keyOf } from '../process/values/term-key.ts';
import type { ChildRecord } from './child-record.ts';
import type { ChildState } from './types.ts';

/**
 * Every operation is O(1), and a group costs O(its length). So the order is a list besides the Map,
 * which cannot be walked from the middle.
 */
export class ChildTable implements Iterable<ChildRecord> {
  readonly #byId = new Map<unknown, ChildRecord>();
  readonly #byPid = new Map<Pid, ChildRecord>();
  #first: ChildRecord | undefined;
  #last: ChildRecord | undefined;
  /** How many of the significant ones run or are being restarted. */
  #significant = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Whether a significant child runs or is being restarted. */
  get hasSignificant(): boolean {
    return this.#significant > 0;
  }

  byId(id: unknown): ChildRecord | undefined {
    return this.#byId.get(keyOf(id));
  }

  byPid(pid: Pid): ChildRecord | undefined {
    return this.#byPid.get(pid);
  }

  /** Adds a child at the end of the start order. */
  add(child: ChildRecord): void {
    this.#byId.set(keyOf(child.id), child);
    child.previous = this.#last;
    child.next = undefined;
    if (this.#last === undefined) this.#first = child;
    else this.#last.next = child;
    this.#last = child;
    if (counts(child)) this.#significant++;
  }

  /** Forgets a child, if it is one. */
  remove(child: ChildRecord): void {
    const key = keyOf(child.id);
    if (this.#byId.get(key) !== child) return;
    this.#byId.delete(key);
    if (counts(child)) this.#significant--;
    const { previous, next } = child;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    child.previous = child.next = undefined;
  }

  /** Puts other children in the place of all; what is known of their processes stays. */
  replace(children: readonly ChildRecord[]): void {
    this.#byId.clear();
    this.#first = this.#last = undefined;
    this.#significant = 0;
    for (const child of children) this.add(child);
  }

  /** Notes that a child runs, is down, or is being restarted. */
  setState(child: ChildRecord, state: ChildState): void {
    const known = this.#byId.get(keyOf(child.id)) === child;
    if (Pid.isPid(child.pid) && this.#byPid.get(child.pid) === child) this.#byPid.delete(child.pid);
    if (known && counts(child)) this.#significant--;
    child.pid = state;
    if (state !== 'restarting') child.backoff?.cancel();
    if (known && counts(child)) this.#significant++;
    if (Pid.isPid(state)) this.#byPid.set(state, child);
  }

  /** All children in start order. */
  [Symbol.iterator](): Iterator<ChildRecord> {
    return this.from(this.#first);
  }

  /** A child and those that were started after it. */
  *from(child: ChildRecord | undefined): Generator<ChildRecord> {
    for (let next = child; next !== undefined; next = next.next) yield next;
  }
}

const counts = ({ spec, pid }: ChildRecord): boolean => spec.significant && pid !== undefined;
