/** A client over a Finch instance of its own, for one test; nothing of it may be left at the test's end. */
import { Finch, type InstanceOptions } from '@linnet/finch';
import { eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Req, type ReqOptions } from '../../src/index.ts';

let count = 0;

/** A name that no other test has. */
export function uniqueName(): string {
  count += 1;
  return `ReqTest${count}`;
}

/** Starts the instance, and makes a client of it. Call it before anything else that the test starts. */
export async function startReq(
  options: ReqOptions = {},
  pools: InstanceOptions['pools'] = {},
): Promise<Req> {
  return (await startClient(options, pools)).req;
}

/** The same, with the instance. */
export async function startClient(
  options: ReqOptions = {},
  pools: InstanceOptions['pools'] = {},
): Promise<{ readonly req: Req; readonly finch: Finch }> {
  noLeaks();
  const finch = await Finch.startLink({ name: uniqueName(), pools });
  onTestFinished(() => finch[Symbol.asyncDispose]());
  return { req: Req.new({ finch, retryDelay: 0, ...options }), finch };
}

/** Checks at the end of the test that no process, timer or socket is left. */
export function noLeaks(): void {
  const sockets = openSockets();
  onTestFinished(() => eventually(() => expect(openSockets()).toBeLessThanOrEqual(sockets)));
  leakCheck(onTestFinished);
}

function openSockets(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCP|Pipe|TLS)(Socket)?Wrap$/.test(name)).length;
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error as Error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`resolved with ${String(outcome.value)} instead of rejecting`);
}
