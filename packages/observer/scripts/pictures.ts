/**
 * Takes the two pictures of the README, of a program with some load: npm run pictures -w @linnet/observer.
 * It needs Debian's chromium, or the one of CHROMIUM.
 */
import { Finch, Pool } from '@linnet/finch';
import { Observer } from '@linnet/observer';
import { exit, GenServer, Registry, setLogger, Supervisor, whereis } from '@linnet/otp';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const folder = join(import.meta.dirname, '../pictures');

const quiet = (): void => {};
setLogger({ error: quiet, warn: quiet, debug: quiet });

const server = createServer((_request, response) => {
  setTimeout(() => response.end('OK'), 5 + Math.random() * 40);
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const api = Pool.new(url, { tag: 'api' });

const Orders = GenServer.define({ name: 'Orders', init: () => ({}) });

const supervisor = await Supervisor.startLink(
  [
    Observer.childSpec({ port: 0, actions: true }),
    Finch.childSpec({ name: 'Http', pools: { default: { size: 20 } } }),
    Pool.childSpec({ finch: 'Http', pool: api, size: 8 }),
    Registry.childSpec({ name: 'Rooms', keys: 'unique' }),
    Orders.childSpec(undefined, { name: 'orders', id: 'orders' }),
  ],
  { strategy: 'one_for_one', name: 'Shop' },
);
const finch = Finch.get('Http');
const stopped = new AbortController();

async function call(number: number): Promise<void> {
  const poolTag = number % 2 === 0 ? 'api' : 'default';
  while (!stopped.signal.aborted) {
    const request = Finch.build('GET', `${url}/items/${number}`, undefined, undefined, { poolTag });
    await finch.request(request).catch(() => {});
    await sleep(Math.random() * 20);
  }
}

const load = Array.from({ length: 22 }, (_, number) => call(number));
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage({
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
});
const address = (await Observer.get().url()) ?? '';
const pool = encodeURIComponent(`Http ${Pool.key(api)}`);
await page.goto(`${address}#/pools?pool=${pool}`);
await page.getByRole('heading', { name: 'Connections' }).waitFor();
await sleep(25_000); // what is plotted
await page.screenshot({ path: join(folder, 'pools.png') });
const orders = whereis('orders');
if (orders !== undefined) exit(orders, 'kill');
await page.goto(`${address}#/tree`);
await page.getByText('restarted 1×').waitFor();
await page.screenshot({ path: join(folder, 'tree.png') });

await browser.close();
stopped.abort();
await Promise.all(load);
await supervisor.stop();
server.close();
