import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startHttpServer } from '../support/http-server.ts';

const run = promisify(execFile);
const mint = new URL('../../src/index.ts', import.meta.url).href;
const dialling = new URL('../../src/dial/index.ts', import.meta.url).href;
const http1Wire = new URL('../../src/driver/http1/http1-wire.ts', import.meta.url).href;

/** Runs a module's source in a Node.js of its own, the same version as this one. */
async function runModule(source: string): Promise<string> {
  const { stdout } = await run(process.execPath, [
    '--conditions=@linnet/source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    source,
  ]);
  return stdout.trim();
}

test('importing the package adds nothing global', async () => {
  const added = await runModule(`
    const before = new Set(Reflect.ownKeys(globalThis));
    await import(${JSON.stringify(mint)});
    console.log(JSON.stringify(Reflect.ownKeys(globalThis).filter((key) => !before.has(key)).map(String)));
  `);
  expect(JSON.parse(added)).toEqual([]);
});

test('importing the package changes nothing global', async () => {
  const changed = await runModule(`
    const read = () => new Map(Reflect.ownKeys(globalThis).map((key) => {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(globalThis, key);
      return [key, [value, get, set]];
    }));
    const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);
    // The first look has Node.js load its own undici, and with it the global dispatcher.
    read();
    const before = read();
    const listening = String(listeners());
    await import(${JSON.stringify(mint)});
    const changed = [];
    for (const [key, parts] of read()) {
      const old = before.get(key);
      if (!old || parts.some((part, index) => !Object.is(part, old[index]))) changed.push(String(key));
    }
    if (String(listeners()) !== listening) changed.push('listeners of process');
    console.log(JSON.stringify(changed));
  `);
  expect(JSON.parse(changed)).toEqual([]);
});

test('an idle wire keeps no program running', async () => {
  await using server = await startHttpServer((_request, reply) => reply.end('done'));
  const output = await runModule(`
    const { dial } = await import(${JSON.stringify(dialling)});
    const { createHttp1Wire } = await import(${JSON.stringify(http1Wire)});
    const origin = ${JSON.stringify(server.url)};
    const address = { host: '127.0.0.1', port: ${server.port} };
    const { socket } = await dial({ origin, address }).result;
    const wire = createHttp1Wire(socket, { origin, authority: 'localhost' });
    wire.send({ method: 'GET', target: '/', headers: [] }, {
      onInformational() {},
      onHeaders() {},
      onData(bytes, from, to) { console.log(bytes.toString('latin1', from, to)); return true; },
      onEnd() {},
      onError(error) { throw error; },
    });
  `);
  expect(output).toBe('done');
});
