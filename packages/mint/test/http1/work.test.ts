import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { names } from './work-responses.ts';

const counter = fileURLToPath(new URL('work-counter.ts', import.meta.url));
const { stdout } = await promisify(execFile)(process.execPath, [
  '--conditions=@linnet/source',
  counter,
]);
const counts = JSON.parse(stdout) as Readonly<Record<string, readonly [number, number]>>;

test.each(names)(
  'twice as much of %s, byte by byte, is about twice the work, not four times',
  (name) => {
    const [once, twice] = counts[name] as readonly [number, number];
    expect(once).toBeGreaterThan(100);
    expect(twice / once).toBeLessThan(3);
  },
);
