/**
 * For tests of what makes requests, with any test runner: a server that does what a script says, and a
 * stand-in for an instance that opens no socket.
 */
export { FakeOrigin } from './fake-origin.ts';
export type { OriginAnswer, OriginReply } from './fake-origin.ts';
export type { FakeOriginOptions } from './origin-server.ts';
export { ReceivedRequest } from './received-request.ts';
export type { FakeChunk, FakeReply } from './reply.ts';
export type { Fault } from './send-reply.ts';
export { stubFinch } from './stub-finch.ts';
export type { StubAnswer, StubAnswers, StubbedRequest, StubFinch } from './stub-finch.ts';
