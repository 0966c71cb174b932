/** What a server might say on its streams: mostly right, changed here and there. */
import { control, data, frame, goaway, settings, varint } from '../../test/http3/peer-frames.ts';
import type { Random } from '../random.ts';
import { section } from './sections.ts';

/** Bytes of one stream, in the order in which they come; and what ends it, if anything does. */
export interface Part {
  readonly id: number;
  readonly bytes: Buffer;
  readonly end?: 'finish' | 'abort' | undefined;
}

/** The streams of the requests, and their methods. */
export const methods: readonly string[] = ['GET', 'HEAD', 'CONNECT', 'GET'];

/** What comes on the streams of a server. */
export function generate(random: Random): readonly Part[] {
  const parts = [controlPart(random)];
  for (const index of methods.keys()) if (!random.once(4)) parts.push(response(4 * index, random));
  for (let id = 7; random.once(3); id += 4) parts.push(peerStream(id, random));
  return parts.map((part) => (random.once(15) ? { ...part, bytes: damaged(part, random) } : part));
}

function controlPart(random: Random): Part {
  const frames = [settings(random.once(10) ? [[random.below(10), random.below(3)]] : [[0x8, 1]])];
  if (random.once(30)) frames.pop();
  for (let left = random.below(3); left > 0; left--) {
    frames.push(random.once(2) ? goaway(4 * random.below(5)) : other(random));
  }
  if (random.once(40)) frames.push(frame(0x3, varint(random.below(3))));
  return { id: 3, bytes: control(...frames), end: random.once(60) ? 'finish' : undefined };
}

function response(id: number, random: Random): Part {
  const frames: Buffer[] = [];
  if (random.once(3)) frames.push(headers(random, 'interim'));
  if (!random.once(30)) frames.push(headers(random, 'final'));
  for (let left = random.below(4); left > 0; left--) {
    frames.push(data(random.of(['', 'hello', 'hell', 'o', 'x'.repeat(300)])));
    if (random.once(6)) frames.push(other(random));
  }
  if (random.once(4)) frames.push(headers(random, 'trailers'));
  if (random.once(20)) frames.push(random.of([data('x'), headers(random, 'final'), settings()]));
  if (random.once(25)) frames.push(frame(random.below(14), varint(random.below(100))));
  const end = random.once(10) ? 'abort' : random.once(8) ? undefined : 'finish';
  return { id, bytes: Buffer.concat(frames), end };
}

function headers(random: Random, kind: 'interim' | 'final' | 'trailers'): Buffer {
  return frame(0x1, section(random, kind));
}

/** A frame that means nothing, as a rule; its type and length written in any size. */
function other(random: Random): Buffer {
  const type = random.once(20) ? random.below(16) : 0x21 + 0x1f * random.below(1000);
  const payload = Buffer.alloc(random.below(random.once(3) ? 300 : 5), random.below(256));
  return Buffer.concat([varint(type, random.of([4, 8])), varint(payload.length, 8), payload]);
}

/** A further stream in one direction. */
function peerStream(id: number, random: Random): Part {
  const type = random.once(4) ? random.below(4) : random.of([2, 3, 0x21, 0x40, 0x1f * 500 + 0x21]);
  const said = random.of(['', '20', '2020', '48', '7f8001', '3fbd01', '84', '01', 'ffff']);
  const bytes = Buffer.concat([varint(type), Buffer.from(said, 'hex')]);
  return { id, bytes, end: random.once(4) ? random.of(['finish', 'abort'] as const) : undefined };
}

function damaged({ bytes }: Part, random: Random): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  if (random.once(3)) return bytes.subarray(0, at);
  const copy = Buffer.from(bytes);
  copy[at] = random.once(2) ? random.below(256) : (copy[at] as number) ^ (1 << random.below(8));
  return copy;
}
