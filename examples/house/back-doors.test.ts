/**
 * The packages use others, and Node, by what these offer: no deep imports, no private symbols or
 * fields, no methods put in the place of theirs.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backDoorsIn } from './back-doors.ts';

const root = join(import.meta.dirname, '../..');

/** Where back doors are known, and why they are there. */
const exceptions: readonly (readonly [place: RegExp, why: string])[] = [
  [
    /^packages\/otp\/src\/process\/nact-actor\.ts$/,
    'the one module on nact, which does not export its class Actor',
  ],
];

const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map((path) =>
  path.replaceAll('\\', '/'),
);

test('no source goes through a back door of another package or of Node', () => {
  expect(sources.length).toBeGreaterThan(200);
  const found = sources
    .filter((path) => !exceptions.some(([place]) => place.test(path)))
    .flatMap((path) =>
      backDoorsIn(root, join(root, path), readFileSync(join(root, path), 'utf8')).map(
        ({ line, problem }) => `${path}:${line} ${problem}`,
      ),
    );
  expect(found).toEqual([]);
});

test.each([
  [`import { Client } from 'undici/lib/dispatcher/client.js';`, 'which undici does not export'],
  [`export { Pool } from '@linnet/finch/src/pool.ts';`, 'which @linnet/finch does not export'],
  [`const { start } = await import('nact/lib/actor.js');`, 'which nact does not export'],
  [`import { Pid } from '../../otp/src/process/pid.ts';`, 'a file of others'],
  [`const [symbol] = Object.getOwnPropertySymbols(socket);`, 'looks for private symbols'],
  [`const all = Reflect.ownKeys(client);`, 'looks for private symbols'],
  [`const handle = socket._handle;`, 'uses _handle, which is private'],
  [`const handle = socket?.['_handle'];`, 'uses _handle, which is private'],
  [`const { _readableState: state } = stream;`, 'uses _readableState, which is private'],
  [`(stream as { _read(): void });`, 'uses _read, which is private'],
  [`class Mine extends Socket { _write() {} }`, 'uses _write, which is private'],
  [`const wrap = process.binding('tcp_wrap');`, 'uses the inner parts of Node'],
  [`internalBinding('http_parser');`, 'an inner part of Node'],
  [`socket.write = () => true;`, `puts something in the place of write, a method of Node's`],
  [`parser.on ??= listen;`, `puts something in the place of on, a method of Node's`],
  [`Object.defineProperty(socket, 'end', { value: end });`, 'changes an object of others'],
  [`Socket.prototype.connect = connect;`, 'changes a prototype'],
  [`Object.setPrototypeOf(socket, Mine.prototype);`, 'changes what an object is'],
  [`globalThis.fetch = finch.fetch;`, 'changes a global object'],
  [`Object.assign(globalThis, { fetch });`, 'changes a global object'],
  [`process.emitWarning = ignore;`, 'changes a global object'],
])('%s is found', (source, problem) => {
  const found = backDoorsIn(root, join(root, 'packages/mint/src/bad.ts'), `\n${source}\n`);
  expect(found).toEqual([{ line: 2, problem: expect.stringContaining(problem) as string }]);
});

test.each([
  `import { Actor } from 'xstate';`,
  `import { Pid } from './process/pid.ts';`,
  `import { startSupervised } from '@linnet/otp/testing';`,
  `wire.onClosed = resolve;`,
  `this.write = write;`,
  `process.exitCode = 1;`,
  `process.trapsExits = true;`,
  `class Mine extends Duplex { override _write() {} }`,
  `const [_unused, used] = pair;`,
  `// socket._handle`,
  `const text = 'socket._handle';`,
])('%s is not', (source) => {
  expect(backDoorsIn(root, join(root, 'packages/mint/src/good.ts'), source)).toEqual([]);
});
