/** Which event types a machine tells apart: so the memo stays finite for any types that are sent. */

/** Whether a descriptor with a wildcard (`*`, `mouse.*`) takes an event; xstate's rule. */
export function matchesWildcard(type: string, descriptor: string): boolean {
  if (descriptor === '*' || descriptor === type) return true;
  const wanted = descriptor.split('.');
  const given = type.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '*') return index === wanted.length - 1;
    if (token !== given[index]) return false;
  }
  return true;
}

/** The event types that a machine names, and its wildcards. */
export class EventClasses {
  readonly #named = new Set<string>();
  readonly #wildcards: string[] = [];

  constructor(descriptors: Iterable<string>) {
    for (const descriptor of new Set(descriptors)) {
      if (descriptor === '*' || descriptor.endsWith('.*')) this.#wildcards.push(descriptor);
      this.#named.add(descriptor);
    }
  }

  /**
   * The class of an event type: two types of one class have the same effect in every state.
   * Undefined when no state has a transition for it.
   */
  classOf(type: string): string | undefined {
    if (this.#named.has(type)) return type;
    const matching = this.#wildcards.filter((wildcard) => matchesWildcard(type, wildcard));
    return matching.length === 0 ? undefined : `*${matching.join('|')}`;
  }
}
