import { ExitError, formatReason, isSoftReason, spawn } from '@linnet/otp';
import { describe, expect, test } from 'vitest';
import { isError, reasonOfThrown } from '../../src/process/exit-reason.ts';

describe('formatReason', () => {
  const pid = spawn(() => {});

  test.each([
    ['normal', 'normal'],
    ['boom', 'boom'],
    ['killed', 'killed'],
    [
      'noproc',
      'no process: the process is not alive or there is no process with that name (noproc)',
    ],
    [{ shutdown: 'done' }, 'shutdown: done'],
    [new RangeError('too far'), 'RangeError: too far'],
    [new ExitError({ shutdown: 'inner' }), 'shutdown: inner'],
    [['bad_return_value', { a: 1 }], 'bad return value: { a: 1 }'],
    [['already_started', pid], `already started: ${String(pid)}`],
    [
      { shutdown: ['failed_to_start_child', 'db', new Error('refused')] },
      "shutdown: child 'db' failed to start: Error: refused",
    ],
    [
      [
        'failed_to_start_child',
        's',
        { shutdown: ['failed_to_start_child', 'c', ['already_started', pid]] },
      ],
      `child 's' failed to start: shutdown: child 'c' failed to start: already started: ${String(pid)}`,
    ],
    [['timeout', ['GenServer', 'call']], '{time out, {GenServer, call}}'],
    [undefined, 'undefined'],
    [{ deep: { deep: { deep: {} } } }, '{ deep: { deep: { deep: {} } } }'],
  ])('%o reads %s', (reason, text) => {
    expect(formatReason(reason)).toBe(text);
  });

  test('ends with reasons that contain themselves', () => {
    const array: unknown[] = [];
    array.push(array, array);
    expect(formatReason(array)).toContain('…');
    const error = new Error('loop');
    error.cause = error;
    expect(formatReason(error)).toBe('Error: loop');
  });
});

test('normal, shutdown and the shutdown tuple are soft, all others hard', () => {
  for (const soft of ['normal', 'shutdown', { shutdown: undefined }, { shutdown: { a: 1 } }]) {
    expect(isSoftReason(soft)).toBe(true);
  }
  class Shutdown {
    readonly shutdown = 1;
  }
  const hard = ['kill', 'killed', undefined, null, {}, { shutdown: 1, more: 2 }, new Shutdown()];
  for (const reason of hard) expect(isSoftReason(reason)).toBe(false);
});

test('a thrown value is its own reason, an exit has one', () => {
  expect(reasonOfThrown(new ExitError('boom'))).toBe('boom');
  expect(reasonOfThrown('ball')).toBe('ball');
  const error = new Error('x');
  expect(reasonOfThrown(error)).toBe(error);
});

test('an Error of any kind and realm is one, and nothing else is', () => {
  class Own extends TypeError {}
  for (const error of [new Error('x'), new Own('x'), new DOMException('x'), new ExitError(1)]) {
    expect(isError(error)).toBe(true);
  }
  for (const other of [undefined, null, 'Error', { message: 'x', stack: 'y' }, () => {}]) {
    expect(isError(other)).toBe(false);
  }
});

test('an ExitError has a readable message and no enumerable secrets', () => {
  const error = new ExitError(['bad_return_value', 5]);
  expect(error.name).toBe('ExitError');
  expect(error.code).toBe('ERR_EXIT');
  expect(error.message).toBe('exit: bad return value: 5');
});
