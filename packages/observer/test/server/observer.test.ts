import { exit, isAlive, Supervisor, whereis } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Observer, ObserverListenError, ObserverOptionsError } from '../../src/index.ts';
import { startProgram, uniqueName } from '../support/program.ts';

test('is a supervised process: killed, it serves again', async () => {
  using _ = captureCrashReports();
  const { observer } = await startProgram();
  const { pid } = observer;
  exit(pid, 'kill');
  await eventually(async () => {
    expect(isAlive(pid)).toBe(false);
    const response = await fetch(`${await observer.url()}api/session`);
    expect(await response.json()).toEqual({ actions: false, reveal: false });
  });
});

test.each([
  ['is told to shut down', (name: string) => whereis(name)],
  ['loses the process that answers other nodes', () => whereis('Linnet.Observer')],
])('%s: its supervisor starts all of it anew', async (_what, find) => {
  using _ = captureCrashReports();
  const { observer } = await startProgram();
  const { pid } = observer;
  const target = find(observer.name);
  if (target !== undefined) exit(target, 'shutdown');
  await eventually(async () => {
    expect(isAlive(pid)).toBe(false);
    expect((await fetch(`${await observer.url()}api/session`)).status).toBe(200);
    expect(whereis('Linnet.Observer')).toBeDefined();
  });
});

test('stopped in order, it leaves nothing behind', async () => {
  const observer = await Observer.startLink({ port: 0, name: uniqueName() });
  expect(whereis('Linnet.Observer')).toBeDefined();
  await observer.stop();
  expect(whereis('Linnet.Observer')).toBeUndefined();
});

test('of two observers in a program, both serve, and one answers other nodes', async () => {
  const [one, other] = [await startProgram(), await startProgram()];
  for (const { url } of [one, other]) expect((await fetch(`${url}api/session`)).status).toBe(200);
  await one.supervisor.stop();
  expect((await fetch(`${other.url}api/session`)).status).toBe(200);
});

test('its supervisor starts it anew on the same port', async () => {
  using _ = captureCrashReports();
  const first = await Observer.startLink({ port: 0, name: uniqueName() });
  const port = Number(new URL((await first.url()) ?? '').port);
  await first.stop();
  const { observer } = await startProgram({ port });
  const { pid } = observer;
  const open = await fetch(`${await observer.url()}api/overview`, {
    headers: { accept: 'text/event-stream' },
  });
  exit(pid, 'kill');
  await eventually(() => expect(observer.pid).not.toBe(pid));
  expect(await observer.url()).toBe(`http://127.0.0.1:${port}/`);
  await open.body?.cancel().catch(() => {});
});

test('a port that is taken fails the start, and says what to change', async () => {
  using _ = captureCrashReports();
  const { url } = await startProgram();
  const { port } = new URL(url);
  const failure = await Observer.startLink({ port: Number(port), name: uniqueName() }).then(
    () => undefined,
    (error: unknown) => error as { reason?: unknown },
  );
  expect(failure?.reason).toBeInstanceOf(ObserverListenError);
  expect(String(failure?.reason)).toContain('Give it another "port"');
});

test.each([
  ['0.0.0.0', 'needs "authorize"'],
  ['192.168.1.5', 'needs "authorize"'],
  ['::', 'needs "authorize"'],
  ['example.com', 'needs "authorize"'],
])('refuses to listen on %s without authorize', (host, message) => {
  expect(() => Observer.childSpec({ host })).toThrow(message);
});

test.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1'])('%s is a loopback address', (host) => {
  expect(() => Observer.childSpec({ host })).not.toThrow();
});

test.each([
  [{ port: 70_000 }, 'port'],
  [{ port: false as const }, 'authorize'],
  [{ name: '' }, 'name'],
  [{ basePath: 'x y' }, 'basePath'],
  [{ maxStreams: 0 }, 'maxStreams'],
])('refuses the options %j', (options, option) => {
  expect(() => Observer.childSpec(options)).toThrow(expect.objectContaining({ option }) as Error);
  expect(() => Observer.childSpec(options)).toThrow(ObserverOptionsError);
});

test('an option that does not exist is refused', () => {
  const options: object = { prot: 1 };
  expect(() => Observer.childSpec(options)).toThrow(
    'The option "prot" of Observer does not exist. Did you mean port?',
  );
});

test('answers 503 through its handler while it does not run', async () => {
  const { handler } = Observer.get(uniqueName('Nowhere'));
  expect((await handler(new Request('http://localhost/'))).status).toBe(503);
});

test('the end of its supervisor closes the server and the streams', async () => {
  const name = uniqueName();
  const supervisor = await Supervisor.startLink([Observer.childSpec({ port: 0, name })], {
    strategy: 'one_for_one',
  });
  onTestFinished(() => supervisor[Symbol.asyncDispose]());
  const url = (await Observer.get(name).url()) ?? '';
  const response = await fetch(`${url}api/overview`, { headers: { accept: 'text/event-stream' } });
  await supervisor.stop();
  await response.text().catch(() => {}); // it ends
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const refused = await new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once('connect', () => resolve('connected'));
  });
  socket.destroy();
  expect(refused).toBe('ECONNREFUSED');
});
