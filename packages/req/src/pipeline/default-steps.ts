/** The steps of every client, in the order in which they run. */
import { sendHedged } from '../adapter/hedge.ts';
import { auth, refreshAuth } from '../steps/auth.ts';
import { findInCache, staleIfError, storeInCache } from '../steps/cache.ts';
import { compressBody } from '../steps/compress-body.ts';
import { compressed } from '../steps/compressed.ts';
import { putCookies, storeCookies } from '../steps/cookies.ts';
import { decodeBody } from '../steps/decode-body.ts';
import { decompressBody } from '../steps/decompress-body.ts';
import { encodeBody } from '../steps/encode-body.ts';
import { handleHttpErrors } from '../steps/handle-http-errors.ts';
import { into } from '../steps/into.ts';
import { putBaseUrl } from '../steps/put-base-url.ts';
import { putParams } from '../steps/put-params.ts';
import { putPathParams } from '../steps/put-path-params.ts';
import { putRange } from '../steps/put-range.ts';
import { putUserAgent } from '../steps/put-user-agent.ts';
import { redirect } from '../steps/redirect.ts';
import { retryError, retryResponse } from '../steps/retry.ts';
import { verifyChecksum } from '../steps/verify-checksum.ts';
import type { Pipeline } from './step.ts';
import { StepList } from './step-list.ts';

export const defaultSteps: Pipeline = {
  request: StepList.of({
    putUserAgent,
    compressed,
    encodeBody,
    putBaseUrl,
    putPathParams,
    putParams,
    // From here on the URL is complete.
    auth,
    putRange,
    putCookies,
    compressBody,
    // The headers are complete, by which kept responses are told apart.
    cache: findInCache,
  }),
  adapter: sendHedged,
  response: StepList.of({
    storeCookies,
    cache: storeInCache,
    refreshAuth,
    retry: retryResponse,
    redirect,
    // From here on it is the response that the caller gets.
    decompressBody,
    verifyChecksum,
    into,
    decodeBody,
    handleHttpErrors,
  }),
  error: StepList.of({ cache: staleIfError, retry: retryError }),
};
