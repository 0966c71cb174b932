/** What the `childSpec` of a module makes of its options. */
import type { ChildId, ChildSpecOverrides } from './child-spec.ts';
import type { NameOption } from '../names/server-ref.ts';

/**
 * Takes options apart: what overrides the child specification, and what is for the start of the
 * process. Use it in the `childSpec` of a module of your own. An override that is undefined is none.
 *
 * Source: `Supervisor.child_spec/2` of Elixir, which overrides a specification in the same way.
 * @example
 * function childSpec(options: { readonly shard: number } & ChildSpecOverrides): ChildSpec {
 *   const [overrides, { shard }] = splitOverrides(options);
 *   return { id: 'cache', start: () => Cache.startLink(shard), ...overrides };
 * }
 */
export function splitOverrides<T extends ChildSpecOverrides>(
  options: T,
): readonly [overrides: ChildSpecOverrides, rest: Omit<T, keyof ChildSpecOverrides>] {
  // What is no object has no overrides; the module says what is wrong with it.
  if (!isObject(options)) return [{}, options];
  const { id, restart, shutdown, type, significant, backoff, ...rest } = options;
  const overrides = {
    ...(id === undefined ? undefined : { id }),
    ...(restart === undefined ? undefined : { restart }),
    ...(shutdown === undefined ? undefined : { shutdown }),
    ...(type === undefined ? undefined : { type }),
    ...(significant === undefined ? undefined : { significant }),
    ...(backoff === undefined ? undefined : { backoff }),
  };
  return [overrides, rest];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** The id of a child with a name: the name, or the key of a via name. */
export function idOf(name: NameOption | undefined): ChildId | undefined {
  return typeof name === 'object' ? (name.via[1] as ChildId) : name;
}
