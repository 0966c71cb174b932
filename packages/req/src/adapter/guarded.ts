/** Sends a request when its rate limit and its circuit breaker let it; tells breaker and upstream of the outcome. */
import { RequestCancelledError } from '@linnet/finch';
import { CircuitOpenError } from '../errors/index.ts';
import type { Breaker, Outcome, Permit } from '../guards/breaker.ts';
import { breakerOf, bucketOf, ejectedOf, outlierOf } from '../guards/find.ts';
import { Upstreams } from '../upstreams.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import type { Adapter } from './adapter.ts';
import { isTransient } from '../retry/transient.ts';

/** The adapter, guarded; itself when the call has none of `breaker`, `rateLimit` and `outlier`. */
export function sendGuarded(
  request: ReqRequest,
  adapter: Adapter,
): ReqResponse | Promise<ReqResponse> {
  const { breaker, rateLimit, outlier } = request.options;
  if (breaker === false && rateLimit === false && outlier === false) return adapter(request);
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
  const upstream = await enterUpstream(request);
  const permit = breaker === undefined ? undefined : enter(breaker, origin);
  if (permit === undefined && upstream === undefined) return await adapter(request);
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
    permit?.done(outcome);
    upstream?.done(outcome);
  }
}

/** None where the request goes to no server of a list. */
async function enterUpstream({ options, origin }: ReqRequest): Promise<Permit | undefined> {
  const { outlier: settings, baseUrl } = options;
  if (settings === false || !(baseUrl instanceof Upstreams)) return undefined;
  const { origins } = baseUrl;
  if (!origins.has(origin)) return undefined;
  const most = Math.floor(settings.maxEjected * origins.size);
  const mayEject = (): boolean => ejectedOf(options, origins, settings).size < most;
  return (await outlierOf(options, origin, settings)).enter(mayEject);
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
