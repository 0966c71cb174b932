/** The comparison with other clients is measured, and docs/reference/req.md shows what was measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Finch } from '@linnet/finch';
import { expect, onTestFinished, test } from 'vitest';
import { uniqueName } from '../../../finch/test/support/unique-name.ts';
import { cases } from './cases.ts';
import { startOrigin } from './origin.ts';
import { curl, peersOf } from './peers.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/req.md'), 'utf8');

/** The rows of the page by their first cell: what each client does. */
const rows = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, title = '', ...cells]) => [title, cells] as const),
);

/** The version of the page; others may differ, and a machine may have none. */
const hasCurl = ((): boolean => {
  try {
    return execFileSync('curl', ['--version'], { encoding: 'utf8' }).startsWith('curl 7.88.');
  } catch {
    return false;
  }
})();

/** ky is Node's own fetch, which knows zstd from Node.js 24 on. */
const isOld = Number.parseInt(process.versions.node, 10) < 24;
const comparable = cases.filter(({ title }) => !(isOld && title === 'zstd'));

test.each(comparable)('$topic: $title is as the page says', async ({ title, ask }) => {
  const finch = await Finch.startLink({ name: uniqueName() });
  onTestFinished(() => finch[Symbol.asyncDispose]());
  const peers = Object.values(peersOf(finch));
  const measured = await Promise.all(
    // All at once, as some wait; with servers of its own, which see what this client sends.
    peers.map(async (peer) => ask(peer, await startOrigin(), await startOrigin())),
  );
  expect(rows.get(title)?.slice(0, measured.length)).toEqual(measured);
});

test.skipIf(!hasCurl)('curl does in each case what the page says', async () => {
  const servers = await Promise.all(
    comparable.map(async (one) => ({
      ...one,
      of: [await startOrigin(), await startOrigin()] as const,
    })),
  );
  // In one turn, so that it runs once for all of them.
  const measured = servers.map(async ({ title, ask, of }) => [title, await ask(curl, ...of)]);
  // Behind Linnet, got, axios and ky.
  const expected = comparable.map(({ title }) => [title, rows.get(title)?.[4]]);
  expect(await Promise.all(measured)).toEqual(expected);
});
