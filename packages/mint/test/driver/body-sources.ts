/** `hello` in two pieces, as every kind of source that a body may be. */
import { Readable } from 'node:stream';
import type { WireBody } from '../../src/index.ts';

/** With pieces that are empty, and one that comes later. */
export async function* asyncPieces(): AsyncGenerator<string | Uint8Array> {
  yield 'hel';
  yield '';
  yield new Uint8Array(0);
  await new Promise((resolve) => setImmediate(resolve));
  yield Buffer.from('lo');
}

export const sources: Readonly<Record<string, () => WireBody>> = {
  'an async generator': asyncPieces,
  'a generator': function* pieces() {
    yield 'hel';
    yield '';
    yield Buffer.from('lo');
  },
  'an array': () => ['hel', '', Buffer.from('lo')],
  'a Node stream': () => Readable.from([Buffer.from('hel'), Buffer.from('lo')]),
  'a web stream': () =>
    new ReadableStream<string | Uint8Array>({
      start(controller) {
        controller.enqueue('hel');
        controller.enqueue(new Uint8Array(Buffer.from('lo')));
        controller.close();
      },
    }),
};
