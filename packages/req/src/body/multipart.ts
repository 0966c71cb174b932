/** Encodes a form as multipart/form-data (RFC 7578), streamed where its parts are. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { BodyInput } from '@linnet/finch';
import type { Part } from '../options/index.ts';

/** The body, and what its headers say of it. */
export interface EncodedForm {
  readonly body: Exclude<BodyInput, null>;
  readonly contentType: string;
  /** The bytes of all of it; undefined when a stream has no length. */
  readonly length: number | undefined;
}

/** A part ready to be sent. */
interface Encoded {
  readonly head: Buffer;
  /** Undefined when it is not known before it is read. */
  readonly length: number | undefined;
  /** Whether it can be read a second time. */
  readonly replayable: boolean;
  open(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const newline = Buffer.from('\r\n');

/** Encodes parts; files are looked at now and read when they are sent. */
export async function encodeMultipart(parts: readonly Part[]): Promise<EncodedForm> {
  const boundary = `linnet-${randomUUID()}`;
  const encoded = await Promise.all(parts.map((part) => encodePart(part, boundary)));
  const end = Buffer.from(`--${boundary}--\r\n`);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (const part of encoded) {
      yield part.head;
      yield* part.open();
      yield newline;
    }
    yield end;
  }
  const length = encoded.reduce<number | undefined>(
    (sum, part) =>
      sum === undefined || part.length === undefined
        ? undefined
        : sum + part.head.length + part.length + newline.length,
    end.length,
  );
  // A function makes the body anew for a retry; an iterator says that there can be none.
  const body = encoded.every(({ replayable }) => replayable) ? pieces : pieces();
  return { body, length, contentType: `multipart/form-data; boundary=${boundary}` };
}

async function encodePart(part: Part, boundary: string): Promise<Encoded> {
  const { name } = part;
  const { filename, contentType, ...content } = await contentOf(part);
  const file = part.filename ?? filename;
  const type =
    part.contentType ??
    contentType ??
    (file === undefined ? undefined : 'application/octet-stream');
  const lines = [
    `--${boundary}`,
    `content-disposition: form-data; name="${quoted(name.replace(/\r\n?|\n/g, '\r\n'))}"` +
      (file === undefined ? '' : `; filename="${quoted(file)}"`),
    ...(type === undefined ? [] : [`content-type: ${type.replace(/[\r\n]/g, ' ')}`]),
  ];
  return { ...content, head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`) };
}

interface Content extends Pick<Encoded, 'length' | 'replayable' | 'open'> {
  readonly filename?: string;
  readonly contentType?: string;
}

async function contentOf({ value }: Part): Promise<Content> {
  if (typeof value !== 'object') return inMemory(Buffer.from(String(value)));
  if (value instanceof Uint8Array) return inMemory(value);
  if (value instanceof Blob) {
    return {
      length: value.size,
      replayable: true,
      open: () => value.stream() as ReadableStream<Uint8Array>,
      filename: value instanceof File ? value.name : 'blob',
      ...(value.type === '' ? undefined : { contentType: value.type }),
    };
  }
  if ('file' in value) {
    const { file } = value;
    const stats = await stat(file);
    const filename = basename(file);
    // A pipe or a device has no length, and is read once.
    if (!stats.isFile()) {
      return { length: undefined, replayable: false, open: () => createReadStream(file), filename };
    }
    const { size } = stats;
    return {
      length: size,
      replayable: true,
      // No more than its length: the file may be growing.
      open: () => (size === 0 ? [] : createReadStream(file, { end: size - 1 })),
      filename,
    };
  }
  const { stream, length } = value;
  return { length, replayable: false, open: () => stream };
}

function inMemory(bytes: Uint8Array): Content {
  return { length: bytes.length, replayable: true, open: () => [bytes] };
}

/**
 * As browsers do it (HTML, 4.10.21.8): `"`, CR and LF in percent-encoding, all else as UTF-8. Line ends are made
 * CRLF in the names of fields, not in those of files.
 */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
