/** The order in which applications can be started. */
import { ApplicationError } from './errors.ts';
import type { CheckedOptions } from './options.ts';

/** Puts each application after those that it needs, and keeps the given order otherwise. */
export function inStartOrder(definitions: readonly CheckedOptions[]): CheckedOptions[] {
  const byName = new Map(definitions.map((options) => [options.name, options]));
  const ordered = new Set<CheckedOptions>();
  const visit = (options: CheckedOptions, path: readonly string[]): void => {
    if (ordered.has(options)) return;
    if (path.includes(options.name)) throw ApplicationError.circular([...path, options.name]);
    for (const needed of options.applications) {
      const definition = byName.get(needed);
      if (definition !== undefined) visit(definition, [...path, options.name]);
    }
    ordered.add(options);
  };
  for (const options of definitions) visit(options, []);
  return [...ordered];
}
