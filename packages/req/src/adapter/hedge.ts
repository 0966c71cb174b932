/** Hedged requests: what is slow is asked once more, and the first response is taken. */
import { arm } from '@linnet/otp';
import { isReplayable } from '../body/replayable.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import type { HedgeSettings } from '../options/index.ts';
import { isSafe } from '../retry/transient.ts';
import { sendByFinch, sendWith } from './finch.ts';

/** Sends a request, and, with the option `hedge`, others beside it. */
export function sendHedged(request: ReqRequest): Promise<ReqResponse> {
  const { hedge } = request.options;
  if (hedge === false || hedge.delay === 'infinity') return sendByFinch(request);
  if (!isSafe(request.method) || !isReplayable(request.options)) return sendByFinch(request);
  return race(request, hedge, hedge.delay);
}

/**
 * The first to answer wins, the others are cancelled. One that fails before the next is due brings that
 * forward; the error of the last one is that of all.
 */
function race(request: ReqRequest, { max }: HedgeSettings, delay: number): Promise<ReqResponse> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    const running = new Set<AbortController>();
    let sent = 0;
    let over = false;

    const finish = (winner: AbortController | undefined): void => {
      over = true;
      timer.cancel();
      for (const controller of running) if (controller !== winner) controller.abort(lost);
      // A body that is still being read can be cancelled by its caller.
      if (winner === undefined || request.options.into === undefined) {
        signal?.removeEventListener('abort', onAbort);
      }
    };
    const onAbort = (): void => {
      for (const controller of running) controller.abort(signal?.reason);
    };
    const attempt = async (controller: AbortController): Promise<void> => {
      try {
        const response = await sendWith(request, controller.signal);
        if (over) return response.cancel(lost);
        finish(controller);
        resolve(response);
      } catch (error) {
        running.delete(controller);
        if (over) return;
        if (sent <= max && signal?.aborted !== true) {
          timer.cancel();
          next();
        } else if (running.size === 0) {
          finish(undefined);
          reject(error);
        }
      }
    };
    const send = (): void => {
      sent += 1;
      const controller = new AbortController();
      running.add(controller);
      if (signal?.aborted === true) controller.abort(signal.reason);
      void attempt(controller);
      if (sent <= max) timer = arm({ onTimeout: next }, delay);
    };
    const next = (): void => {
      if (!over && sent <= max) send();
    };
    let timer = arm({ onTimeout: next }, delay);
    timer.cancel();
    signal?.addEventListener('abort', onAbort, { once: true });
    send();
  });
}

const lost = new DOMException('Another request was answered first', 'AbortError');
