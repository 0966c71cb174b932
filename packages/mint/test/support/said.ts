/** What a codec of HTTP/2 or HTTP/3 says while it is driven, and how it is fed. */

/** What a connection said; pieces of a body that follow each other as one. */
export interface Said {
  readonly event: string;
  readonly stream?: number | undefined;
  readonly [detail: string]: unknown;
}

export class SaidLog {
  list: Said[] = [];

  add(said: Said): void {
    this.list.push(said);
  }

  /** A piece of a body. */
  addData(stream: number | undefined, text: string): void {
    const last = this.list.at(-1);
    if (last?.event === 'data' && last.stream === stream) {
      this.list[this.list.length - 1] = { ...last, text: `${String(last['text'])}${text}` };
    } else this.add({ event: 'data', stream, text });
  }
}

/**
 * Feeds bytes in pieces of these lengths, until `feed` returns false. Each piece stands elsewhere in
 * another buffer, and is gone afterwards.
 */
export function feedPieces(
  bytes: Uint8Array,
  lengths: readonly number[],
  feed: (buffer: Buffer, from: number, to: number) => boolean,
): void {
  let from = 0;
  for (const length of lengths) {
    const piece = bytes.subarray(from, from + length);
    const buffer = Buffer.concat([Buffer.from('??'), piece, Buffer.from('?')]);
    from += length;
    if (!feed(buffer, 2, 2 + piece.length)) return;
    buffer.fill('!');
  }
}
