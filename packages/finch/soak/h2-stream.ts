/** One stream of an HTTP/2 connection, as the server of the soak has it. */
import { encodeData, encodeHeaders, encodeReset, type FieldList } from '@linnet/mint/testing';

/** What a stream needs of its connection. */
export interface StreamHost {
  /** How many bytes of bodies the client takes on all streams together. */
  readonly sendWindow: number;
  /** The largest payload that the client takes. */
  readonly maxFrameSize: number;
  /** Sends DATA, which counts against the window of the connection. */
  sendData(frame: Buffer, length: number): void;
  send(frame: Buffer): void;
  /** The stream waits for the window of the connection. */
  awaitWindow(stream: H2Stream): void;
  /** The stream is closed. */
  forget(stream: H2Stream): void;
}

/** What is left of a body, and of what is sent after it. */
interface Ending {
  readonly trailers: FieldList | undefined;
}

export class H2Stream {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  /** How many bytes of body came. */
  received = 0;
  /** The client has sent all of its request. */
  isRequestWhole = false;
  /** How much the client may still send, and what of that it took and was not given back. */
  receiveWindow: number;
  owed = 0;
  /** How much the client still takes. */
  sendWindow: number;
  private readonly host: StreamHost;
  /** What the windows of the client hold back: pieces of the body, the first one from `offset` on. */
  private readonly pieces: Buffer[] = [];
  private offset = 0;
  private ending: Ending | undefined = undefined;
  private isClosed = false;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    host: StreamHost,
    request: { readonly id: number; readonly method: string; readonly path: string },
    windows: { readonly send: number; readonly receive: number },
  ) {
    this.host = host;
    this.id = request.id;
    this.method = request.method;
    this.path = request.path;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
  }

  /** Runs something later, unless the stream is closed by then. */
  later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.isClosed) act();
    }, ms);
    this.timers.add(timer);
  }

  /** Sends the head of a response, interim or not. */
  respond(fields: FieldList, endStream = false): void {
    if (this.isClosed) return;
    this.host.send(encodeHeaders(this.id, fields, { endStream }));
    if (endStream) this.host.forget(this);
  }

  /** Sends a piece of the body, as the windows of the client allow. */
  write(text: string): void {
    if (this.isClosed) return;
    if (text !== '') this.pieces.push(Buffer.from(text, 'latin1'));
    this.flush();
  }

  /** Sends the last piece of the body, and trailers. */
  end(text = '', trailers?: FieldList): void {
    this.ending = { trailers };
    this.write(text);
  }

  /** Sends RST_STREAM; what the windows have held back until now is dropped. */
  reset(code: number): void {
    if (this.isClosed) return;
    this.host.send(encodeReset(this.id, code));
    this.host.forget(this);
  }

  /** Nothing is sent any more. */
  close(): void {
    this.isClosed = true;
    this.pieces.length = 0;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Sends what the windows allow. */
  flush(): void {
    const { host, pieces } = this;
    for (let [piece] = pieces; piece !== undefined; [piece] = pieces) {
      if (this.sendWindow <= 0) return;
      if (host.sendWindow <= 0) {
        host.awaitWindow(this);
        return;
      }
      const { offset } = this;
      const most = Math.min(this.sendWindow, host.sendWindow, host.maxFrameSize);
      const part = piece.subarray(offset, offset + most);
      this.sendWindow -= part.length;
      this.offset += part.length;
      if (this.offset === piece.length) {
        pieces.shift();
        this.offset = 0;
      }
      const isLast = pieces.length === 0 && this.ending?.trailers === undefined;
      const endStream = isLast && this.ending !== undefined;
      host.sendData(encodeData(this.id, part, { endStream }), part.length);
      if (endStream) {
        host.forget(this);
        return;
      }
    }
    if (this.ending !== undefined) this.finish(this.ending);
  }

  /** The body is sent, the end of the stream is not. */
  private finish({ trailers }: Ending): void {
    const { id, host } = this;
    host.send(
      trailers === undefined
        ? encodeData(id, '', { endStream: true })
        : encodeHeaders(id, trailers, { endStream: true }),
    );
    host.forget(this);
  }
}
