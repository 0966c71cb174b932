/** A client over a Finch instance of its own, for one test; nothing of it may be left at the test's end. */
import { Finch, type InstanceOptions } from '@linnet/finch';
import { onTestFinished } from 'vitest';
import { noLeaks } from '../../../finch/test/support/no-leaks.ts';
import { uniqueName } from '../../../finch/test/support/unique-name.ts';
import { Req, type ReqOptions } from '../../src/index.ts';

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
