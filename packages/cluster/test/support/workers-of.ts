/** Worker threads as nodes, which run a program of the tests. */
import { pathToFileURL } from 'node:url';
import type { ChildSpec, ChildSpecOverrides } from '@linnet/otp';
import { Workers, type WorkersOptions } from '../../src/index.ts';

/** `program` is the path that an import with `?program` gives. */
export function workersOf(
  program: string,
  count: number,
  options: Partial<WorkersOptions & ChildSpecOverrides> = {},
): ChildSpec {
  return Workers.childSpec({
    count,
    module: pathToFileURL(program),
    worker: { execArgv: ['--no-warnings'] },
    startTimeout: 60_000,
    ...options,
  });
}
