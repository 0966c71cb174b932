/**
 * What the peer's encoder and decoder say on their streams (RFC 9204, 4.3 and
 * 4.4): next to nothing may be said, since neither side has a dynamic table.
 */
import { Fault } from '../../errors/fault.ts';

/** Set Dynamic Table Capacity, to 0. */
const emptyTable = 0x20;

/** The instructions of the peer's encoder. */
export class EncoderInstructions {
  /**
   * Reads the bytes from `from` to `to`; returns how many instructions begin in them.
   *
   * @throws {Fault} `QPACK_ENCODER_STREAM_ERROR` for an insertion, or a table that is larger than nothing.
   */
  read(bytes: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      if (bytes[at] !== emptyTable) {
        const detail = 'an instruction for a dynamic table, which was not offered';
        throw new Fault('QPACK_ENCODER_STREAM_ERROR', detail);
      }
    }
    return to - from;
  }
}

/** The most bytes of the number of a stream. */
const maxIntegerSize = 10;

/** The instructions of the peer's decoder. */
export class DecoderInstructions {
  /** How many bytes of a number that goes on have come; 0 outside of one. */
  private inNumber = 0;

  /**
   * Reads the bytes from `from` to `to`; returns how many instructions begin in them.
   *
   * @throws {Fault} `QPACK_DECODER_STREAM_ERROR` for an acknowledgement of what was never said.
   */
  read(bytes: Uint8Array, from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number;
      if (this.inNumber > 0) {
        this.inNumber = byte < 0x80 ? 0 : this.inNumber + 1;
        if (this.inNumber > maxIntegerSize) throw unexpected('a number beyond all bounds');
        continue;
      }
      count++;
      // Stream Cancellation is all that is left; of which stream does not matter.
      if ((byte & 0xc0) !== 0x40) throw unexpected('an acknowledgement of nothing');
      if ((byte & 0x3f) === 0x3f) this.inNumber = 1;
    }
    return count;
  }
}

function unexpected(detail: string): Fault {
  return new Fault('QPACK_DECODER_STREAM_ERROR', detail);
}
