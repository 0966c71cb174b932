import { Finch } from '@linnet/finch';
import { exit, GenServer, Registry, whereis } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { freePorts } from '../../../mint/test/support/program.ts';
import { poolId } from '../../src/collect/pools-page.ts';
import type { ObserverOptions } from '../../src/index.ts';
import { accessibilityFaults } from '../support/accessibility.ts';
import { launch, openTab, skipped } from '../support/browser.ts';
import { startProgram, uniqueName } from '../support/program.ts';
import { worker } from '../support/workers.ts';
import { testCluster } from './cluster.ts';
import { testSteering } from './steering.ts';

/** A program with something on each page: pools with connections, requests, a crash, a registry. */
async function startBusyProgram(options: ObserverOptions = {}) {
  const server = await startHttpServer((_request, answer) => answer.end('OK'));
  const names = { finch: uniqueName('Finch'), worker: uniqueName('orders') };
  const program = await startProgram({ actions: true, ...options }, [
    Finch.childSpec({ name: names.finch }),
    Registry.childSpec({ name: uniqueName('Rooms'), keys: 'unique' }),
    worker(names.worker),
  ]);
  const finch = Finch.get(names.finch);
  const request = () => finch.get(`${server.url}/items/4`);
  await request();
  const before = whereis(names.worker);
  GenServer.cast(names.worker, ['crash', 'out of <b>order</b>']);
  await eventually(() => expect(whereis(names.worker)).not.toBe(before));
  const [pool] = finch.listPools();
  return { ...program, ...names, server, request, pool: poolId(names.finch, pool?.pool.key ?? '') };
}

describe.skipIf(skipped !== '')(`the page in a browser${skipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test.each([
    { width: 1280, colorScheme: 'light' as const },
    { width: 390, colorScheme: 'dark' as const },
  ])(
    'each page shows the program at $width px in $colorScheme, accessibly and without an error',
    { timeout: 120_000 },
    async ({ width, colorScheme }) => {
      using _ = captureCrashReports();
      const program = await startBusyProgram();
      await using __ = program.server;
      const { page, faults } = await openTab(browser, program.url, { width, colorScheme });
      const pages: ReadonlyArray<readonly [path: string, heading: string, text: string]> = [
        ['overview', 'Overview', program.finch],
        ['tree', 'Tree', program.worker],
        ['processes', 'Processes', program.worker],
        [`process?pid=${encodeURIComponent(String(whereis(program.worker)))}`, 'Process', 'Kill'],
        [`pools?pool=${encodeURIComponent(program.pool)}`, 'Pools', 'Prewarm'],
        ['requests', 'Requests', 'GET /items/4'],
        ['crashes', 'Crashes', 'out of <b>order</b>'],
        ['registry', 'Registry', `${program.finch}.Registry`],
      ];
      for (const [path, heading, text] of pages) {
        await page.goto(`${program.url}#/${path}`);
        await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
        if (path === 'requests') {
          // Recorded from here on: the pages before show no requests.
          await page.getByText('since').first().waitFor();
          await program.request();
        }
        await page.getByText(text).first().waitFor();
        expect(await accessibilityFaults(page), path).toEqual([]);
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(overflow, `${path} is no wider than the screen`).toBeLessThanOrEqual(width);
      }
      expect(faults).toEqual([]);
    },
  );

  test('the tree follows a kill: another pid, and a restart that stands out', async () => {
    using _ = captureCrashReports();
    const id = uniqueName('orders');
    const program = await startProgram({}, [worker(id)]);
    const { page, faults } = await openTab(browser, `${program.url}#/tree`);
    const item = page.getByRole('treeitem').filter({ hasText: id });
    const before = whereis(id);
    await item.filter({ hasText: String(before) }).waitFor();
    if (before !== undefined) exit(before, 'kill');
    await eventually(() => expect(whereis(id)).not.toBe(before));
    await item.filter({ hasText: String(whereis(id)) }).waitFor();
    await item.getByText('restarted 1×').waitFor();
    expect(await item.getAttribute('class')).toContain('recent');
    expect(faults).toEqual([]);
  });

  test('the tree is searched by name, and the search is in the address', async () => {
    const [one, other] = [uniqueName('needle'), uniqueName('straw')];
    const program = await startProgram({}, [worker(one), worker(other)]);
    const { page } = await openTab(browser, `${program.url}#/tree`);
    await page.getByRole('treeitem').filter({ hasText: other }).waitFor();
    await page.getByRole('searchbox').fill(one);
    await page.getByRole('treeitem').filter({ hasText: other }).waitFor({ state: 'detached' });
    expect(await page.getByRole('treeitem').count()).toBe(2);
    expect(page.url()).toContain(`search=${one}`);
  });

  test('a name that is too long for its place keeps its end, in which the pools of one server differ', async () => {
    const server = 'http://a.host.with.a.very.long.name.example:8080';
    const program = await startProgram({}, [worker(`${server}#api`), worker(`${server}#web`)]);
    const { page } = await openTab(browser, `${program.url}#/tree`);
    const title = page.getByTitle(`${server}#web`);
    expect(await title.textContent()).toBe(`${server}#web`);
    const [outer, end] = await Promise.all([
      title.boundingBox(),
      title.locator('.node-end').boundingBox(),
    ]);
    if (outer === null || end === null) throw new Error('the name is not shown');
    expect(end.x + end.width).toBeLessThanOrEqual(outer.x + outer.width + 1);
  });

  test('the tree is read and folded with the keyboard alone', async () => {
    const id = uniqueName('orders');
    const program = await startProgram({}, [worker(id)]);
    const { page } = await openTab(browser, `${program.url}#/tree`);
    const root = page.getByRole('treeitem').first();
    await root.focus();
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    expect(await root.getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('treeitem').filter({ hasText: id }).waitFor({ state: 'detached' });
    expect(await root.getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('treeitem').filter({ hasText: id }).waitFor();
    await page.keyboard.press('End');
    expect(await focused()).toContain(id);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Process', exact: true }).waitFor();
  });

  test('the table is sorted, paged and searched', async () => {
    const prefix = uniqueName('many');
    const children = Array.from({ length: 60 }, (_, i) => worker(`${prefix}-${i}`));
    const program = await startProgram({}, children);
    const { page } = await openTab(browser, `${program.url}#/processes?search=${prefix}`);
    await page.getByText('1 to 50 of 60').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51 to 60 of 60').waitFor();
    await page.getByRole('button', { name: 'Name' }).click();
    await page.getByRole('button', { name: 'Name' }).click();
    await page
      .getByRole('columnheader', { name: 'Name' })
      .and(page.locator('[aria-sort=descending]'))
      .waitFor();
    await page.getByText('1 to 50 of 60').waitFor();
    await expect.poll(() => page.locator('tbody th').first().textContent()).toBe(`${prefix}-9`);
  });

  test('a tree of 10,000 is shown in part, and stays quick', { timeout: 120_000 }, async () => {
    const prefix = uniqueName('many');
    const children = Array.from({ length: 10_000 }, (_, i) => worker(`${prefix}-${i}`));
    const program = await startProgram({}, children);
    const { page, faults } = await openTab(browser, `${program.url}#/tree`);
    await page.getByText(/of 10,00\d processes/).waitFor();
    await page.getByText('more: search for them').waitFor();
    await page.getByRole('searchbox').fill(`${prefix}-9999`);
    await page
      .getByRole('treeitem')
      .filter({ hasText: `${prefix}-9999` })
      .waitFor();
    expect(faults).toEqual([]);
  });

  test('a viewer with the right to kills a process, and is asked first', async () => {
    using _ = captureCrashReports();
    const id = uniqueName('orders');
    const program = await startProgram({ actions: true }, [worker(id)]);
    const before = whereis(id);
    const path = `#/process?pid=${encodeURIComponent(String(before))}`;
    const { page, faults } = await openTab(browser, program.url + path);
    await page.getByRole('button', { name: 'Kill' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(whereis(id)).toBe(before);
    await page.getByRole('button', { name: 'Kill' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click();
    await page.getByText(`${String(before)} was killed`).waitFor();
    await page.getByText('is dead').waitFor();
    await eventually(() => expect(whereis(id)).not.toBe(before));
    expect(faults).toEqual([]);
  });

  test('a viewer prewarms a pool, and closes a connection', async () => {
    using _ = captureCrashReports();
    const program = await startBusyProgram();
    await using __ = program.server;
    const path = `#/pools?pool=${encodeURIComponent(program.pool)}`;
    const { page } = await openTab(browser, program.url + path);
    await page.getByRole('button', { name: 'Prewarm' }).click();
    await page.getByLabel('Idle connections').fill('3');
    await page.getByRole('dialog').getByRole('button', { name: 'Prewarm' }).click();
    await page.getByText('3 idle', { exact: true }).waitFor();
    const rows = page.getByRole('region', { name: 'Connections' }).locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(3);
    await rows.first().getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => rows.count()).toBe(2);
  });

  test('a viewer without the right has no buttons for it', async () => {
    using _ = captureCrashReports();
    const program = await startBusyProgram({ actions: false });
    await using __ = program.server;
    const { page } = await openTab(
      browser,
      `${program.url}#/process?pid=${encodeURIComponent(String(whereis(program.worker)))}`,
    );
    await page.getByText('A viewer who may act can turn it on.').waitFor();
    expect(await page.getByRole('button', { name: /Kill|Stop|Restart|Trace/ }).count()).toBe(0);
  });

  test('a trace shows messages as they come', async () => {
    const id = uniqueName('orders');
    const program = await startProgram({ actions: true, reveal: true }, [worker(id)]);
    const { page } = await openTab(
      browser,
      `${program.url}#/process?pid=${encodeURIComponent(String(whereis(id)))}`,
    );
    await page.getByRole('button', { name: 'Trace messages' }).click();
    await page.getByRole('button', { name: 'End the trace' }).waitFor();
    await GenServer.call(id, ['echo', 'hello there']);
    await page.locator('.trace').getByText('hello there').first().waitFor();
    await page.getByRole('button', { name: 'End the trace' }).click();
    await page.getByRole('button', { name: 'Trace messages' }).waitFor();
  });

  test('names, reasons and headers with markup are text', async () => {
    using _ = captureCrashReports();
    const markup = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
    const id = `${uniqueName('evil')} ${markup}`;
    await using server = await startHttpServer((_request, answer) => answer.end('OK'));
    const finch = uniqueName('Finch');
    const program = await startProgram({ reveal: true }, [
      worker(id, markup),
      Finch.childSpec({ name: finch }),
    ]);
    await program.page('requests');
    await Finch.get(finch).get(server.url, { headers: { 'x-evil': markup } });
    const before = whereis(id);
    GenServer.cast(id, ['crash', markup]);
    await eventually(() => expect(whereis(id)).not.toBe(before));
    const { page, faults } = await openTab(browser, program.url);
    const pid = encodeURIComponent(String(whereis(id)));
    for (const path of [
      'tree',
      'processes',
      `process?pid=${pid}`,
      'crashes',
      'registry',
      'requests',
    ]) {
      await page.goto(`${program.url}#/${path}`);
      if (path === 'requests') await page.getByText('Headers').first().click();
      await page.getByText('<script>alert(2)</script>').first().waitFor();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('script').count()).toBe(1);
    }
    expect(faults).toEqual([]);
  });

  test('the page is back after the observer was killed', async () => {
    using _ = captureCrashReports();
    const [port = 0] = await freePorts(1);
    const program = await startProgram({ port });
    const { page } = await openTab(browser, program.url);
    await page.getByText('Live', { exact: true }).waitFor();
    const { pid } = program.observer;
    exit(pid, 'kill');
    await eventually(() => expect(program.observer.pid).not.toBe(pid));
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('Restarts').waitFor();
  });

  test('the theme is chosen, and kept', async () => {
    const program = await startProgram();
    const { page } = await openTab(browser, program.url);
    const background = () =>
      page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.getByLabel('Theme').selectOption('dark');
    await expect.poll(background).not.toBe(light);
    const dark = await background();
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await background()).toBe(dark);
  });

  test('a pause keeps what is shown, and asks for no more', async () => {
    const id = uniqueName('orders');
    const program = await startProgram({}, [worker(id)]);
    const { page } = await openTab(browser, `${program.url}#/tree`);
    await page.getByRole('treeitem').filter({ hasText: id }).waitFor();
    await page.getByLabel('Every').selectOption('0');
    await page.getByText('Paused', { exact: true }).waitFor();
    await program.supervisor.terminateChild(id);
    expect(await page.getByRole('treeitem').filter({ hasText: id }).count()).toBe(1);
    await page.getByLabel('Every').selectOption('1');
    await page.getByRole('treeitem').filter({ hasText: 'stopped' }).waitFor();
  });

  // Of files of their own, in the one browser: to start one takes as long as three tests of it.
  describe('shows the cluster', () => {
    testCluster(() => browser);
  });
  describe('steers', () => {
    testSteering(() => browser);
  });
});

test('the page is less than 60 kB, compressed', async () => {
  const folder = join(import.meta.dirname, '../../dist/app');
  const files = ['index.html', 'app.js', 'app.css', 'icon.svg'];
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file))));
  const size = contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
  expect(size).toBeLessThan(60_000);
});
