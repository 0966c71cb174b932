/**
 * Our connection of HTTP/3, whole beside split, and what it says beside what a
 * response is: a head, its body and its end, each once and in this order.
 */
import { codeName, codeOf } from '../../src/http3/codes.ts';
import { Driven } from '../../test/http3/drive.ts';
import type { Said } from '../../test/support/said.ts';
import type { Random } from '../random.ts';
import type { Finding, FuzzTarget } from '../target.ts';
import { generate, methods } from './generator.ts';
import type { Part } from './generator.ts';

export const http3: FuzzTarget = {
  name: 'http3',

  tryOne(random: Random): Promise<readonly Finding[]> {
    const parts = generate(random);
    const whole = play(parts, (bytes) => [bytes.length]);
    const split = play(parts, (bytes) =>
      random.cut(bytes.toString('latin1')).map(({ length }) => length),
    );
    return Promise.resolve([beside(parts, whole, split), orderly(parts, whole)]);
  },
};

interface Played {
  readonly said: readonly Said[];
  readonly failure: string;
}

function play(parts: readonly Part[], cut: (bytes: Buffer) => readonly number[]): Played {
  const driven = new Driven();
  for (const method of methods) driven.open({ method });
  for (const { id, bytes, end } of parts) {
    const before = driven.said.length;
    const isUnwanted = (): boolean => driven.said.at(before)?.event === 'unwanted';
    let from = 0;
    for (const length of cut(bytes)) {
      driven.feed(id, bytes.subarray(from, from + length));
      from += length;
      // The rest of such a stream is dropped.
      if (isUnwanted()) break;
    }
    if (isUnwanted()) continue;
    if (end === 'finish') driven.finish(id);
    if (end === 'abort') driven.abort(id, 0x102);
  }
  return { said: driven.said, failure: driven.fault?.reason ?? '' };
}

/** In any pieces the same is read. */
function beside(parts: readonly Part[], whole: Played, split: Played): Finding {
  const [one, other] = [whole, split].map((played) => JSON.stringify(played));
  return {
    kind: one === other ? 'split as whole' : 'split is read otherwise than whole',
    verdict: one === other ? 'same' : 'failure',
    input: inputOf(parts),
    detail: `whole ${one}, split ${other}`,
  };
}

/** A response is interim heads, a head, data, and one end. */
const response = /^(?:interim )*(?:head (?:data )?(?:end |reset |broken )?|reset |broken )?$/;

function orderly(parts: readonly Part[], { said, failure }: Played): Finding {
  const isKnown = failure === '' || codeName(codeOf(failure)) === failure;
  const wrong = [...methods.keys()].find((index) => {
    const events = said.filter(({ stream, event }) => stream === 4 * index && isOfStream(event));
    return !response.test(events.map(({ event }) => `${event} `).join(''));
  });
  const isRight = isKnown && wrong === undefined;
  const outcome = failure === '' ? 'goes on' : `ends with ${failure}`;
  return {
    kind: isRight ? `in order, and ${outcome}` : 'not in order',
    verdict: isRight ? 'same' : 'failure',
    input: inputOf(parts),
    detail: JSON.stringify({ said, failure }),
  };
}

function isOfStream(event: string): boolean {
  return event !== 'settings' && event !== 'goaway' && event !== 'unwanted';
}

function inputOf(parts: readonly Part[]): string {
  const list = parts.map(({ id, bytes, end = '' }) => `${id} ${bytes.toString('hex')} ${end}`);
  return `play(${JSON.stringify(list)})`;
}
