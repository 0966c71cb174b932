/**
 * Where a test's unix socket may live: a path short enough for every platform,
 * in a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh path for a unix socket, removed with its folder when disposed of. */
export function createSocketPath(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-'));
  return {
    path: join(folder, 's'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
