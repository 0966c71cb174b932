/** Requests that fail before there is anything that could hold their body. */
import { isRequest } from '../request/index.ts';
import { letGoUnsent } from '../request/source.ts';

/**
 * The error of a request that could not be begun. Nobody will read its body, so
 * that is let go of: `input` is a built request, or a body.
 */
export function notBegun(input: unknown, error: unknown): unknown {
  letGoUnsent(isRequest(input) ? input.body : input);
  return error;
}
