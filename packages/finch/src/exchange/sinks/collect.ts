/** `finch.request`: collects the response and resolves with all of it. */
import { Fields } from '@linnet/mint';
import { bodyMemory, InformationalResponse, Response } from '../../response/index.ts';
import { copyBytes, type Sink } from '../sink.ts';

/** Only so much is allocated before it has come. */
const longestRoom = 1024 * 1024;

const noRoom = Buffer.alloc(0);
const noPieces: Uint8Array[] = [];

export class Collect implements Sink {
  private readonly resolve: (response: Response) => void;
  private readonly reject: (error: Error) => void;
  private status = 0;
  private headers: Fields = Fields.none;
  /**
   * No array before the first piece comes: V8 allocates arrays that often wait in a queue in its old
   * generation, where they keep the bodies that are put into them alive.
   */
  private pieces = noPieces;
  /** Where the body goes, and how much of it is there. */
  private room: Buffer | undefined = undefined;
  /** The same, if it is to be given back. */
  private memory: Buffer<ArrayBuffer> | undefined = undefined;
  private filled = 0;
  private informational: InformationalResponse[] | undefined = undefined;

  constructor(resolve: (response: Response) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  interim(status: number, headers: Fields): void {
    (this.informational ??= []).push(new InformationalResponse(status, headers));
  }

  head(status: number, headers: Fields): void {
    this.status = status;
    this.headers = headers;
  }

  data(bytes: Buffer, from: number, to: number): boolean {
    const size = to - from;
    this.room ??= this.makeRoom(size);
    if (size <= this.room.length - this.filled) {
      bytes.copy(this.room, this.filled, from, to);
      this.filled += size;
    } else {
      this.add(copyBytes(bytes, from, to));
    }
    return true;
  }

  /** Memory for all of a body whose first piece is of this size, if there is more to come and it is known how much. */
  private makeRoom(size: number): Buffer {
    const { contentLength } = this.headers;
    if (bodyMemory.isFor(contentLength)) {
      this.memory = bodyMemory.take(contentLength);
      this.add(this.memory);
      return this.memory;
    }
    if (contentLength <= size || contentLength > longestRoom) return noRoom;
    const room = Buffer.allocUnsafeSlow(contentLength);
    this.add(room);
    return room;
  }

  private add(piece: Uint8Array): void {
    if (this.pieces === noPieces) this.pieces = [piece];
    else this.pieces.push(piece);
  }

  end(trailers: Fields): boolean {
    const { status, headers, pieces, informational, memory } = this;
    this.resolve(new Response(status, headers, pieces, trailers, informational, memory));
    return true;
  }

  fail(error: Error): void {
    this.reject(error);
  }
}
