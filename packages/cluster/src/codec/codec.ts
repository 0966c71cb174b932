/** How signals become bytes: msgpackr, with pids and errors as its extensions. */
import { Pid } from '@linnet/otp';
import { isLocal, thisNode } from '@linnet/otp/distribution';
import { addExtension, Packr } from 'msgpackr';
import { MessageTooLongError } from '../errors/message-too-long-error.ts';
import type { PidTable } from './pid-table.ts';
import { receivedError, SentError } from './sent-error.ts';

/** Between which nodes a signal goes: their pids are written as a number. */
export interface CodecPeer {
  readonly name: string;
  readonly creation: number;
}

/** The extension types of MessagePack that are used, beside msgpackr's own. */
const extensionType = { pid: 0x10, error: 0x11 } as const;

/** What is encoded or decoded just now; both are synchronous. */
let current: { readonly pids: PidTable; readonly peer: CodecPeer } | undefined;

addExtension({ Class: Pid, type: extensionType.pid, write: writePid, read: readPid });
addExtension({
  Class: SentError,
  type: extensionType.error,
  write: (error: SentError) => error.parts,
  read: (parts: unknown) => receivedError(parts),
});

/** A pid of the sender is a number, one of the receiver `[id]`, any other one `[id, node, creation]`. */
function writePid(pid: Pid): number | [id: number, node?: string, creation?: number] {
  if (isLocal(pid)) {
    current?.pids.keepLocal(pid);
    return pid.id;
  }
  const isOfPeer = pid.node === current?.peer.name && pid.creation === current.peer.creation;
  return isOfPeer ? [pid.id] : [pid.id, pid.node, pid.creation];
}

function readPid(datum: unknown): Pid {
  if (current === undefined) throw new TypeError('a pid outside of a signal');
  const { pids, peer } = current;
  if (typeof datum === 'number') return pids.get(peer.name, peer.creation, datum);
  if (Array.isArray(datum)) {
    const [id, node, creation] = datum as readonly unknown[];
    const self = thisNode();
    if (typeof id === 'number' && node === undefined) return pids.get(self.name, self.creation, id);
    if (typeof id === 'number' && typeof node === 'string' && typeof creation === 'number') {
      return pids.get(node, creation, id);
    }
  }
  throw new TypeError('a pid that cannot be read');
}

export class Codec {
  readonly #packr = new Packr({ structuredClone: true, moreTypes: true, useRecords: true });
  readonly #pids: PidTable;
  readonly #mostBytes: number;

  /** @param mostBytes Of one signal. */
  constructor(pids: PidTable, mostBytes = Number.POSITIVE_INFINITY) {
    this.#pids = pids;
    this.#mostBytes = mostBytes;
  }

  /**
   * Encodes what `sendable` has passed. The bytes are not written to again.
   * @throws {MessageTooLongError}
   */
  encode(value: unknown, peer: CodecPeer): Uint8Array {
    const outer = current;
    current = { pids: this.#pids, peer };
    try {
      const bytes = this.#packr.pack(value);
      if (bytes.length <= this.#mostBytes) return bytes;
      throw new MessageTooLongError(bytes.length, this.#mostBytes);
    } finally {
      current = outer;
    }
  }

  /**
   * Decodes a signal; the value holds no view of the bytes.
   * @throws for what cannot be read.
   */
  decode(bytes: Uint8Array, peer: CodecPeer): unknown {
    const outer = current;
    current = { pids: this.#pids, peer };
    try {
      return this.#packr.unpack(bytes);
    } finally {
      current = outer;
    }
  }
}
