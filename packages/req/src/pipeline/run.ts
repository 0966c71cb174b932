/**
 * Runs a call through its pipeline: request steps, adapter, then response steps while there is a
 * response and error steps while there is an error, each at most once an attempt.
 */
import { sendGuarded } from '../adapter/guarded.ts';
import { discardBodies } from '../body/discard.ts';
import { ReqCancelledError } from '../errors/index.ts';
import { Again, Halt } from '../message/control.ts';
import type { Call } from '../message/call.ts';
import { ReqRequest, type RequestInput } from '../message/request.ts';
import { ReqResponse } from '../message/response.ts';
import type { Pipeline, StepResult } from './step.ts';

type Outcome = ReqResponse | Error;
type Result = Exclude<StepResult, void>;
type Returned = Result | Promise<Result>;

/** Resolves with the response, rejects with the error of the last attempt. */
export async function run(
  pipeline: Pipeline,
  first: RequestInput,
  call: Call,
): Promise<ReqResponse> {
  try {
    for (let input = first; ;) {
      const outcome = await attempt(pipeline, new ReqRequest(input, call));
      if (outcome instanceof Again) {
        ({ input } = outcome);
        call.attempt += 1;
      } else if (outcome instanceof ReqResponse) {
        if (call.visited.length > 0) outcome.redirects = call.visited;
        return outcome;
      } else {
        throw outcome;
      }
    }
  } catch (error) {
    throw call.failure(error);
  } finally {
    call.end();
    discardBodies(first.options, call.sent);
  }
}

async function attempt(
  pipeline: Pipeline,
  request: ReqRequest,
): Promise<Outcome | Again<RequestInput>> {
  let current: Outcome | undefined;
  for (const step of pipeline.request.functions) {
    const returned = outcomeOf(() => step(request));
    // Most steps return nothing at once: no turn of the microtasks for each of them.
    const result = isPromise(returned) ? await unlessCancelled(returned, request) : returned;
    if (result === undefined) continue;
    if (result instanceof Again) return result;
    if (result instanceof Halt) return result.outcome;
    current = result;
    break;
  }
  if (current === undefined) {
    current =
      ((await outcomeOf(() => sendGuarded(request, pipeline.adapter))) as Outcome | undefined) ??
      noResponse();
  }
  return await finish(pipeline, request, current);
}

async function finish(
  pipeline: Pipeline,
  request: ReqRequest,
  first: Outcome,
): Promise<Outcome | Again<RequestInput>> {
  const responseSteps = pipeline.response.functions;
  const errorSteps = pipeline.error.functions;
  let current = first;
  for (let r = 0, e = 0; ;) {
    const before = current;
    let returned: Returned;
    if (before instanceof ReqResponse) {
      const step = responseSteps[r++];
      if (step === undefined) return before;
      returned = outcomeOf(() => step(request, before));
    } else {
      const step = errorSteps[e++];
      if (step === undefined) return before;
      returned = outcomeOf(() => step(request, before));
    }
    const result = isPromise(returned) ? await ended(returned, before, request) : returned;
    if (result === undefined || result === before) continue;
    const next = result instanceof Halt ? result.outcome : result;
    // A body that is not read by now never will be.
    if (before instanceof ReqResponse && next !== before) before.cancel('another response is used');
    if (next instanceof Again || result instanceof Halt) return next;
    current = next;
  }
}

/** What goes into a file or a stream ends with the body, and is cleared away before the call is over. */
function ended(result: Promise<Result>, outcome: Outcome, request: ReqRequest): Promise<Result> {
  const { into } = request.options;
  const endsItself = typeof into === 'object' && outcome instanceof ReqResponse && outcome.streamed;
  return endsItself ? result : unlessCancelled(result, request);
}

/** What a step returns or throws; a promise only where the step gives one. */
function outcomeOf(step: () => StepResult | Promise<StepResult>): Returned {
  try {
    const result = step();
    return isPromise(result) ? caught(result) : (result as Result);
  } catch (error) {
    return asError(error);
  }
}

async function caught(result: Promise<StepResult>): Promise<Result> {
  try {
    return (await result) as Result;
  } catch (error) {
    return asError(error);
  }
}

/** What the step gives, unless the call is cancelled before: a step that waits cannot hold it up. */
function unlessCancelled(result: Promise<Result>, { signal }: ReqRequest): Promise<Result> {
  if (signal === undefined) return result;
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(new ReqCancelledError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    void result.then((given) => {
      signal.removeEventListener('abort', onAbort);
      resolve(given);
    });
  });
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error('A step threw what is no error', { cause: error });
}

function noResponse(): Error {
  return new TypeError('The adapter returned no ReqResponse');
}
