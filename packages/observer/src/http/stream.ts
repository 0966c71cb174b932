/**
 * A stream of one page: its document, then what changed, as server-sent events. Nothing is made before
 * the viewer has taken what came before: a viewer that does not read costs nothing.
 */
import type { UnderlyingSource } from 'node:stream/web';
import { diff } from '../protocol/merge-patch.ts';
import { answer } from './answers.ts';

/** Where the streams of an observer are counted. */
export interface StreamHost {
  readonly maxStreams: number;
  /** Aborts when the observer ends. */
  readonly signal: AbortSignal;
}

export interface PageStream {
  /** The document at this moment. */
  collect(): Promise<object>;
  /** The first one, where it is there already. */
  readonly first: object | undefined;
  /** Its viewer comes; the function that is returned is called once when it leaves. */
  enter(): () => void;
  /** Ms between two deltas. */
  readonly interval: number;
}

export class Streams {
  readonly #host: StreamHost;
  #open = 0;

  constructor(host: StreamHost) {
    this.#host = host;
  }

  get open(): number {
    return this.#open;
  }

  /** Undefined when there are too many. `gone` aborts when the viewer leaves. */
  start(page: PageStream, gone: AbortSignal): Response | undefined {
    const { maxStreams, signal } = this.#host;
    if (this.#open >= maxStreams) return undefined;
    this.#open++;
    const leave = page.enter();
    const source = new PageSource(page, AbortSignal.any([signal, gone]), () => {
      this.#open--;
      leave();
    });
    const body = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
    return answer(body, 'text/event-stream', 200, { 'x-accel-buffering': 'no' });
  }
}

class PageSource implements UnderlyingSource<Uint8Array> {
  readonly #page: PageStream;
  readonly #signal: AbortSignal;
  readonly #ended: () => void;
  readonly #encoder = new TextEncoder();
  #sent: object | undefined;
  #dueAt = 0;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(page: PageStream, signal: AbortSignal, ended: () => void) {
    this.#page = page;
    this.#signal = signal;
    this.#ended = ended;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const close = (): void => {
      if (this.#isOver) return;
      this.#end();
      controller.close();
    };
    if (this.#signal.aborted) close();
    else this.#signal.addEventListener('abort', close, { once: true });
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    await this.#due();
    if (this.#isOver) return;
    try {
      const text = await this.#next();
      if (!this.#isOver) controller.enqueue(this.#encoder.encode(text));
    } catch (error) {
      if (this.#isOver) return;
      this.#end();
      controller.error(error);
    }
  }

  cancel(): void {
    this.#end();
  }

  async #next(): Promise<string> {
    const before = this.#sent;
    const first = before === undefined ? this.#page.first : undefined;
    const document = first ?? (await this.#page.collect());
    this.#sent = document;
    this.#dueAt = performance.now() + this.#page.interval;
    if (before === undefined) return `event: document\ndata: ${JSON.stringify(document)}\n\n`;
    const patch = diff(before, document);
    // A comment, so that a connection that is gone is noticed.
    return patch === undefined ? ':\n\n' : `event: patch\ndata: ${JSON.stringify(patch)}\n\n`;
  }

  #due(): Promise<void> | undefined {
    const wait = this.#dueAt - performance.now();
    if (wait <= 0) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, wait);
      this.#timer.unref();
    });
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    this.#ended();
  }
}
