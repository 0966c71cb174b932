/**
 * Whether each request ends exactly once. A promise hides a second end, so the
 * ends are counted below it, where sinks are told them.
 */
import { Collect } from '../src/exchange/sinks/collect.ts';
import { Mailbox } from '../src/exchange/sinks/mailbox.ts';
import { ResponseReader } from '../src/exchange/sinks/reader.ts';

type Ends = Record<'end' | 'fail', (argument: unknown) => unknown>;

/** Calls back with the name of the class when a request has ended for a second time. */
export function watchEnds(onSecondEnd: (name: string) => void): () => void {
  const ended = new WeakSet<object>();
  const undo: (() => void)[] = [];
  for (const sink of [Mailbox, Collect, ResponseReader]) {
    const prototype = sink.prototype as unknown as Ends;
    for (const name of ['end', 'fail'] as const) {
      const original = prototype[name];
      prototype[name] = function (this: object, argument) {
        if (ended.has(this)) onSecondEnd(sink.name);
        ended.add(this);
        return original.call(this, argument);
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
