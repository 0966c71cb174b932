/** Nothing of a test may be left at its end. */
import { eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';

/**
 * Checks at the end of the test that no process, timer, watch or socket is there that was not there
 * before. Call it first.
 */
export function noLeaks(): void {
  const sockets = openSockets();
  onTestFinished(() => eventually(() => expect(openSockets()).toBeLessThanOrEqual(sockets)));
  leakCheck(onTestFinished);
}

/** Sockets that keep this program running, those of the test's servers included. */
function openSockets(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCP|Pipe|TLS)(Socket)?Wrap$/.test(name)).length;
}
