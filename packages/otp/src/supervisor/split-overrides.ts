/** Options of a supervisor, and of it as a child, given as one object. */
import type { ChildSpecOverrides } from '../process/child-spec.ts';

type Overrides = Omit<ChildSpecOverrides, 'id' | 'type'>;

/** Takes apart what concerns the child specification, but for its id, and everything else. */
export function splitOverrides<T extends Overrides>(
  options: T,
): readonly [overrides: Overrides, rest: Omit<T, keyof Overrides>] {
  const { restart, shutdown, significant, backoff, ...rest } = options;
  const overrides = {
    ...(restart === undefined ? undefined : { restart }),
    ...(shutdown === undefined ? undefined : { shutdown }),
    ...(significant === undefined ? undefined : { significant }),
    ...(backoff === undefined ? undefined : { backoff }),
  };
  return [overrides, rest];
}
