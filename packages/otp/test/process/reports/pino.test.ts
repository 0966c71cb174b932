import { exit, GenServer, noreply, setLogger, spawn, Supervisor } from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { inspect } from 'node:util';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';

/** The lines that pino writes, as the objects they are, while it is the logger. */
function logWithPino(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as never);
  const former = setLogger(pino({ level: 'debug', base: null }, { write }));
  onTestFinished(() => void setLogger(former));
  return lines;
}

const Server = GenServer.define({
  name: 'Server',
  init: () => ({ rows: Array.from({ length: 50_000 }, (_, n) => ({ n, text: 'x'.repeat(50) })) }),
  handleCast: {
    login: (_state, _credentials: { readonly user: string; readonly password: string }) => {
      throw new TypeError('boom', { cause: new Error('inner') });
    },
    remain: (state) => noreply(state),
  },
});

test('pino writes the error of a crash report under err, with its stack and cause [N3]', async () => {
  const lines = logWithPino();
  const server = await Server.start();
  server.cast('login', { user: 'ada', password: 'hunter2' });
  await settle();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 50,
    msg: expect.stringMatching(/^Server #PID<.*> terminated: TypeError: boom$/) as string,
    pid: String(server.pid),
    label: 'Server',
    cause: 'fault',
    reason: 'TypeError: boom',
    err: {
      type: 'TypeError',
      message: 'boom: inner',
      stack: expect.stringMatching(
        /TypeError: boom\n.* at .*\n[\s\S]*caused by: Error: inner/,
      ) as string,
    },
  });
});

test('state and last message are cut, and what is secret in them is not written [N4]', async () => {
  const lines = logWithPino();
  const server = await Server.start();
  server.cast('login', { user: 'ada', password: 'hunter2' });
  await settle();
  const text = JSON.stringify(lines);
  expect(text.length).toBeLessThan(20_000);
  expect(text).not.toContain('hunter2');
  expect(lines[0]?.['details']).toMatchObject({
    lastMessage: { cast: ['login', { user: 'ada', password: '[redacted]' }] },
  });
});

test('reasons that are no errors are words, also of supervisors, and the error in one is found', async () => {
  const lines = logWithPino();
  const failing = GenServer.define({
    name: 'Failing',
    init: () => {
      throw new Error('no database');
    },
  });
  await Supervisor.startLink([failing.childSpec()], { strategy: 'one_for_one' }).catch(() => {});
  spawn(() => exit(['bad_config', { token: 'abc', port: 1 }]));
  await settle();
  const errors = lines.filter(({ level }) => level === 50);
  expect(errors).toMatchObject([
    { reason: 'Error: no database', err: { message: 'no database' } },
    { errorContext: 'start_error', err: { message: 'no database' } },
    { reason: "{bad_config, { token: '[redacted]', port: 1 }}" },
  ]);
  expect(JSON.stringify(errors)).not.toContain('abc');
});

test('console is a logger, too', async () => {
  const lines: unknown[][] = [];
  const { error } = console;
  console.error = (...args: unknown[]) => void lines.push(args);
  const former = setLogger(console);
  onTestFinished(() => {
    setLogger(former);
    console.error = error;
  });
  spawn(() => {
    throw new Error('boom');
  });
  await settle();
  const [[fields, message] = []] = lines;
  expect(fields).toMatchObject({ err: { message: 'boom' }, reason: 'Error: boom' });
  expect(inspect(fields)).toMatch(/err: Error: boom\n\s+at /);
  expect(message).toMatch(/^process #PID<.*> terminated: Error: boom$/);
});

test('bounds and further secret keys can be given', async () => {
  const lines: object[] = [];
  const write = (fields: object): void => void lines.push(fields);
  const former = setLogger(
    { error: write, warn: write, debug: write },
    { redact: ['iban'], depth: 2 },
  );
  onTestFinished(() => void setLogger(former));
  spawn(() => exit({ iban: 'DE00', deep: { deeper: { deepest: 1 } } }));
  await settle();
  expect(lines).toMatchObject([{ reason: "{ iban: '[redacted]', deep: { deeper: '[Object]' } }" }]);
});
