/**
 * What an HTTP/2 client sends, taken apart as it comes: its preface, its frames,
 * and its header blocks. Nothing is kept of a frame that was handed on.
 */
import * as reading from '../http2/frame-reader.ts';
import { FrameReader } from '../http2/frame-reader.ts';
import { clientPreface } from '../http2/frames.ts';
import { Frame, frameFlag } from './frames.ts';
import { HeaderBlockReader } from './header-block.ts';

/** What a {@link FrameDecoder} calls. */
export interface FrameSink {
  /** A frame has come. A HEADERS frame has no `fields` yet. */
  onFrame(frame: Frame): void;
  /**
   * A header block is whole: its `fields` are now in the HEADERS frame that began it. Called after
   * `onFrame` of the frame with END_HEADERS, with the HEADERS frame.
   */
  onHeaders(head: Frame): void;
}

/**
 * Decodes the bytes of one HTTP/2 client. It is what `Http2Peer` reads with; on its own it is for
 * servers that run for long, or that write their own loop: `Http2Peer` keeps all frames, this one
 * none. It does not judge the frames (their sizes, streams, windows and order).
 *
 * @example
 * const decoder = new FrameDecoder({
 *   onFrame: (frame) => {
 *     if (frame.type === 'PING' && !frame.ack) {
 *       socket.write(encodeFrame('PING', frameFlag.ACK, 0, frame.payload));
 *     }
 *   },
 *   onHeaders: ({ stream }) => socket.write(encodeHeaders(stream, [[':status', '204']], { endStream: true })),
 * });
 * socket.write(encodeSettings());
 * socket.on('data', (chunk) => decoder.decode(chunk));
 */
export class FrameDecoder {
  private readonly sink: FrameSink;
  private readonly reader = new FrameReader();
  private readonly blocks = new HeaderBlockReader();
  /** What has come of the preface. */
  private preface = '';
  /** The header block that is not whole. */
  private block: { readonly head: Frame; readonly parts: Buffer[] } | undefined = undefined;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** The HEADERS frame of a block that is not whole yet. */
  get unfinishedHead(): Frame | undefined {
    return this.block?.head;
  }

  /**
   * Takes the next bytes, cut anywhere.
   *
   * Throws an Error when the client does not begin with the preface of HTTP/2 (RFC 9113, 3.4), or
   * when a header block cannot be decoded. There is no going on after that.
   */
  decode(chunk: Buffer): void {
    const { reader } = this;
    let at = this.readPreface(chunk);
    for (;;) {
      const step = reader.next(chunk, at, chunk.length);
      at = reader.at;
      if (step === reading.more) return;
      if (step === reading.header) {
        reader.whole(reader.length);
      } else {
        // The reader's bytes are used again.
        const payload = Buffer.from(reader.bytes.subarray(reader.from, reader.to));
        this.handOn(new Frame(reader.type, reader.flags, reader.id, payload));
      }
    }
  }

  /** Looks at what came of the preface; returns where the frames begin. */
  private readPreface(chunk: Buffer): number {
    const missing = clientPreface.length - this.preface.length;
    if (missing === 0) return 0;
    this.preface += chunk.toString('latin1', 0, missing);
    if (!clientPreface.startsWith(this.preface)) {
      throw new Error(`The client speaks no HTTP/2: ${JSON.stringify(this.preface)}`);
    }
    return Math.min(missing, chunk.length);
  }

  private handOn(frame: Frame): void {
    if (frame.type === 'HEADERS') this.block = { head: frame, parts: [] };
    this.sink.onFrame(frame);
    if (this.block === undefined) return;
    if (frame.type !== 'HEADERS' && frame.type !== 'CONTINUATION') return;
    const { head, parts } = this.block;
    parts.push(frame.content);
    if (!frame.has(frameFlag.END_HEADERS)) return;
    head.fields = this.blocks.read(Buffer.concat(parts));
    this.block = undefined;
    this.sink.onHeaders(head);
  }
}
