/** Files and other sources of request bodies, of which a test wants to know whether they were let go of. */
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, writeFileSync, type ReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import type { BodyInput } from '../../src/index.ts';

/** A body, and whether its source was let go of: closed, cancelled, ended. */
export interface WatchedBody {
  readonly body: BodyInput;
  /** How many of them are still open. */
  readonly open: () => number;
}

/** A path of a file with this content, removed after the test. */
export function fileOf(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'body');
  writeFileSync(path, content);
  return path;
}

/** A stream of a file that is open already. */
export async function openFile(content = 'from a file'): Promise<ReadStream> {
  const stream = createReadStream(fileOf(content));
  await once(stream, 'open');
  return stream;
}

const forever = new Promise<never>(() => {});

/** One of each kind of source that holds something open. */
export const watchedBodies: Readonly<Record<string, () => Promise<WatchedBody>>> = {
  'a stream of a file': async () => {
    const stream = await openFile();
    return { body: stream, open: () => (stream.closed ? 0 : 1) };
  },
  'a web stream': () => {
    let open = 1;
    const body = new ReadableStream<string>({
      start: (controller) => controller.enqueue('piece'),
      pull: () => forever,
      cancel: () => void (open -= 1),
    });
    return Promise.resolve({ body, open: () => open });
  },
  'a generator': () => {
    let open = 1;
    const end = () => ({ done: true as const, value: void (open = 0) });
    const pieces = ['a', 'b'];
    const body: IterableIterator<string, undefined> = {
      next: () => (pieces.length === 0 ? end() : { value: pieces.shift() ?? '' }),
      return: end,
      [Symbol.iterator]: () => body,
    };
    return Promise.resolve({ body, open: () => open });
  },
  'an async generator': () => {
    let open = 1;
    let begun = false;
    const body: AsyncIterableIterator<string, undefined> = {
      next: () => {
        if (begun) return forever;
        begun = true;
        return Promise.resolve({ value: 'piece' });
      },
      return: () => Promise.resolve({ done: true as const, value: void (open = 0) }),
      [Symbol.asyncIterator]: () => body,
    };
    return Promise.resolve({ body, open: () => open });
  },
  'a function that opens a file': () => {
    const path = fileOf('from a file');
    const streams: ReadStream[] = [];
    const body = (): ReadStream => {
      const stream = createReadStream(path);
      streams.push(stream);
      return stream;
    };
    const open = () => streams.filter((stream) => !stream.closed).length;
    return Promise.resolve({ body, open });
  },
};

/** Waits until nothing of it is open any more. */
export async function letGo({ open }: WatchedBody): Promise<void> {
  await eventually(() => expect(open()).toBe(0));
}
