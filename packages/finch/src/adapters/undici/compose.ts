/** Interceptors around a dispatch, by the contract of undici's `Dispatcher.compose`. */
import { InvalidRequestError } from '../../errors/index.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import type { DispatchHandler } from './handler.ts';

interface Dispatches {
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
}

/** What an interceptor wraps. The type of a method: those of undici's versions are alike, not the same. */
export type DispatchFunction = Dispatches['dispatch'];

/** Makes of one dispatch function another one. */
export type Interceptor = (dispatch: DispatchFunction) => DispatchFunction;

/** The dispatch function inside of these interceptors, the last one outermost. @throws InvalidRequestError */
export function composeDispatch(
  inner: DispatchFunction,
  interceptors: readonly Interceptor[],
): DispatchFunction {
  let dispatch = inner;
  for (const interceptor of interceptors as readonly unknown[]) {
    // As undici's, which lets a program leave one out by a condition.
    if (interceptor === undefined || interceptor === null) continue;
    if (typeof interceptor !== 'function') throw notOne(interceptor);
    const composed = (interceptor as Interceptor)(dispatch) as unknown;
    if (typeof composed !== 'function' || composed.length !== 2) throw notOne(interceptor);
    dispatch = composed as DispatchFunction;
  }
  return dispatch;
}

function notOne(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'interceptor',
    value,
    problem: 'This is no interceptor',
    allowed:
      'a function of a dispatch function that returns one, with the options and the handler as parameters',
  });
}
