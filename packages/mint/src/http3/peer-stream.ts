/**
 * A unidirectional stream of the peer (RFC 9114, 6.2): its type comes first.
 */
import { FrameReader } from './frame-reader.ts';
import { controlStream, decoderStream, encoderStream } from './frames.ts';
import { DecoderInstructions, EncoderInstructions } from './qpack/instructions.ts';
import { maxVarintSize, readVarint, varintSizeOf } from './varint.ts';

/** The type has not come yet. */
const unknownType = -1;

export class PeerStream {
  /** -1 before it has come. */
  type = unknownType;
  /** Where {@link readType} stopped. */
  at = 0;
  /** The frames of the control stream. */
  readonly reader = new FrameReader();
  private instructions: EncoderInstructions | DecoderInstructions | undefined = undefined;
  private readonly partial = Buffer.alloc(maxVarintSize);
  private gathered = 0;

  get hasType(): boolean {
    return this.type !== unknownType;
  }

  /** Whether the connection cannot be without it (RFC 9114, 6.2.1; RFC 9204, 4.2). */
  get isCritical(): boolean {
    return (
      this.type === controlStream || this.type === encoderStream || this.type === decoderStream
    );
  }

  /** Whether the type has come with the bytes up to `limit`, or was there before. */
  readType(bytes: Uint8Array, start: number, limit: number): boolean {
    this.at = start;
    if (this.type !== unknownType) return true;
    while (this.at < limit) {
      this.partial[this.gathered++] = bytes[this.at++] as number;
      if (this.gathered < varintSizeOf(this.partial[0] as number)) continue;
      this.type = readVarint(this.partial, 0);
      if (this.type === encoderStream) this.instructions = new EncoderInstructions();
      if (this.type === decoderStream) this.instructions = new DecoderInstructions();
      return true;
    }
    return false;
  }

  /**
   * Reads what the peer's encoder or decoder says; returns how many instructions that were.
   *
   * @throws {Fault} when it says what it must not.
   */
  readInstructions(bytes: Uint8Array, from: number, to: number): number {
    return this.instructions?.read(bytes, from, to) ?? 0;
  }
}
