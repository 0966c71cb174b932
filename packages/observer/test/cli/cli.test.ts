import { Finch } from '@linnet/finch';
import { GenServer, whereis } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { Observer } from '../../src/index.ts';
import { parseArguments } from '../../src/cli/arguments.ts';
import { run, type Terminal } from '../../src/cli/run.ts';
import type { TreeDocument } from '../../src/protocol/documents.ts';
import { startProgram, uniqueName } from '../support/program.ts';
import { worker } from '../support/workers.ts';

interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function observer(...args: readonly string[]): Promise<Output> {
  let out = '';
  let err = '';
  const code = await run(args, {
    write: (text) => void (out += text),
    writeError: (text) => void (err += text),
    interactive: false,
    onKey: () => () => {},
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

test('prints the tree, as text, JSON and DOT', async () => {
  const id = uniqueName('worker');
  const { url } = await startProgram({}, [worker(id)]);
  const { out, code } = await observer(url);
  expect(code).toBe(0);
  expect(out).toMatch(/\.App {2}supervisor one_for_one {2}0 of 3 restarts in 5 s {2}#PID</);
  expect(out).toContain(`└─ ${id}  Worker  ${String(whereis(id))}`);
  const json = JSON.parse((await observer('tree', url, '--json')).out) as TreeDocument;
  expect(Object.values(json.nodes).map(({ name }) => name)).toContain(id);
  const dot = (await observer(url, 'tree', '--dot')).out;
  expect(dot).toContain(`"${String(whereis(id))}" [label="${id}\\nWorker\\n`);
  expect(dot).toMatch(/^digraph tree \{[^]*-> [^]*\}\n$/);
});

test('prints the pools with their figures', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const name = uniqueName('Finch');
  const { url } = await startProgram({}, [Finch.childSpec({ name })]);
  expect((await observer('pools', url)).out).toBe('no pools\n');
  await Finch.get(name).get(server.url);
  const { out } = await observer('pools', url);
  expect(out).toContain('wait p99');
  expect(out).toMatch(new RegExp(`^${name} +http://127.0.0.1:${server.port} +1 +up +http1`, 'm'));
});

test('prints crashes with their stack, and what became of them', async () => {
  using _ = captureCrashReports();
  const id = uniqueName('worker');
  const { url } = await startProgram({}, [worker(id)]);
  const before = whereis(id);
  GenServer.cast(id, ['crash', 'out of order\u001B[31m']);
  await eventually(() => expect(whereis(id)).not.toBe(before));
  const { out } = await observer('crashes', url);
  expect(out).toContain(`${id} ${String(before)}, 0 s ago: restarted as ${String(whereis(id))}`);
  expect(out).toContain('Error: out of order');
  expect(out).not.toContain('\u001B[31m');
});

test('top sorts by what is asked for, and says how many more there are', async () => {
  const { url } = await startProgram({}, [worker(uniqueName('worker'))]);
  const { out } = await observer('top', url, '--sort', 'uptime', '-n', '1');
  expect(out).toMatch(/\d+ processes, run queue \d+/);
  expect(out).toContain('by uptime');
  expect(out).toMatch(/\d+ more\n$/);
});

test('top redraws, sorts anew at a key, and ends at q', async () => {
  const { url } = await startProgram();
  let press: (key: string) => void = () => {};
  let out = '';
  const terminal: Terminal = {
    write: (text) => {
      out += text;
      if (text.includes('by mailbox')) queueMicrotask(() => setImmediate(() => press('u')));
      if (text.includes('by uptime')) queueMicrotask(() => setImmediate(() => press('q')));
    },
    writeError: () => {},
    interactive: true,
    onKey: (listener) => {
      press = listener;
      return () => {};
    },
    signal: new AbortController().signal,
  };
  expect(await run(['top', url, '-i', '3600'], terminal)).toBe(0);
  expect(out.split('\u001B[H\u001B[2J')).toHaveLength(3);
});

test('--help has the usage, --version the version of the package', async () => {
  expect((await observer('tree', '--help')).out).toContain('Usage: observer');
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  expect(await observer('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('says that no observer is there', async () => {
  const { code, err } = await observer('http://127.0.0.1:1');
  expect(code).toBe(1);
  expect(err).toMatch(/^no observer answers at http:\/\/127\.0\.0\.1:1\/: /);
});

test('says what to look for where nothing listens, and where TLS is not spoken', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('{}'));
  const secure = await observer(server.url.replace('http:', 'https:'));
  expect(secure.err).toContain('TLS is not spoken there');
  await server.close();
  const { err } = await observer(server.url);
  expect(err).toContain('with Observer.childSpec() in its tree');
});

test('says that an address is not that of an observer', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('<html>'));
  expect((await observer(server.url)).err).toContain('is not the address of an observer');
});

test('sends headers for authorize', async () => {
  const authorize = (request: Request): boolean => request.headers.get('x-pass') === 'yes';
  const { url } = await startProgram({ authorize });
  const { err } = await observer('tree', url);
  expect(err).toContain(
    'answers 403: not authorized; what its "authorize" asks for is given by --header',
  );
  expect((await observer('tree', url, '-H', 'x-pass: yes')).code).toBe(0);
});

test('sends the name and password of an address, and shows them nowhere', async () => {
  const wanted = `Basic ${Buffer.from('ada:l@ve').toString('base64')}`;
  const authorize = (request: Request): boolean => request.headers.get('authorization') === wanted;
  const { url } = await startProgram({ authorize });
  expect((await observer('tree', url.replace('//', '//ada:l%40ve@'))).code).toBe(0);
  const { err } = await observer('tree', url.replace('//', '//ada:wrong@'));
  expect(err).toContain('answers 403');
  expect(err).not.toContain('wrong');
});

test('follows no address that it was not given: that would get the headers as well', async () => {
  let asked = 0;
  await using other = await startHttpServer((_request, answer) => {
    asked++;
    answer.end('{}');
  });
  await using server = await startHttpServer((_request, answer) =>
    answer.writeHead(302, { location: other.url }).end(),
  );
  const { err, code } = await observer('tree', server.url, '-H', 'x-pass: yes');
  expect(code).toBe(1);
  expect(err).toContain(`answers 302: it leads to ${other.url}`);
  expect(asked).toBe(0);
});

test('what repeats goes on while the observer is restarted', async () => {
  const { url, supervisor, observer: it } = await startProgram();
  const port = Number(new URL(url).port);
  const ended = new AbortController();
  const seen: string[] = [];
  let restarted: Promise<Observer> | undefined;
  const drawn: Promise<number> = run(['tree', url, '--watch', '-i', '0.2'], {
    write: (text) => {
      seen.push(text);
      const isDown = seen.some((each) => each.includes('no observer answers'));
      if (seen.length === 1) void supervisor.terminateChild(it.name);
      else if (isDown && text.includes('supervisor')) ended.abort();
      else if (isDown) restarted ??= Observer.startLink({ port, name: uniqueName() });
    },
    writeError: (text) => void seen.push(text),
    interactive: false,
    onKey: () => () => {},
    signal: ended.signal,
  });
  expect(await drawn).toBe(0);
  await (await restarted)?.stop();
  expect(seen.at(-1)).toContain('supervisor');
});

test.each([
  [['--nonsense'], "Unknown option '--nonsense'"],
  [['tree', 'pools'], 'is too much'],
  [['pols', 'localhost:4400'], 'there is no command pols (did you mean pools?)'],
  [['tree', 'ftp://localhost/'], 'an http:// or https:// url'],
  [['--json', '--dot'], 'either --json or --dot'],
  [['pools', '--dot'], '--dot is for the tree'],
  [['--interval', 'x'], '--interval must be'],
  [['--sort', 'colour'], '--sort must be'],
  [['-H', 'x'], '--header must be'],
])('%j is refused with the usage', async (args, message) => {
  const { code, err } = await observer(...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(err).toContain('Usage: observer');
});

test.each([
  [[], 'http://127.0.0.1:4400/'],
  [['localhost:4000'], 'http://localhost:4000/'],
  [['https://x.example/observer'], 'https://x.example/observer/'],
])('%j leads to %s', (args, url) => {
  expect(parseArguments(args)).toMatchObject({ url, command: 'tree' });
});

test('runs as a program', async () => {
  const { url } = await startProgram();
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' };
  const args = ['--conditions=@linnet/source', main, url, 'tree'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(stdout).toContain('.App  supervisor one_for_one');
});
