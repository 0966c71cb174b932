/** What `Finch.childSpec` and `Pool.childSpec` are given beside the options of the child itself. */
import type { ChildSpecOverrides } from '@linnet/otp';

/** Parts what a supervisor is to know of a child from everything else. */
export function splitOverrides<T extends ChildSpecOverrides>(
  options: T,
): readonly [overrides: ChildSpecOverrides, rest: Omit<T, keyof ChildSpecOverrides>] {
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
