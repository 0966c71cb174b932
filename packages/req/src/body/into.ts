/** Reads a body into a file, a function or a stream of Node's. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReqOptionsError } from '../errors/index.ts';
import type { Into, IntoFunction, ResponseHead } from '../options/index.ts';

/** Resolves when all of it is there; rejects as the body, the file, the function or the stream fails. */
export async function writeInto(
  target: Exclude<Into, 'stream'>,
  pieces: AsyncIterable<Uint8Array>,
  head: ResponseHead,
): Promise<void> {
  if (typeof target === 'function') await intoFunction(target, pieces, head);
  else if ('file' in target) await intoFile(target.file, pieces);
  else await intoStream(target, pieces);
}

/** A stream that has ended would neither take the body nor say so. */
async function intoStream(target: Writable, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  if (!target.writable) {
    const detail = 'the stream has ended or was destroyed';
    const allowed = 'a stream that can be written to';
    throw new ReqOptionsError({ option: 'into', value: target, detail, allowed });
  }
  await pipeline(pieces, target);
}

/** Each piece is given when the function, or its promise, is done with the one before. */
async function intoFunction(
  take: IntoFunction,
  pieces: AsyncIterable<Uint8Array>,
  head: ResponseHead,
): Promise<void> {
  for await (const piece of pieces) {
    const result = take(piece, head);
    if ((result instanceof Promise ? await (result as Promise<unknown>) : result) === 'halt')
      return;
  }
}

/** Under another name until it is complete: what is under `path` is always whole. */
async function intoFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    const file: Writable = createWriteStream(partial, { flags: 'wx' });
    await pipeline(pieces, file);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
