/**
 * The unidirectional streams of the peer (RFC 9114, 6.2 and 7.2; RFC 9204, 4.2):
 * its control stream with SETTINGS and GOAWAY, those of QPACK, and those of
 * types that mean nothing here.
 */
import { Fault } from '../errors/fault.ts';
import { goaway, more, settings, unwanted } from './events.ts';
import type { ConnectionEvent } from './events.ts';
import * as frame from './frame-reader.ts';
import type { FrameReader } from './frame-reader.ts';
import {
  cancelPushFrame,
  controlStream,
  dataFrame,
  decoderStream,
  encoderStream,
  goawayFrame,
  headersFrame,
  isReservedType,
  maxPushIdFrame,
  pushPromiseFrame,
  pushStream,
  settingsFrame,
} from './frames.ts';
import { PeerStream } from './peer-stream.ts';
import { PeerSettings } from './settings.ts';
import type { Strain } from './strain.ts';
import { maxVarintSize, readVarint, varintSizeOf } from './varint.ts';

/** The most bytes of SETTINGS. */
const maxSettingsSize = 16_384;

export class PeerStreams {
  /** Where `next` stopped. */
  at = 0;
  readonly settings = new PeerSettings();
  /** The first stream that the peer has not looked at, as GOAWAY says. */
  lastStream = Number.POSITIVE_INFINITY;

  private readonly strain: Strain;
  private readonly streams = new Map<number, PeerStream>();
  /** The types of the critical streams that have begun. */
  private readonly begun = new Set<number>();

  constructor(strain: Strain) {
    this.strain = strain;
  }

  /** Looks at the bytes of a stream from `at` to `limit`. @throws {Fault} an error of the connection. */
  next(id: number, bytes: Buffer, at: number, limit: number): ConnectionEvent {
    let stream = this.streams.get(id);
    if (stream === undefined) {
      stream = new PeerStream();
      this.streams.set(id, stream);
    }
    const isNew = !stream.hasType;
    const hasType = stream.readType(bytes, at, limit);
    this.at = stream.at;
    if (!hasType) return more;
    if (isNew && !this.begin(stream.type)) {
      this.streams.delete(id);
      this.at = limit;
      return unwanted;
    }
    if (stream.type === controlStream) return this.readControl(stream.reader, bytes, limit);
    this.strain.add(stream.readInstructions(bytes, this.at, limit));
    this.at = limit;
    return more;
  }

  /** The peer ended or reset a stream. @throws {Fault} an error of the connection. */
  end(id: number): void {
    if (this.streams.get(id)?.isCritical === true) throw closedCritical();
    this.streams.delete(id);
  }

  /** A stream of this type has begun; returns whether it means anything here. */
  private begin(type: number): boolean {
    switch (type) {
      case controlStream:
      case encoderStream:
      case decoderStream:
        if (this.begun.has(type)) {
          throw new Fault('H3_STREAM_CREATION_ERROR', `a second stream of type ${type}`);
        }
        this.begun.add(type);
        return true;
      case pushStream:
        throw new Fault('H3_ID_ERROR', 'a push, although push is not allowed');
      default:
        this.strain.add();
        return false;
    }
  }

  private readControl(reader: FrameReader, bytes: Buffer, limit: number): ConnectionEvent {
    for (;;) {
      const step = reader.next(bytes, this.at, limit);
      this.at = reader.at;
      if (step === frame.more) return more;
      if (step !== frame.header) return this.endFrame(reader);
      this.beginFrame(reader);
    }
  }

  private beginFrame(reader: FrameReader): void {
    const { type, length } = reader;
    const { areKnown } = this.settings;
    if (!areKnown && type !== settingsFrame) {
      throw new Fault('H3_MISSING_SETTINGS', 'the server does not begin with SETTINGS');
    }
    switch (type) {
      case settingsFrame:
        if (areKnown) throw unexpected('SETTINGS for a second time');
        if (length > maxSettingsSize) {
          throw new Fault('H3_EXCESSIVE_LOAD', `SETTINGS of ${length} bytes`);
        }
        reader.whole();
        return;
      case goawayFrame:
      case cancelPushFrame:
        if (length === 0 || length > maxVarintSize) throw malformed(type, length);
        reader.whole();
        return;
      case dataFrame:
      case headersFrame:
      case pushPromiseFrame:
      case maxPushIdFrame:
        throw unexpected(`a frame of type ${type} on the control stream`);
      default:
        skipUnknown(reader, this.strain);
    }
  }

  private endFrame({ type, length, bytes, from, to }: FrameReader): ConnectionEvent {
    if (type === settingsFrame) {
      this.settings.adopt(bytes, from, to);
      return settings;
    }
    if (varintSizeOf(bytes[from] as number) !== length) throw malformed(type, length);
    if (type === cancelPushFrame) throw new Fault('H3_ID_ERROR', 'a push that was never allowed');
    return this.onGoaway(readVarint(bytes, from), bytes[to - 1] as number);
  }

  /** `last`: the last byte of the identifier, whose bits a large number loses. */
  private onGoaway(id: number, last: number): ConnectionEvent {
    if (last % 4 !== 0) throw new Fault('H3_ID_ERROR', 'a GOAWAY with no stream of a request');
    if (id > this.lastStream) throw new Fault('H3_ID_ERROR', 'a GOAWAY that takes one back');
    this.strain.add();
    this.lastStream = id;
    return goaway;
  }
}

/** Skips a frame of a type that means nothing here. @throws {Fault} if that is one of HTTP/2's. */
export function skipUnknown(reader: FrameReader, strain: Strain): void {
  const { type } = reader;
  if (isReservedType(type)) throw unexpected(`a frame of type ${type}, which only HTTP/2 has`);
  strain.add();
  reader.skip();
}

/** A frame where it must not be. */
export function unexpected(detail: string): Fault {
  return new Fault('H3_FRAME_UNEXPECTED', detail);
}

/** A stream ended without which there is no connection. */
export function closedCritical(): Fault {
  return new Fault('H3_CLOSED_CRITICAL_STREAM', 'the server ended a stream that has to stay');
}

function malformed(type: number, length: number): Fault {
  return new Fault('H3_FRAME_ERROR', `a frame of type ${type} and ${length} bytes`);
}
