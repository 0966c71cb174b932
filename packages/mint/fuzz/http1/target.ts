/** Our parser of responses beside llhttp, and whole beside split. */
import { plain } from '../../src/http1/parser.ts';
import type { Random } from '../random.ts';
import type { Finding, FuzzTarget } from '../target.ts';
import { compare } from './compare.ts';
import { generate } from './generator.ts';
import type { Http1Input } from './generator.ts';
import { reasonFor } from './known-differences.ts';
import { readPieces, resultOf } from './ours.ts';
import { peerResult } from './peer.ts';
import type { Reading } from '../../test/http1/read-response.ts';

export const http1: FuzzTarget = {
  name: 'http1',

  async tryOne(random: Random): Promise<readonly Finding[]> {
    const input = generate(random);
    const whole = readPieces(input, [input.bytes]);
    return [beside(input, whole, random.cut(input.bytes)), await besidePeer(input, whole)];
  },
};

/** In any pieces the same is read. */
function beside(input: Http1Input, whole: Reading, pieces: readonly string[]): Finding {
  const [expected, actual] = [whole, readPieces(input, pieces)].map((reading) =>
    JSON.stringify(reading),
  );
  const same = expected === actual;
  return {
    kind: same ? 'split as whole' : 'split is read otherwise than whole',
    verdict: same ? 'same' : 'failure',
    input: `${lineOf(input)} // ${JSON.stringify(pieces)}`,
    detail: ascii(`whole ${expected}, split ${actual}`),
  };
}

async function besidePeer(input: Http1Input, whole: Reading): Promise<Finding> {
  const { kind, bytes } = input;
  // What follows our end of the response is not shown to the peer, who is to find the same end.
  const shown = { kind, bytes: bytes.slice(0, bytes.length - whole.rest.length) };
  const ours = resultOf(whole, input);
  const peer = await peerResult(shown);
  const { same, difference } = compare(ours, peer);
  const reason = same ? undefined : reasonFor(ours, peer, shown);
  return {
    kind: reason ?? difference,
    verdict: same ? 'same' : reason === undefined ? 'failure' : 'known',
    input: lineOf(input),
    detail: ascii(`ours ${JSON.stringify(ours)}, peer ${JSON.stringify(peer)}`),
  };
}

/** The input as a line of the recorded exchanges. */
function lineOf({ kind, bytes }: Http1Input): string {
  const settings = kind === plain ? '' : `, settings: { kind: ${kind} }`;
  return `{ name: '', bytes: ${ascii(JSON.stringify(bytes))}${settings} },`;
}

/** The same JSON with nothing in it that a terminal would swallow. */
function ascii(json: string): string {
  return json.replace(/[\x7f-\xff]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}
