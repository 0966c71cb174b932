/** Our connection beside nghttp2, and whole beside split. */
import { greeting } from '../../test/http2/drive.ts';
import { FrameReader } from '../../test/support/h2-frames.ts';
import type { Random } from '../random.ts';
import type { Finding, FuzzTarget } from '../target.ts';
import { difference, differenceOf } from './compare.ts';
import { generate } from './generator.ts';
import { reasonFor } from './known-differences.ts';
import { ourResult } from './ours.ts';
import { peerResult } from './peer.ts';
import type { Http2Result } from './result.ts';

export const http2: FuzzTarget = {
  name: 'http2',

  async tryOne(random: Random): Promise<readonly Finding[]> {
    const frames = generate(random);
    return [besidePieces(frames, random), await besidePeer(frames)];
  },
};

/** Without the peer. */
export const http2Pieces: FuzzTarget = {
  name: 'http2-pieces',

  async tryOne(random: Random): Promise<readonly Finding[]> {
    return [besidePieces(generate(random), random)];
  },
};

/** In any pieces the same is read. */
function besidePieces(frames: readonly Buffer[], random: Random): Finding {
  const bytes = Buffer.concat([greeting, ...frames]);
  const pieces = random.cut(bytes.toString('latin1')).map((text) => Buffer.from(text, 'latin1'));
  const [whole, split] = [[bytes], pieces].map((read) => JSON.stringify(ourResult(read)));
  return {
    kind: whole === split ? 'split as whole' : 'split is read otherwise than whole',
    verdict: whole === split ? 'same' : 'failure',
    input: `${inputOf(bytes)} // in pieces of ${pieces.map(({ length }) => length).join()}`,
    detail: `whole ${whole}, split ${split}`,
  };
}

async function besidePeer(frames: readonly Buffer[]): Promise<Finding> {
  const last = await play(frames);
  if (differenceOf(last.ours, last.peer) === '') {
    const kind = last.ours.failure === '' ? 'both go on alike' : 'both end the connection alike';
    return { kind, verdict: 'same', input: inputOf(last.bytes), detail: '' };
  }
  return firstDifference(frames);
}

/** The difference that the fewest frames make. */
async function firstDifference(frames: readonly Buffer[]): Promise<Finding> {
  let before = await play([]);
  for (let count = 1; ; count++) {
    const now = await play(frames.slice(0, count));
    const kind = difference([now.ours, before.ours], [now.peer, before.peer]);
    if (kind !== '' || count >= frames.length) return findingOf(frames.slice(0, count), kind, now);
    before = now;
  }
}

function findingOf(frames: readonly Buffer[], difference: string, played: Played): Finding {
  const { bytes, ours, peer } = played;
  const last = framesOf(frames.at(-1) as Buffer);
  const kind = `${last.slice(0, last.indexOf('('))}: ${difference || 'a matter of time'}`;
  const reason = reasonFor(kind, bytes.subarray(greeting.length));
  return {
    kind: reason ?? kind,
    verdict: reason === undefined ? 'failure' : 'known',
    input: inputOf(bytes),
    detail: `${framesOf(Buffer.concat(frames))}\n      ours ${JSON.stringify(ours)}\n      peer ${JSON.stringify(peer)}`,
  };
}

/** What both make of the same frames. */
interface Played {
  readonly bytes: Buffer;
  readonly ours: Http2Result;
  readonly peer: Http2Result;
}

async function play(frames: readonly Buffer[]): Promise<Played> {
  const bytes = Buffer.concat([greeting, ...frames]);
  return { bytes, ours: ourResult([bytes]), peer: await peerResult(bytes) };
}

/** The bytes behind the greeting, as a test has them. */
function inputOf(bytes: Buffer): string {
  return `play('${bytes.toString('hex', greeting.length)}')`;
}

/** Frames for people. */
function framesOf(bytes: Buffer): string {
  const frames = [...new FrameReader().read(bytes)].map(
    ({ type, flags, stream, payload }) => `${type}(${flags}) ${stream}: ${payload.toString('hex')}`,
  );
  return frames.length === 0 ? `CUT(${bytes.toString('hex', 0, 9)})` : frames.join(', ');
}
