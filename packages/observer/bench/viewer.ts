/** Reads a stream of the observer, as a page does: a line is its URL, or `close`. */
import { answerLines } from '../../otp/bench/harness/program.ts';

let abort = new AbortController();

async function read(url: string): Promise<void> {
  const { body } = await fetch(url, {
    headers: { accept: 'text/event-stream' },
    signal: abort.signal,
  });
  if (body === null) throw new Error('no stream');
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  await reader.read();
  const drain = async (): Promise<void> => {
    for (let done = false; !done;) ({ done } = await reader.read());
  };
  drain().catch(() => {}); // it was closed
}

await answerLines(async (line) => {
  if (line === 'close') {
    abort.abort();
    abort = new AbortController();
  } else {
    await read(line);
  }
  return 'done';
});
