#!/usr/bin/env node
/** The command `observer`: a program that runs an Observer, in a terminal. */
import { run } from './run.ts';

const { stdin, stdout, stderr } = process;
const ended = new AbortController();
process.once('SIGINT', () => ended.abort());
// The reader of a pipe may leave first: `observer tree --watch | head`.
stdout.on('error', () => ended.abort());

process.exitCode = await run(process.argv.slice(2), {
  write: (text) => void stdout.write(text),
  writeError: (text) => void stderr.write(text),
  interactive: stdout.isTTY && stdin.isTTY,
  onKey: (listener) => {
    const onData = (data: Buffer): void => listener(data.toString('utf8'));
    stdin.setRawMode(true);
    stdin.on('data', onData).resume();
    return () => {
      stdin.off('data', onData).pause();
      stdin.setRawMode(false);
    };
  },
  signal: ended.signal,
});
