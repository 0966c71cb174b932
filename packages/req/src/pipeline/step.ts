/** What steps are: functions of a request, and of its response or its error. */
import type { Adapter } from '../adapter/adapter.ts';
import type { Again, Halt } from '../message/control.ts';
import type { ReqRequest, RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import type { StepList } from './step-list.ts';

/**
 * What a step returns: nothing, to go on; a response or an error, in place of what there is; `halt(…)`
 * to end the call; `request.again(…)` for another attempt. What a step throws it is as if it returned.
 */
export type StepResult = ReqResponse | Error | Halt | Again<RequestInput> | undefined | void;

/** Runs before a request is sent, and may change it. A response skips the sending. */
export type RequestStep = (request: ReqRequest) => StepResult | Promise<StepResult>;

/** Runs when there is a response, and may change it. */
export type ResponseStep = (
  request: ReqRequest,
  response: ReqResponse,
) => StepResult | Promise<StepResult>;

/** Runs when there is an error: one of Finch, or what a step returned or threw. */
export type ErrorStep = (request: ReqRequest, error: Error) => StepResult | Promise<StepResult>;

/** All that a call goes through. */
export interface Pipeline {
  readonly request: StepList<RequestStep>;
  readonly adapter: Adapter;
  readonly response: StepList<ResponseStep>;
  readonly error: StepList<ErrorStep>;
}
