/**
 * A program that uses Finch, as one file: what bundlers make of it runs, holds nothing that it does
 * not use, and does not grow unseen.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type BuildResult } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { startHttpServer } from '../../mint/test/support/http-server.ts';

const program = `
  import { Finch } from '@linnet/finch';
  Finch.startLink({ name: 'App', captureStacks: true }).then(async (finch) => {
    const answer = await finch.get(process.argv[2]);
    const refused = await finch.get('http://127.0.0.1:9').catch((error) => error);
    console.log(answer.text(), refused.code, /at .*program/.test(refused.stack));
    await finch.stop();
  });
`;

/** esbuild cannot turn the `require` of a builtin into an import, and nact is CommonJS. */
const requireForEsm =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

interface Bundle {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly modules: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'linnet-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Made once for the tests that look at it. */
const bundles = new Map<string, Promise<Bundle>>();

function bundle(format: 'esm' | 'cjs'): Promise<Bundle> {
  const made = bundles.get(format) ?? make(format);
  bundles.set(format, made);
  return made;
}

async function make(format: 'esm' | 'cjs'): Promise<Bundle> {
  const file = join(folder, format === 'esm' ? 'program.mjs' : 'program.cjs');
  const result: BuildResult<{ metafile: true; write: true }> = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format,
    ...(format === 'esm' ? { banner: { js: requireForEsm } } : undefined),
    // Loaded where HTTP/3 is used.
    external: ['@matrixai/quic'],
    // Conditions of one's own take the place of `module`, by which users get the ES module of xstate.
    conditions: ['@linnet/source', 'module'],
    logLevel: 'silent',
    metafile: true,
  });
  return { file, bytes: readFileSync(file), modules: Object.keys(result.metafile.inputs) };
}

describe.each(['esm', 'cjs'] as const)('a bundle in %s', (format) => {
  test('runs', async () => {
    await using server = await startHttpServer((_request, answer) => answer.end('text'));
    const { file } = await bundle(format);
    const { stdout } = await promisify(execFile)(process.execPath, [file, server.url]);
    expect(stdout.trim()).toBe('text ERR_FINCH_CONNECT true');
  });
});

test('holds nothing of the other entry points, and no optional package', async () => {
  const { modules } = await bundle('esm');
  const unused =
    /finch\/src\/(testing|opentelemetry|prometheus)\/|mint\/src\/testing|otp\/src\/testing|node_modules\/(undici|prom-client|@opentelemetry|@matrixai)/;
  expect(modules.filter((name) => unused.test(name))).toEqual([]);
});

test('[N18] is smaller than 175 kB gzip', async () => {
  const { bytes } = await bundle('esm');
  expect(gzipSync(bytes).length).toBeLessThan(175_000);
});
