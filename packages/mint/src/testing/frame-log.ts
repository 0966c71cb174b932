/**
 * The frames that came to the peer of a client of HTTP/2 or HTTP/3: its script takes them, one by one.
 */
import type { Arrivals } from './arrivals.ts';

/** What both protocols know of a frame. */
interface AnyFrame {
  readonly type: string;
  readonly stream: number;
}

export class FrameLog<F extends AnyFrame> {
  /** All of them, in order. */
  readonly frames: F[] = [];
  private readonly arrivals: Arrivals;
  /** Those that were not taken, by type, in order: a script of thousands of requests takes each at once. */
  private readonly left = new Map<string, Set<F>>();
  /** The streams that the client has opened, and the HEADERS that did. */
  private readonly opened = new Set<number>();
  private readonly heads = new Set<F>();

  constructor(arrivals: Arrivals) {
    this.arrivals = arrivals;
  }

  /** `SETTINGS/2 HEADERS/0`. */
  get summary(): string {
    return this.frames.map(({ type, stream }) => `${type}/${stream}`).join(' ') || 'no frame';
  }

  /** A frame came. */
  add(frame: F): void {
    this.frames.push(frame);
    this.leftOf(frame.type).add(frame);
    if (frame.type !== 'HEADERS') return;
    if (!this.opened.has(frame.stream)) this.heads.add(frame);
    this.opened.add(frame.stream);
  }

  /** Those of a type, of one stream or of any, that were not taken. */
  came(type: string, stream?: number): F[] {
    const frames = [...this.leftOf(type)];
    return stream === undefined ? frames : frames.filter((frame) => frame.stream === stream);
  }

  /** Whether a frame has opened its stream: trailers have not. */
  isRequest(frame: F): boolean {
    return this.heads.has(frame);
  }

  /** Takes all of a stream that are there. */
  takeThere(type: string, stream: number): F[] {
    const frames = this.came(type, stream);
    for (const frame of frames) this.leftOf(type).delete(frame);
    return frames;
  }

  /** Takes what `find` gives, and waits for it if need be. */
  async take(find: () => F | undefined, what: string): Promise<F> {
    await this.arrivals.until(() => find() !== undefined, what);
    const frame = find() as F;
    this.leftOf(frame.type).delete(frame);
    return frame;
  }

  /** Takes what `find` gives, each as it comes, until the connection is gone. */
  async *takeAll(find: () => F | undefined): AsyncGenerator<F, void> {
    while (await this.arrivals.comesTrue(() => find() !== undefined)) yield this.take(find, 'more');
  }

  private leftOf(type: string): Set<F> {
    const there = this.left.get(type);
    if (there !== undefined) return there;
    const frames = new Set<F>();
    this.left.set(type, frames);
    return frames;
  }
}
