/** An ordered list of named steps that never changes. */
import { nearestOf } from '@linnet/otp/options';
import { ReqOptionsError } from '../errors/index.ts';

/** Steps by their names, in the order in which they run. */
export type StepsByName<S> = Readonly<Record<string, S>>;

interface Entry<S> {
  readonly name: string;
  readonly step: S;
}

/**
 * Steps in order, each with a name. Every function returns another list.
 *
 * @example
 * const req = Req.new().editSteps({
 *   request: (steps) => steps.insertBefore('auth', { sign: () => {} }).remove('compressed'),
 * });
 */
export class StepList<S> {
  readonly #entries: readonly Entry<S>[];
  /** @internal What runs, in order. */
  readonly functions: readonly S[];

  /** @internal A client has its lists; see `req.editSteps`. */
  constructor(entries: readonly Entry<S>[]) {
    this.#entries = entries;
    this.functions = entries.map(({ step }) => step);
  }

  /** @internal */
  static of<S>(steps: StepsByName<S>): StepList<S> {
    return new StepList(entriesOf(steps));
  }

  /** The names, in order. */
  get names(): readonly string[] {
    return this.#entries.map(({ name }) => name);
  }

  /** Adds steps at the end. @throws ReqOptionsError for a name that is there already. */
  append(steps: StepsByName<S>): StepList<S> {
    return this.#insert(this.#entries.length, steps);
  }

  /** Adds steps at the beginning. @throws ReqOptionsError for a name that is there already. */
  prepend(steps: StepsByName<S>): StepList<S> {
    return this.#insert(0, steps);
  }

  /** Adds steps before another. @throws ReqOptionsError when there is no such step. */
  insertBefore(name: string, steps: StepsByName<S>): StepList<S> {
    return this.#insert(this.#indexOf(name), steps);
  }

  /** Adds steps after another. @throws ReqOptionsError when there is no such step. */
  insertAfter(name: string, steps: StepsByName<S>): StepList<S> {
    return this.#insert(this.#indexOf(name) + 1, steps);
  }

  /** Puts another function in the place of a step. @throws ReqOptionsError when there is no such step. */
  replace(name: string, step: S): StepList<S> {
    return new StepList(
      this.#entries.with(this.#indexOf(name), { name, step: checked(name, step) }),
    );
  }

  /** Leaves steps out. @throws ReqOptionsError when there is no such step. */
  remove(...names: readonly string[]): StepList<S> {
    for (const name of names) this.#indexOf(name);
    return new StepList(this.#entries.filter(({ name }) => !names.includes(name)));
  }

  #insert(index: number, steps: StepsByName<S>): StepList<S> {
    const added = entriesOf(steps);
    const taken = added.find(({ name }) => this.#entries.some((entry) => entry.name === name));
    if (taken !== undefined) {
      throw new ReqOptionsError({
        option: 'steps',
        value: taken.name,
        detail: `there is a step ${taken.name} already`,
        allowed: 'a name of its own; or replace the step',
      });
    }
    return new StepList(this.#entries.toSpliced(index, 0, ...added));
  }

  #indexOf(name: string): number {
    const index = this.#entries.findIndex((entry) => entry.name === name);
    if (index >= 0) return index;
    const nearest = nearestOf(name, this.names);
    throw new ReqOptionsError({
      option: 'steps',
      value: name,
      detail: `there is no such step${nearest === undefined ? '' : `; ${nearest} may be meant`}`,
      allowed: this.names.join(', '),
    });
  }
}

function entriesOf<S>(steps: StepsByName<S>): Entry<S>[] {
  if (typeof steps !== 'object' || steps === null) {
    const allowed = 'an object of functions by their names';
    throw new ReqOptionsError({ option: 'steps', value: steps, allowed });
  }
  return Object.entries(steps).map(([name, step]) => ({ name, step: checked(name, step) }));
}

function checked<S>(name: string, step: S): S {
  if (typeof step === 'function') return step;
  throw new ReqOptionsError({ option: `steps.${name}`, value: step, allowed: 'a function' });
}
