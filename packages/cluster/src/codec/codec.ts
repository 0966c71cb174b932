/** How signals become bytes: msgpackr, with pids, aliases and errors as its extensions. */
import { Alias, Pid } from '@linnet/otp';
import { addExtension, Packr, RESET_BUFFER_MODE } from 'msgpackr';
import { MessageTooLongError } from '../errors/message-too-long-error.ts';
import type { Addresses, CodecPeer } from './address-table.ts';
import { hasSingleParts } from './single-parts.ts';
import { receivedError, SentError } from './sent-error.ts';

/** The extension types of MessagePack that are used, beside msgpackr's own. */
const extensionType = { pid: 0x10, error: 0x11, alias: 0x12 } as const;

interface Scope {
  readonly addresses: Addresses;
  readonly peer: CodecPeer;
}

/** What is encoded or decoded just now; both are synchronous. */
let current: Scope | undefined;

addExtension({
  Class: Pid,
  type: extensionType.pid,
  write: (pid: Pid) => scope().addresses.pids.written(pid, scope().peer),
  read: (datum: unknown) => scope().addresses.pids.read(datum, scope().peer),
});
addExtension({
  Class: Alias,
  type: extensionType.alias,
  write: (alias: Alias) => scope().addresses.aliases.written(alias, scope().peer),
  read: (datum: unknown) => scope().addresses.aliases.read(datum, scope().peer),
});
addExtension({
  Class: SentError,
  type: extensionType.error,
  write: (error: SentError) => error.parts,
  read: (parts: unknown) => receivedError(parts),
});

/** Of the signal at hand: msgpackr calls extensions without a context. */
function scope(): Scope {
  if (current === undefined) throw new TypeError('an address outside of a signal');
  return current;
}

export class Codec {
  readonly #packr = new Packr({ structuredClone: true, moreTypes: true, useRecords: true });
  /** For values that hold no object twice: what it writes is read in the same way. */
  readonly #lean = new Packr({ moreTypes: true, useRecords: true });
  readonly #addresses: Addresses;
  readonly #mostBytes: number;

  /** @param mostBytes Of one signal. */
  constructor(addresses: Addresses, mostBytes = Number.POSITIVE_INFINITY) {
    this.#addresses = addresses;
    this.#mostBytes = mostBytes;
  }

  /**
   * Encodes what `sendable` has passed. The bytes are valid until the next value is encoded.
   * @throws {MessageTooLongError}
   */
  encode(value: unknown, peer: CodecPeer): Uint8Array {
    const outer = current;
    current = { addresses: this.#addresses, peer };
    try {
      const packr = hasSingleParts(value) ? this.#lean : this.#packr;
      const bytes = packr.pack(value, RESET_BUFFER_MODE);
      if (bytes.length <= this.#mostBytes) return bytes;
      throw new MessageTooLongError(bytes.length, this.#mostBytes);
    } finally {
      current = outer;
    }
  }

  /**
   * Decodes a signal, which may be a part of the bytes; the value holds no view of them.
   * @throws for what cannot be read.
   */
  decode(bytes: Uint8Array, peer: CodecPeer, start = 0, end = bytes.length): unknown {
    const outer = current;
    current = { addresses: this.#addresses, peer };
    try {
      return this.#packr.unpack(bytes, { start, end });
    } finally {
      current = outer;
    }
  }
}
