/** Hedged requests: what is slow is asked once more, and the first response is taken. */
import { arm, type Timer } from '@linnet/otp';
import { isReplayable } from '../body/replayable.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { isSafe } from '../retry/transient.ts';
import { sendByFinch, sendWith } from './finch.ts';

/** Sends a request, and, with the option `hedge`, others beside it. */
export function sendHedged(request: ReqRequest): Promise<ReqResponse> {
  const { hedge } = request.options;
  if (hedge === false || hedge.delay === 'infinity') return sendByFinch(request);
  if (!isSafe(request.method) || !isReplayable(request.options)) return sendByFinch(request);
  const { delay, max } = hedge;
  return new Promise((resolve, reject) => {
    new Race(request, delay, max, resolve, reject).send();
  });
}

/**
 * The first to answer wins, the others are cancelled. One that fails brings the next forward; the error of
 * the last one is that of all.
 */
class Race {
  readonly #request: ReqRequest;
  readonly #delay: number;
  readonly #resolve: (response: ReqResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #running = new Set<AbortController>();
  /** How many more may be sent. */
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
    this.#left = max + 1;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Sends the first, or a further one. */
  send(): void {
    this.#left -= 1;
    const controller = new AbortController();
    this.#running.add(controller);
    if (this.#left > 0) this.#timer = arm({ onTimeout: () => this.send() }, this.#delay);
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
    if (this.#left > 0 && this.#request.signal?.aborted !== true) {
      this.#timer?.cancel();
      this.send();
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
