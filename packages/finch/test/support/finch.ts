/** An instance for one test, under a name of its own; nothing of it may be left at the test's end. */
import { eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Finch } from '../../src/index.ts';
import type { InstanceOptions } from '../../src/index.ts';

let count = 0;

/** A name that no other test has. */
export function uniqueName(): string {
  count += 1;
  return `Test${count}`;
}

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

/** Checks at the end of the test that nothing is left of what the test started. Call it first. */
function noLeaks(): void {
  const sockets = openSockets();
  onTestFinished(() => eventually(() => expect(openSockets()).toBeLessThanOrEqual(sockets)));
  leakCheck(onTestFinished);
}

function openSockets(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCP|Pipe|TLS)(Socket)?Wrap$/.test(name)).length;
}
