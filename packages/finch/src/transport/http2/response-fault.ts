/**
 * What is wrong with a response that nghttp2 lets through, as a typed error.
 */
import { ProtocolError } from '../../errors/index.ts';
import type { ExchangeDetails } from '../../errors/index.ts';

/** The body has another length than `content-length` says. */
export function wrongLength(facts: ExchangeDetails): ProtocolError {
  return new ProtocolError({
    ...facts,
    reason: 'content_length_mismatch',
    detail: 'the body is not as long as content-length says',
  });
}

/** An interim response where none may be, one of a status that HTTP/2 does not have, or one too many. */
export function badInterim(
  status: number,
  isAfterHead: boolean,
  facts: ExchangeDetails,
): ProtocolError {
  const reason = isAfterHead
    ? 'unexpected_interim_response'
    : status === 101
      ? 'unexpected_upgrade'
      : 'too_many_interim_responses';
  return new ProtocolError({ ...facts, reason, detail: `an interim response ${status} too many` });
}
