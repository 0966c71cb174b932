/** What a server might say to the open requests: mostly right, changed here and there. */
import { flag, frame, settingsFrame, uint32 } from '../../test/support/h2-frames.ts';
import type { FrameName, Settings } from '../../test/support/h2-frames.ts';
import type { Random } from '../random.ts';
import { block } from './blocks.ts';
import type { BlockKind } from './blocks.ts';
import { methods } from './result.ts';

/** The frames behind the server's greeting. */
export function generate(random: Random): readonly Buffer[] {
  const frames: Buffer[] = [];
  // What each stream is at: a server that is not broken sends a head, data, and an end.
  const answered = new Set<number>();
  const ended = new Set<number>();
  for (
    let left = 1 + random.below(random.once(3) ? 24 : 8);
    left > 0 || frames.length === 0;
    left--
  ) {
    const id = streamId(random);
    if (random.once(20)) frames.push(...anything(id, random));
    else if (random.once(4)) frames.push(...aside(id, random));
    else if (!ended.has(id)) frames.push(...next(id, answered, ended, random));
  }
  if (!random.once(10)) return frames;
  return framed(
    Buffer.concat(
      frames.map((each) => (random.once(frames.length) ? damaged(each, random) : each)),
    ),
  );
}

/** The frames that the bytes are; at the end what is none. */
function framed(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 9 <= bytes.length ? at + 9 + bytes.readUIntBE(at, 3) : bytes.length;
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

/** The stream of a request; seldom another. */
function streamId(random: Random): number {
  if (random.once(150)) return random.of([0, 2, 9, 99, 2 ** 31 - 1]);
  return 1 + 2 * random.below(methods.length);
}

/** What comes next on a stream. */
function next(id: number, answered: Set<number>, ended: Set<number>, random: Random): Buffer[] {
  if (!answered.has(id)) {
    if (random.once(3)) return headers(id, random, block(random, 'interim'), false);
    answered.add(id);
    // The second request is a HEAD.
    if (random.once(3) || (id === 3 && !random.once(8))) {
      ended.add(id);
      return whole(id, random);
    }
    return headers(id, random, block(random, 'final'), false);
  }
  const ends = random.once(2);
  if (ends) ended.add(id);
  if (ends && random.once(3)) return headers(id, random, block(random, 'trailers'), true);
  return [data(id, random, ends)];
}

/** What concerns no response. */
function aside(id: number, random: Random): Buffer[] {
  switch (random.below(7)) {
    case 0:
      return [
        frame(
          'WINDOW_UPDATE',
          0,
          random.of([0, id]),
          uint32(random.of(random.once(10) ? wrongIncrements : increments)),
        ),
      ];
    case 1:
    case 2:
      return [settings(random)];
    case 3:
      return [ping(random)];
    case 4:
      return [frame('RST_STREAM', 0, id, uint32(random.of([0, 1, 5, 7, 8, 99])))];
    case 5:
      return [other(id, random)];
    default:
      return random.once(3) ? [goaway(random)] : [ping(random)];
  }
}

const blockKinds: readonly BlockKind[] = ['interim', 'final', 'trailers'];

/** Whether it is its turn or not. */
function anything(id: number, random: Random): Buffer[] {
  if (random.once(2)) return [data(id, random, random.once(2))];
  return headers(id, random, block(random, random.of(blockKinds)), random.once(2));
}

/** A response from its head to its end. */
function whole(id: number, random: Random): Buffer[] {
  const pieces = id === 3 && !random.once(8) ? 0 : random.below(3);
  const hasTrailers = random.once(4);
  const frames = headers(id, random, block(random, 'final'), pieces === 0 && !hasTrailers);
  for (let left = pieces; left > 0; left--) {
    frames.push(data(id, random, left === 1 && !hasTrailers));
  }
  if (hasTrailers) frames.push(...headers(id, random, block(random, 'trailers'), true));
  return frames;
}

function headers(id: number, random: Random, bytes: Buffer, ends: boolean): Buffer[] {
  const end = ends ? flag.END_STREAM : 0;
  const cut = random.once(6) ? random.below(bytes.length + 1) : bytes.length;
  const isWhole = cut === bytes.length && !random.once(10);
  const first = bytes.subarray(0, cut);
  const last = isWhole ? flag.END_HEADERS : 0;
  const frames = random.once(8)
    ? [frame('HEADERS', end | last | flag.PADDED, id, padded(first, random))]
    : random.once(10)
      ? [
          frame(
            'HEADERS',
            end | last | flag.PRIORITY,
            id,
            Buffer.concat([uint32(random.of([0, 1, id])), Buffer.from([16]), first]),
          ),
        ]
      : [frame('HEADERS', end | last, id, first)];
  if (!isWhole)
    frames.push(
      frame('CONTINUATION', random.once(60) ? 0 : flag.END_HEADERS, id, bytes.subarray(cut)),
    );
  return frames;
}

function data(id: number, random: Random, ends: boolean): Buffer {
  const end = ends ? flag.END_STREAM : 0;
  const body = Buffer.from(random.of(['', 'hello', 'hell', 'o', 'x'.repeat(300)]));
  if (random.once(6)) return frame('DATA', end | flag.PADDED, id, padded(body, random));
  return frame('DATA', end, id, body);
}

/** With padding, whose length may be a lie. */
function padded(bytes: Uint8Array, random: Random): Buffer {
  const length = random.of([0, 1, 7, 255]);
  const told = random.once(40) ? random.below(256) : length;
  return Buffer.concat([Buffer.from([told]), bytes, Buffer.alloc(length)]);
}

const increments = [1, 1000, 65_535, 2 ** 30, 2 ** 31 + 1];
const wrongIncrements = [0, 2 ** 31 - 1, 2 ** 31];

function settings(random: Random): Buffer {
  if (random.once(30)) return frame('SETTINGS', flag.ACK, 0, Buffer.alloc(random.once(2) ? 0 : 6));
  if (random.once(20)) return settingsFrame({ [random.of(settingIds)]: random.of(edges) });
  return settingsFrame(random.of(rightSettings));
}

const rightSettings: readonly Settings[] = [
  {},
  { headerTableSize: 0 },
  { headerTableSize: 2 ** 32 - 1 },
  { enablePush: 0 },
  { maxConcurrentStreams: 0 },
  { initialWindowSize: 0 },
  { initialWindowSize: 2 ** 31 - 1 },
  { maxFrameSize: 2 ** 24 - 1 },
  { maxHeaderListSize: 100 },
  { enableConnectProtocol: 1 },
  { 99: 5 },
];
const settingIds = [1, 2, 3, 4, 5, 6, 8, 99];
const edges = [0, 1, 2, 16_383, 16_384, 2 ** 24 - 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function ping(random: Random): Buffer {
  const length = random.once(30) ? random.below(12) : 8;
  const flags = random.once(20) ? flag.ACK : 0;
  return frame('PING', flags, random.once(40) ? 1 : 0, Buffer.alloc(length));
}

function goaway(random: Random): Buffer {
  const lastStream = uint32(random.of([0, 1, 3, 7, 2 ** 31 - 1]));
  return frame('GOAWAY', 0, 0, Buffer.concat([lastStream, uint32(random.of([0, 1, 11]))]));
}

function other(id: number, random: Random): Buffer {
  const payload = Buffer.alloc(random.once(4) ? random.of([0, 4, 6, 20]) : 5, random.below(256));
  const type = random.of<FrameName | number>(
    random.once(8) ? ['PUSH_PROMISE', 'CONTINUATION'] : ['PRIORITY', 0xb, 0x10, 0xff],
  );
  return frame(type, random.of([0, 1, 4, 5]), id, payload);
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  copy[at] = random.once(2) ? random.below(256) : (copy[at] as number) ^ (1 << random.below(8));
  return copy;
}
