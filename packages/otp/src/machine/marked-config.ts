/** The definition of a machine with other actions in the place of its own. */

/** A part of a definition, as `createMachine` takes it. */
export type Config = Readonly<Record<string, unknown>>;

/** Gives what stands in the place of an action. */
export type Mark = (action: unknown) => unknown;

/**
 * Copies the definition of a machine: each action is replaced, and each state has one tag of its
 * own, so that the tags of a snapshot name its active states, in the order in which xstate keeps
 * them. Everything else stays as it is.
 */
export function markedConfig(config: Config, mark: Mark): Config {
  let states = 0;

  const actions = (given: unknown): unknown =>
    given === undefined ? undefined : [given].flat().map((action) => mark(action));

  const transition = (given: unknown): unknown =>
    isConfig(given) ? { ...given, actions: actions(given.actions) } : given;

  const transitions = (given: unknown): unknown =>
    Array.isArray(given) ? given.map((each) => transition(each)) : transition(given);

  const each = (given: unknown, change: (value: unknown) => unknown): unknown =>
    isConfig(given)
      ? Object.fromEntries(Object.entries(given).map(([key, value]) => [key, change(value)]))
      : given;

  const state = (given: unknown): unknown => {
    if (!isConfig(given)) return given;
    const tags = [String(states++)];
    return {
      ...given,
      tags,
      entry: actions(given.entry),
      exit: actions(given.exit),
      initial: transition(given.initial),
      on: each(given.on, transitions),
      after: each(given.after, transitions),
      always: transitions(given.always),
      onDone: transitions(given.onDone),
      states: each(given.states, state),
    };
  };

  return state(config) as Config;
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null;
}
