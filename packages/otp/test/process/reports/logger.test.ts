import { exit, GenServer, setLogger, spawn, Supervisor, type Logger } from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

/** A logger that notes what it gets, at the levels that it has enabled. */
function logging(enabled: (level: string) => boolean): string[] {
  const lines: string[] = [];
  const write = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level}: ${message}`);
  const logger: Logger = {
    error: write('error'),
    warn: write('warn'),
    debug: write('debug'),
    isLevelEnabled: enabled,
  };
  const former = setLogger(logger);
  onTestFinished(() => void setLogger(former));
  return lines;
}

/** An Error that tells when it is put in words. */
function telling(told: () => void): Error {
  return Object.defineProperty(new Error(), 'message', {
    get: () => {
      told();
      return 'told';
    },
  });
}

const Child = GenServer.define({
  name: 'Child',
  init: () => 0,
  handleCast: {
    fail: (_n, error: Error) => {
      throw error;
    },
  },
});

/** Ends a supervised child with an error, and a process with a signal. */
async function crash(error: Error): Promise<void> {
  await using supervisor = await Supervisor.startLink([Child.childSpec()], {
    strategy: 'one_for_one',
  });
  const [child] = await supervisor.whichChildren();
  GenServer.cast(child?.pid as never, ['fail', error]);
  exit(
    spawn(() => new Promise(() => {})),
    'signal',
  );
  await settle();
}

describe('a logger that tells which levels are enabled', () => {
  test('gets nothing at those that are not, and nothing is put in words for it', async () => {
    let words = 0;
    const lines = logging(() => false);
    await crash(telling(() => words++));
    expect([lines, words]).toEqual([[], 0]);
  });

  test('gets all others', async () => {
    const lines = logging((level) => level === 'error');
    await crash(new Error('boom'));
    expect(lines).toEqual([
      expect.stringMatching(/^error: Child .* terminated: Error: boom$/) as string,
      expect.stringMatching(
        /^error: supervisor .*: child "Child" terminated: Error: boom$/,
      ) as string,
    ]);
  });

  test('and fails to, gets everything', async () => {
    const lines = logging(() => {
      throw new Error('a bug of the logger');
    });
    await crash(new Error('boom'));
    expect(lines.map((line) => line.split(':')[0])).toEqual(['debug', 'error', 'error']);
  });
});
