/**
 * Whether each operation ends exactly once. A promise hides a second end, so
 * the ends are counted below it, where operations tell them.
 */
import { AsyncRequest } from '../src/operation/async-request.ts';
import { BufferedRequest } from '../src/operation/buffered-request.ts';
import { OpenedRequest } from '../src/operation/opened-request.ts';

type Ends = Record<'complete' | 'fail', (argument: unknown) => void>;

/** Calls back with the name of the class when an operation has ended for a second time. */
export function watchEnds(onSecondEnd: (name: string) => void): () => void {
  const ended = new WeakSet<object>();
  const undo: (() => void)[] = [];
  for (const operation of [AsyncRequest, BufferedRequest, OpenedRequest]) {
    const prototype = operation.prototype as unknown as Ends;
    for (const name of ['complete', 'fail'] as const) {
      const original = prototype[name];
      prototype[name] = function (this: object, argument) {
        if (ended.has(this)) onSecondEnd(operation.name);
        ended.add(this);
        original.call(this, argument);
      };
      undo.push(() => {
        prototype[name] = original;
      });
    }
  }
  return () => {
    for (const restore of undo) restore();
  };
}
