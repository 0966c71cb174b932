/** Sends a request when its rate limit and its circuit breaker let it. */
import { RequestCancelledError } from '@linnet/finch';
import { CircuitOpenError } from '../errors/index.ts';
import type { Breaker, Outcome, Permit } from '../guards/breaker.ts';
import { breakerOf, bucketOf } from '../guards/find.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import type { Adapter } from '../pipeline/step.ts';
import { isTransient } from '../retry/transient.ts';

/** The adapter, guarded; itself when the call has neither `breaker` nor `rateLimit`. */
export function sendGuarded(
  request: ReqRequest,
  adapter: Adapter,
): ReqResponse | Promise<ReqResponse> {
  const { breaker, rateLimit } = request.options;
  if (breaker === false && rateLimit === false) return adapter(request);
  return guarded(request, adapter);
}

async function guarded(request: ReqRequest, adapter: Adapter): Promise<ReqResponse> {
  const { options, origin, call } = request;
  const { breaker: settings, rateLimit } = options;
  const breaker = settings === false ? undefined : await breakerOf(options, origin, settings);
  // Nothing waits for its turn only to be refused then.
  const opensIn = breaker?.opensIn;
  if (opensIn !== undefined) throw new CircuitOpenError({ origin, retryAfter: opensIn });
  if (rateLimit !== false) {
    const bucket = await bucketOf(options, origin, rateLimit);
    await bucket.take(call.signal);
  }
  if (breaker === undefined) return await adapter(request);
  const permit = enter(breaker, origin);
  let outcome: Outcome = 'neither';
  try {
    const response = await adapter(request);
    outcome = response.status >= 500 ? 'failure' : 'success';
    return response;
  } catch (error) {
    if (error instanceof Error && (isTransient(error) || isOutOfTime(error, call.signal)))
      outcome = 'failure';
    throw error;
  } finally {
    permit.done(outcome);
  }
}

/** Whether the time of the call ended while the server had it, not in the queue for a connection. */
function isOutOfTime(error: Error, signal: AbortSignal | undefined): boolean {
  if (!(error instanceof RequestCancelledError) || error.phase === 'queue') return false;
  const reason: unknown = signal?.reason;
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

function enter(breaker: Breaker, origin: string): Permit {
  const permit = breaker.enter();
  if (permit !== undefined) return permit;
  throw new CircuitOpenError({ origin, retryAfter: breaker.opensIn ?? 0 });
}
