/**
 * Runs a call through its pipeline: request steps, adapter, then response steps while there is a
 * response and error steps while there is an error, each at most once an attempt.
 */
import { sendGuarded } from '../adapter/guarded.ts';
import { Again, Halt } from '../message/control.ts';
import type { Call } from '../message/call.ts';
import { ReqRequest, type RequestInput } from '../message/request.ts';
import { ReqResponse } from '../message/response.ts';
import type { Pipeline, StepResult } from './step.ts';

type Outcome = ReqResponse | Error;

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
        return outcome;
      } else {
        throw outcome;
      }
    }
  } catch (error) {
    throw call.failure(error);
  } finally {
    call.end();
  }
}

async function attempt(
  pipeline: Pipeline,
  request: ReqRequest,
): Promise<Outcome | Again<RequestInput>> {
  let current: Outcome | undefined;
  for (const step of pipeline.request.functions) {
    const result = await settle(() => step(request));
    if (result === undefined) continue;
    if (result instanceof Again) return result;
    if (result instanceof Halt) return result.outcome;
    current = result;
    break;
  }
  if (current === undefined) {
    current =
      ((await settle(() => sendGuarded(request, pipeline.adapter))) as Outcome | undefined) ??
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
    let result: Exclude<StepResult, void>;
    if (before instanceof ReqResponse) {
      const step = responseSteps[r++];
      if (step === undefined) return before;
      result = await settle(() => step(request, before));
    } else {
      const step = errorSteps[e++];
      if (step === undefined) return before;
      result = await settle(() => step(request, before));
    }
    if (result === undefined || result === before) continue;
    const next = result instanceof Halt ? result.outcome : result;
    // A body that is not read by now never will be.
    if (before instanceof ReqResponse && next !== before) before.cancel('another response is used');
    if (next instanceof Again || result instanceof Halt) return next;
    current = next;
  }
}

/** What a step returns or throws; a promise only where the step gives one. */
function settle(
  step: () => StepResult | Promise<StepResult>,
): Exclude<StepResult, void> | Promise<Exclude<StepResult, void>> {
  try {
    const result = step();
    if (result instanceof Promise)
      return result.catch(asError) as Promise<Exclude<StepResult, void>>;
    return result as Exclude<StepResult, void>;
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error('A step threw what is no error', { cause: error });
}

function noResponse(): Error {
  return new TypeError('The adapter returned no ReqResponse');
}
