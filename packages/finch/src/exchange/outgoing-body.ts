/** The body of a request that is read while it is sent, as its exchange sees it. */
import { isReplayable, isSource, openBody, StepBody } from '../request/index.ts';
import type { BodySource, SendableBody, RequestBody } from '../request/index.ts';
import { isOneShot, claimSource, type UnusableSource } from '../request/source.ts';
import { BodyFeed, type FeedUser } from './body-feed.ts';
import type { CallerContext } from './caller-context.ts';

export interface OutgoingBody {
  /** Whether it can be sent from its beginning (once more). */
  readonly sendable: boolean;
  /** The request begins. @throws RequestBodyError when its body is not whole any more. */
  begin(): void;
  /** The body for one attempt. @throws RequestBodyError, InvalidRequestError */
  open(): SendableBody;
  /** Another attempt may come: what was made for this one is closed. */
  attemptOver(): void;
  /** The request is over: nothing of the body stays open. */
  close(): void;
}

/** The request whose body it is. */
interface BodyUser extends FeedUser {
  /** The error of a request whose body cannot be sent. */
  bodyUnusable(problem: UnusableSource): Error;
}

/** Whether a body is read while it is sent. The steps of `streamWhile` have a way of their own. */
export function isRead(body: RequestBody): boolean {
  return (
    body !== null &&
    typeof body !== 'string' &&
    !(body instanceof Uint8Array) &&
    !(body instanceof StepBody)
  );
}

/**
 * A stream, an iterable, or a function that makes one: no other request sends it meanwhile, it is
 * opened for each attempt, and nothing of it stays open, however the request ends.
 */
export class SourceBody implements OutgoingBody {
  private readonly body: RequestBody;
  private readonly inCaller: CallerContext;
  private readonly user: BodyUser;
  /** Of the attempt under way; of a source that can be read only once, from the beginning on. */
  private feed: BodyFeed | undefined = undefined;
  /** It is the body itself that is read, and only once. */
  private once = false;

  constructor(body: RequestBody, inCaller: CallerContext, user: BodyUser) {
    this.body = body;
    this.inCaller = inCaller;
    this.user = user;
  }

  get sendable(): boolean {
    return isReplayable(this.body) || this.feed?.begun !== true;
  }

  begin(): void {
    const { body } = this;
    if (!isSource(body) || !isOneShot(body)) return;
    this.feed = this.feedOf(body);
    this.once = true;
  }

  /** A function of the caller's runs as the caller. */
  open(): SendableBody {
    if (this.once && this.feed !== undefined) return this.feed;
    this.attemptOver();
    const opened = this.inCaller(openBody, this.body);
    if (!isSource(opened)) return opened;
    this.feed = this.feedOf(opened);
    return this.feed;
  }

  attemptOver(): void {
    if (!this.once) this.feed?.close();
  }

  close(): void {
    this.feed?.close();
  }

  private feedOf(source: BodySource): BodyFeed {
    const problem = claimSource(source);
    if (problem !== undefined) throw this.user.bodyUnusable(problem);
    return new BodyFeed(source, this.inCaller, this.user);
  }
}
