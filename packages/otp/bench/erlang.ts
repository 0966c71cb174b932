/** Erlang/OTP as a peer, on one scheduler. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, output, Peer } from './harness/program.ts';

export interface Erlang extends Disposable {
  /** `Erlang/OTP 25`. */
  readonly release: string;
  start(measure: string, idle?: number): Peer;
}

const flags = '+S 1:1 +P 1000000 -noshell'.split(' ');
const printRelease = 'io:put_chars(erlang:system_info(otp_release)), halt().';
const entry = '-s linnet_bench main -extra'.split(' ');

/** Compiles the measures in a temporary folder. Undefined, and said aloud, without Erlang. */
export function prepareErlang(): Erlang | undefined {
  if (!ensureInstalled('erl', 'erlang-base') || !ensureInstalled('erlc', 'erlang-base')) {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'linnet-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const source = join(import.meta.dirname, 'erlang', 'linnet_bench.erl');
  if (output(['erlc', '-o', folder, source]) === undefined) {
    remove();
    console.error('SKIPPED: Erlang, whose compiler failed');
    return undefined;
  }
  const release = output(['erl', '-noshell', '-eval', printRelease]);
  return {
    release: `Erlang/OTP ${release ?? '(unknown)'}`,
    start: (measure, idle = 0) =>
      new Peer(['erl', ...flags, '-pa', folder, ...entry, measure, String(idle)]),
    [Symbol.dispose]: remove,
  };
}
