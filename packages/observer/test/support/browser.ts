/**
 * A browser for the tests of the page: the one of CHROMIUM, or Debian's chromium, best without its windows:
 * they take a quarter of the processor time.
 */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const executablePath = places.find((path) => path !== undefined && existsSync(path));

/** The page is the same under each Node.js, and a browser takes its time: it is tested with the one in use here. */
const isOldNode = Number.parseInt(process.versions.node, 10) < 26;

/** The reason why tests of the page are skipped, for their titles; empty when they are not. */
export const skipped =
  executablePath === undefined
    ? ' (SKIPPED: no chromium; install chromium-headless-shell, or set CHROMIUM)'
    : isOldNode
      ? ' (SKIPPED: run with Node.js 26)'
      : '';

/** What spares the browser processor time: a page is looked at for a second, and not worth compiled code. */
const thrift = ['--in-process-gpu', '--js-flags=--no-maglev,--no-opt'];

export function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no chromium');
  // In a container there is no sandbox to be had, and the page is ours.
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...thrift] });
}

export interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Where the programs of earlier tests were. */
const left = new Set<string>();

/**
 * The tab of a browser, and what its console said that it should not. It is one for all tests, which
 * follow each other: a context of its own for each test costs a process of the browser. What a test
 * left is gone with its page, and with its program, of which the address is another in each test.
 */
export async function openTab(
  browser: Browser,
  url: string,
  { width = 1280, colorScheme = 'light' }: PageOptions = {},
): Promise<{ readonly page: Page; readonly faults: readonly string[] }> {
  const [context = await browser.newContext()] = browser.contexts();
  const [page = await context.newPage()] = context.pages();
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme });
  const faults: string[] = [];
  left.delete(new URL(url).origin);
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const { url: source } = message.location();
    // A request of the page before this one, which failed with its program, may be told late.
    if (URL.canParse(source) && left.has(new URL(source).origin)) return;
    faults.push(`${message.text()} ${source}`.trim());
  });
  page.on('pageerror', (error) => void faults.push(String(error)));
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  onTestFinished(async ({ task }) => {
    page.removeAllListeners();
    left.add(new URL(url).origin);
    // The tab of a test that failed is no good for the next one. What another has left stays until the
    // next one's page takes its place: its stream ends with its program.
    if (task.result?.state === 'fail') await page.close();
  });
  await page.goto(url);
  return { page, faults };
}
