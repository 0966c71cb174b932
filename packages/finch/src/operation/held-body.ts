/**
 * The body of a request that is read while it is sent, from the moment the
 * request is begun to its end: nobody else sends it meanwhile, it is opened for
 * each attempt, and nothing of it stays open, however the request ends.
 */
import {
  isReplayable,
  isSource,
  openBody,
  type BodySource,
  type OpenBody,
  type RequestBody,
} from '../request/index.ts';
import { isOneShot, takeSource, type Spoilt } from '../request/source.ts';
import { BodyFeed, type FeedUser } from './body-feed.ts';
import type { CallerContext } from './caller-context.ts';

/** The request whose body it is. */
export interface BodyUser extends FeedUser {
  /** The error of a request whose body cannot be sent. */
  bodySpoilt(spoilt: Spoilt): Error;
}

export class HeldBody {
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

  /** Whether it can be sent from its beginning (once more). */
  get sendable(): boolean {
    return isReplayable(this.body) || this.feed?.begun !== true;
  }

  /** The request begins. @throws RequestBodyError when its body is not whole any more. */
  take(): void {
    const { body } = this;
    if (!isSource(body) || !isOneShot(body)) return;
    this.feed = this.feedOf(body);
    this.once = true;
  }

  /**
   * The body for one attempt. A function of the caller's runs as the caller.
   *
   * @throws RequestBodyError when what it returned is used up; InvalidRequestError.
   */
  open(): OpenBody {
    if (this.once && this.feed !== undefined) return this.feed;
    this.attemptOver();
    const opened = this.inCaller(openBody, this.body);
    if (!isSource(opened)) return opened;
    this.feed = this.feedOf(opened);
    return this.feed;
  }

  /** Another attempt may come: what was made for this one is let go of. */
  attemptOver(): void {
    if (!this.once) this.feed?.close();
  }

  /** The request is over. */
  release(): void {
    this.feed?.close();
  }

  private feedOf(source: BodySource): BodyFeed {
    const spoilt = takeSource(source);
    if (spoilt !== undefined) throw this.user.bodySpoilt(spoilt);
    return new BodyFeed(source, this.inCaller, this.user);
  }
}
