/**
 * Requests: building and checking them.
 */
export { buildRequest } from './build.ts';
export { isReplayable, isSource, needsStreamWhile, openBody, StepBody } from './body.ts';
export type { BodyInput, BodyStep, BodySteps, SendableBody, RequestBody } from './body.ts';
export type { BodyChunk, BodySource } from './source.ts';
export { trailerFields, withHeader } from './headers.ts';
export { isIdempotent } from './method.ts';
export type { Method } from './method.ts';
export type { Scheme } from '../identity/index.ts';
export { isRequest, putPrivate, withHeaders } from './request.ts';
export type { PrivateData, Request } from './request.ts';
export { userAgent } from './user-agent.ts';
