/** What sends the calls that functions of more than one call consist of. */
import type { RequestInput } from './message/request.ts';
import type { ReqResponse } from './message/response.ts';
import type { Adapter } from './adapter/adapter.ts';

/** A client, as those functions see it. */
export interface Caller {
  /** Sends a request, by another adapter if one is given. */
  call(input: RequestInput, adapter?: Adapter): Promise<ReqResponse>;
}
