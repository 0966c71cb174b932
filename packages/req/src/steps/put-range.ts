/** The step `putRange`. */
import type { ReqRequest } from '../message/request.ts';

/** Asks for a part of the body only. */
export function putRange(request: ReqRequest): void {
  const { range } = request.options;
  if (range !== undefined) request.headers.set('range', range);
}
