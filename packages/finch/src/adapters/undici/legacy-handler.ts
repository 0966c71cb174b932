/** A handler in the shape of undici 6 as one in that of undici 7 and 8, with which interceptors work. */
import type { Duplex } from 'node:stream';
import { InvalidRequestError } from '../../errors/index.ts';
import { rawFields } from './fields.ts';
import type {
  DispatchController,
  DispatchHandler,
  LegacyHandler,
  ParsedFields,
  ResponseHandler,
} from './handler.ts';

/**
 * The handler in the newer shape; one that has it already is returned as it is.
 *
 * @throws InvalidRequestError when it is no object.
 */
export function responseHandler(handler: DispatchHandler): ResponseHandler {
  if (typeof handler !== 'object' || (handler as unknown) === null) {
    throw new InvalidRequestError({
      option: 'handler',
      value: handler,
      problem: 'There is no handler to give the response to',
      allowed: 'an object with the methods of a dispatch handler of undici',
    });
  }
  return typeof handler.onRequestStart === 'function' ? handler : new AdaptedHandler(handler);
}

class AdaptedHandler implements ResponseHandler {
  private readonly handler: LegacyHandler;

  constructor(handler: LegacyHandler) {
    this.handler = handler;
  }

  onRequestStart(controller: DispatchController, context: object): void {
    this.handler.onConnect?.((reason) => controller.abort(reason), context);
  }

  onRequestUpgrade(
    controller: DispatchController | null,
    status: number,
    headers: ParsedFields,
    socket: Duplex,
  ): void {
    this.handler.onUpgrade?.(status, rawFields(controller?.rawHeaders ?? headers), socket);
  }

  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: ParsedFields,
    statusText = '',
  ): void {
    // An interceptor may answer by itself, and knows no raw headers.
    const raw = rawFields(controller.rawHeaders ?? headers);
    const goOn = this.handler.onHeaders?.(status, raw, () => controller.resume(), statusText);
    // Of an interim response undici 6 does not look at what its handlers return.
    if (goOn === false && status >= 200) controller.pause();
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    if (this.handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: DispatchController | null, trailers: ParsedFields): void {
    this.handler.onComplete?.(rawFields(controller?.rawTrailers ?? trailers));
  }

  onResponseError(_controller: DispatchController | null, error: Error): void {
    if (this.handler.onError === undefined) throw error;
    this.handler.onError(error);
  }
}
