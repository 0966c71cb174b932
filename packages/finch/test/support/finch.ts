/** An instance for one test, under a name of its own; nothing of it may be left at the test's end. */
import { onTestFinished } from 'vitest';
import { Finch } from '../../src/index.ts';
import type { InstanceOptions } from '../../src/index.ts';
import { noLeaks } from './no-leaks.ts';
import { uniqueName } from './unique-name.ts';

/**
 * Starts an instance and stops it at the end of the test, when no process,
 * timer, watch or socket may be there that was not there before.
 */
export async function startFinch(options: Omit<InstanceOptions, 'name'> = {}): Promise<Finch> {
  noLeaks();
  const finch = await Finch.startLink({ name: uniqueName(), ...options });
  onTestFinished(() => finch[Symbol.asyncDispose]());
  return finch;
}
