/** Where a request was made, for its error: what fails on a socket has no frame of its caller. */
import { fileURLToPath } from 'node:url';
import { isFinchError } from './finch-error.ts';

/** The frames of the caller: those of this package come before, and are dropped. */
const moreFrames = 15;

/** A frame names its file by URL, or by path. In a bundle of CommonJS there is no URL. */
const ownFiles = filesIn(import.meta.url);

/** What the frames of the caller begin with, in the stack of an error. */
const heading = '    --- the request was made here ---';

/** Errors that have the frames of one request. */
const located = new WeakSet<Error>();

/** The place in the caller's code; putting it in words waits until it is needed. */
export class CallSite {
  private readonly at: { readonly stack?: string } = {};

  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = limit + moreFrames;
    Error.captureStackTrace(this.at, CallSite);
    Error.stackTraceLimit = limit;
  }

  /**
   * The error with the frames of the caller at the end of its stack. One error may be the failure of
   * several requests (a connection that could not be opened): each but the first gets a copy.
   */
  addTo(error: Error): Error {
    if (!isFinchError(error)) return error;
    const [own = ''] = (error.stack ?? '').split(`\n${heading}`);
    const stack = {
      value: [own, heading, ...this.frames].join('\n'),
      writable: true,
      configurable: true,
    };
    if (!located.has(error)) {
      located.add(error);
      return Object.defineProperty(error, 'stack', stack);
    }
    const { stack: _, ...fields } = Object.getOwnPropertyDescriptors(error);
    return Object.create(Object.getPrototypeOf(error) as object, { ...fields, stack }) as Error;
  }

  private get frames(): string[] {
    const lines = (this.at.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
    const isOwn = (line: string): boolean => ownFiles.some((own) => line.includes(own));
    const first = lines.findLastIndex(isOwn) + 1;
    // In a bundle, the caller stands in the same file.
    const from = first === lines.length ? 0 : first;
    return lines.slice(from, from + Error.stackTraceLimit);
  }
}

function filesIn(file: string | undefined): readonly string[] {
  if (file === undefined) return [];
  const folder = new URL('..', file);
  return [folder.href, fileURLToPath(folder)];
}
