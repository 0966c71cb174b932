/** The body of `streamWhile` that a function of the accumulator makes, step by step. */
import { InvalidRequestError } from '../../errors/index.ts';
import type { BodyChunk, BodyStep, StepBody } from '../../request/index.ts';
import type { OutgoingBody } from '../outgoing-body.ts';

/** The fold whose accumulator it is. */
export interface StepBodyUser {
  /** Another function of the caller's has the accumulator. */
  readonly busy: boolean;
  /** The fold wants no more of the body. */
  readonly done: boolean;
  callBody(body: StepBody): Promise<unknown>;
  advance(acc: unknown): void;
  haltBody(acc: unknown): void;
  failBody(error: unknown): void;
}

const end: IteratorResult<BodyChunk, undefined> = { done: true, value: undefined };

export class SteppedBody implements OutgoingBody, AsyncIterableIterator<BodyChunk, undefined> {
  /** Its steps have changed the accumulator: it is sent once. */
  readonly sendable = false;
  private readonly body: StepBody;
  private readonly user: StepBodyUser;
  private finished = false;
  private resume: (() => void) | undefined = undefined;

  constructor(body: StepBody, user: StepBodyUser) {
    this.body = body;
    this.user = user;
  }

  begin(): void {}

  open(): this {
    return this;
  }

  attemptOver(): void {}

  /** The rest of it is not wanted. */
  close(): void {
    this.finished = true;
    this.wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<BodyChunk, undefined>> {
    // The wire asks while it runs for another request: the answer comes in a turn of its own.
    await Promise.resolve();
    const { user } = this;
    while (user.busy && !user.done && !this.finished) {
      await new Promise<void>((resolve) => (this.resume = resolve));
    }
    if (user.done || this.finished) return end;
    try {
      return this.apply(await user.callBody(this.body));
    } catch (error) {
      this.finished = true;
      user.failBody(error);
      return end;
    }
  }

  return(): Promise<IteratorResult<BodyChunk, undefined>> {
    this.close();
    return Promise.resolve(end);
  }

  /** The accumulator is free. */
  wake(): void {
    this.resume?.();
    this.resume = undefined;
  }

  private apply(step: unknown): IteratorResult<BodyChunk, undefined> {
    const { user } = this;
    if (user.done) return end;
    if (!isStep(step)) throw badStep(step);
    if ('data' in step) {
      user.advance(step.acc);
      return { done: false, value: step.data };
    }
    this.finished = true;
    if ('done' in step) user.advance(step.done);
    else user.haltBody(step.halt);
    return end;
  }
}

function isStep(step: unknown): step is BodyStep<unknown> {
  if (typeof step !== 'object' || step === null) return false;
  return ('data' in step && 'acc' in step) || 'done' in step || 'halt' in step;
}

function badStep(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value,
    problem: 'The body function returned something else than a step',
    allowed: '{ data: chunk, acc }, { done: acc } or { halt: acc }',
  });
}
