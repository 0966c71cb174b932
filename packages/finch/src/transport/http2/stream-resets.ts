/**
 * Gives up streams: resets them with CANCEL in the next turn, not inside of a
 * callback of node:http2. There it would forget the reset, ask a stream that is
 * destroyed for its trailers, or free a stream that nghttp2 is reading: Node.js
 * 22 to 26 abort the process then, or corrupt its memory.
 */
import type { ClientHttp2Stream } from 'node:http2';
import { cancel } from './http2-codes.ts';

export class StreamResets {
  private readonly streams = new Set<ClientHttp2Stream>();

  /** Resets a stream in the next turn. */
  add(stream: ClientHttp2Stream): void {
    this.streams.add(stream);
    if (this.streams.size === 1) setImmediate(flush, this);
  }

  /**
   * Marks the streams as reset, wherever that is, since the session is about to
   * destroy them: it would reset them with a code for which it may write at once.
   */
  mark(): void {
    for (const stream of this.streams) stream.close(cancel);
    this.streams.clear();
  }

  flush(): void {
    const streams = [...this.streams];
    this.streams.clear();
    for (const stream of streams) {
      stream.close(cancel);
      // Or what still comes for it would make node:http2 write, and free it, while nghttp2 reads.
      stream.destroy();
    }
  }
}

function flush(resets: StreamResets): void {
  resets.flush();
}
