/** Our connection beside nghttp2, and whole beside split. */
import { greeting } from '../../test/http2/drive.ts';
import { FrameReader } from '../../test/support/h2-frames.ts';
import type { Random } from '../random.ts';
import type { Finding, FuzzTarget } from '../target.ts';
import { differences } from './compare.ts';
import { generate } from './generator.ts';
import { reasonFor } from './known-differences.ts';
import { ourResult } from './ours.ts';
import { peerResult } from './peer.ts';
import type { Http2Result } from './result.ts';

export const http2: FuzzTarget = {
  name: 'http2',

  async tryOne(random: Random): Promise<readonly Finding[]> {
    const frames = generate(random);
    const bytes = Buffer.concat([greeting, ...frames]);
    const ours = ourResult([bytes]);
    return [beside(bytes, ours, random), ...(await besidePeer(bytes, ours))];
  },
};

/** In any pieces the same is read. */
function beside(bytes: Buffer, ours: Http2Result, random: Random): Finding {
  const pieces = random.cut(bytes.toString('latin1')).map((text) => Buffer.from(text, 'latin1'));
  const [whole, split] = [ours, ourResult(pieces)].map((result) => JSON.stringify(result));
  return {
    kind: whole === split ? 'split as whole' : 'split is read otherwise than whole',
    verdict: whole === split ? 'same' : 'failure',
    input: `${inputOf(bytes)} // in pieces of ${pieces.map(({ length }) => length).join()}`,
    detail: `whole ${whole}, split ${split}`,
  };
}

async function besidePeer(bytes: Buffer, ours: Http2Result): Promise<Finding[]> {
  const peer = await peerResult(bytes);
  const input = inputOf(bytes);
  const detail = `${framesOf(bytes)}\n      ours ${JSON.stringify(ours)}\n      peer ${JSON.stringify(peer)}`;
  const found = differences(ours, peer);
  if (found.length === 0) {
    const kind = ours.failure === '' ? 'both go on alike' : 'both end the connection';
    return [{ kind, verdict: 'same', input, detail }];
  }
  return found.map((difference) => {
    const reason = reasonFor(difference, bytes);
    const verdict = reason === undefined ? 'failure' : 'known';
    return { kind: reason ?? difference, verdict, input, detail };
  });
}

/** The bytes behind the greeting, as a test has them. */
function inputOf(bytes: Buffer): string {
  return `play('${bytes.toString('hex', greeting.length)}')`;
}

/** The same for people. */
function framesOf(bytes: Buffer): string {
  return [...new FrameReader().read(bytes.subarray(greeting.length))]
    .map(
      ({ type, flags, stream, payload }) =>
        `${type}(${flags}) ${stream}: ${payload.toString('hex')}`,
    )
    .join(', ');
}
