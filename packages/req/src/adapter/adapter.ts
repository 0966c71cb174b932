/** What an adapter is: the function at the end of the request steps, which sends. */
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';

/** Sends a request. */
export type Adapter = (request: ReqRequest) => ReqResponse | Promise<ReqResponse>;
