// What a first program does, for runtimes other than Node.js: a tree, calls, a crash and a restart, requests.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Finch, Pool } from '@linnet/finch';
import { GenServer, reply, setLogger, Supervisor } from '@linnet/otp';

setLogger({ error: () => {}, warn: () => {}, debug: () => {} });

const Counter = GenServer.define({
  name: 'Counter',
  init: (/** @type {number} */ start) => start,
  handleCall: {
    add: (n, /** @type {number} */ by) => reply(n + by, n + by),
    fail: () => {
      throw new Error('on purpose');
    },
  },
});

const server = createServer((request, response) => response.end(`hello ${request.url}`));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;

const supervisor = await Supervisor.startLink(
  [
    Counter.childSpec(0, { name: 'counter' }),
    Finch.childSpec({ name: 'F' }),
    Pool.childSpec({ finch: 'F', pool: url, size: 5 }),
  ],
  { strategy: 'one_for_one' },
);

const counter = Counter.at('counter');
for (let n = 1; n <= 20_000; n++) assert.equal(await counter.call('add', 1), n);
await assert.rejects(counter.call('fail'), /on purpose/);
assert.equal(await counter.call('add', 1), 1);

const finch = Finch.get('F');
const bodies = await Promise.all(
  Array.from({ length: 100 }, async (_, n) => (await finch.get(`${url}/${n}`)).text()),
);
assert.equal(new Set(bodies).size, 100);
const bytes = await finch.stream(url, 0, (part, sum) =>
  part.type === 'data' ? sum + part.data.length : sum,
);
assert.equal(bytes, 7);
assert.equal(await (await finch.open(url)).text(), 'hello /');
await assert.rejects(finch.get('http://127.0.0.1:1'), { code: 'ERR_FINCH_CONNECT' });

await supervisor.stop();
server.close();
console.log('ok');
