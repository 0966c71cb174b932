/** The ways to read a response to its end; each resolves with the text of the body. */
import { inProcess } from '@linnet/otp/testing';
import type { Finch } from '../../src/index.ts';
import { nextPart } from './async-parts.ts';

export type Reading = (finch: Finch, url: string) => Promise<string>;

export const readings: [name: string, read: Reading][] = [
  ['finch.request', async (finch, url) => (await finch.request(url)).text()],
  ['finch.open, by text()', async (finch, url) => (await finch.open(url)).text()],
  [
    'finch.open, by json()',
    async (finch, url) => JSON.stringify(await (await finch.open(url)).json()),
  ],
  [
    'finch.open, piece by piece',
    async (finch, url) => {
      let text = '';
      for await (const chunk of (await finch.open(url)).body) text += textOf(chunk);
      return text;
    },
  ],
  [
    'finch.stream',
    (finch, url) =>
      finch.stream(url, '', (part, text) =>
        part.type === 'data' ? text + textOf(part.data) : text,
      ),
  ],
  [
    'finch.asyncRequest',
    (finch, url) =>
      inProcess(async () => {
        const ref = finch.asyncRequest(url);
        for (let text = ''; ;) {
          const part = await nextPart(ref);
          if (part.type === 'data') text += textOf(part.data);
          if (part.type === 'error') throw part.error;
          if (part.type === 'done') return text;
        }
      }),
  ],
];

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
