/** Hedged requests: what is slow is asked once more, and the first response is taken. */
import { AsyncResource } from 'node:async_hooks';
import { arm, type Timer } from '@linnet/otp';
import { isReplayable } from '../body/replayable.ts';
import { runningBucket } from '../guards/find.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { isSafe, isTransient } from '../retry/transient.ts';
import { sendByFinch, sendWith } from './finch.ts';

/** Sends a request, and, with the option `hedge`, others beside it. */
export function sendHedged(request: ReqRequest): Promise<ReqResponse> {
  const { hedge } = request.options;
  if (hedge === false || hedge.delay === 'infinity') return sendByFinch(request);
  if (!isSafe(request.method) || !isReplayable(request.options)) return sendByFinch(request);
  const { delay, max } = hedge;
  return new Promise((resolve, reject) => {
    new Race(request, delay, max, resolve, reject).start();
  });
}

/**
 * The first to answer wins, the others are cancelled. One that fails as the connection may brings the next
 * forward; the error of the last one is that of all.
 */
class Race {
  readonly #request: ReqRequest;
  readonly #delay: number;
  readonly #resolve: (response: ReqResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #running = new Set<AbortController>();
  /** The caller's context, which a timer has not: its process, its span. */
  readonly #context = new AsyncResource('LinnetHedge');
  /** How many more may be sent beside the first. */
  #left: number;
  #timer: Timer | undefined;
  #over = false;

  constructor(
    request: ReqRequest,
    delay: number,
    max: number,
    resolve: (response: ReqResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#delay = delay;
    this.#left = max;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    this.#send();
    this.#arm();
  }

  /** There is no answer yet. */
  onTimeout(): void {
    if (this.#isAllowed()) this.#sendAnother();
    this.#arm();
  }

  #arm(): void {
    if (this.#left > 0) this.#timer = arm(this, this.#delay);
  }

  #sendAnother(): void {
    this.#left -= 1;
    this.#context.runInAsyncScope(() => this.#send());
  }

  /**
   * A server that is slow because of its load must not get a multiple of it: each further request takes a
   * retry of the budget, and a token of the rate limit. It waits for neither.
   */
  #isAllowed(): boolean {
    const { call, options, origin } = this.#request;
    const { rateLimit } = options;
    if (rateLimit !== false && runningBucket(options, origin, rateLimit)?.takeNow() !== true)
      return false;
    return call.budget?.take() !== false;
  }

  #send(): void {
    const controller = new AbortController();
    this.#running.add(controller);
    void this.#run(controller);
  }

  async #run(controller: AbortController): Promise<void> {
    const { signal } = this.#request;
    const both =
      signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
    try {
      const response = await sendWith(this.#request, both);
      if (this.#over) response.cancel(lost);
      else this.#won(controller, response);
    } catch (error) {
      this.#running.delete(controller);
      if (!this.#over) this.#failed(error);
    }
  }

  #won(winner: AbortController, response: ReqResponse): void {
    this.#end();
    for (const controller of this.#running) if (controller !== winner) controller.abort(lost);
    this.#resolve(response);
  }

  #failed(error: unknown): void {
    const mayPass = error instanceof Error && isTransient(error);
    if (mayPass && this.#left > 0 && this.#isAllowed()) {
      this.#timer?.cancel();
      this.#sendAnother();
      this.#arm();
    } else if (this.#running.size === 0) {
      this.#end();
      this.#reject(error);
    }
  }

  #end(): void {
    this.#over = true;
    this.#timer?.cancel();
  }
}

const lost = new DOMException('Another request was answered first', 'AbortError');
