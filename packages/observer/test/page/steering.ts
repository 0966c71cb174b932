/** Steering by the page, tested in the browser of page.test.ts. */
import { Finch, Pool } from '@linnet/finch';
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { poolId } from '../../src/collect/pools-page.ts';
import { openTab } from '../support/browser.ts';
import { startProgram, uniqueName } from '../support/program.ts';

export function testSteering(browser: () => Browser): void {
  test('a viewer changes the size of a pool, which shows it', async () => {
    await using server = await startHttpServer((_request, answer) => answer.end('OK'));
    const name = uniqueName('Finch');
    const program = await startProgram({ actions: true }, [Finch.childSpec({ name })]);
    await Finch.get(name).get(server.url);
    const pool = encodeURIComponent(poolId(name, Pool.key(server.url)));
    const { page, faults } = await openTab(browser(), `${program.url}#/pools?pool=${pool}`);
    await page.getByRole('button', { name: 'Resize' }).click();
    await page.getByRole('spinbutton', { name: 'Connections' }).fill('7');
    await page.getByRole('dialog').getByRole('button', { name: 'Resize' }).click();
    await page.getByText('7 connections at most, a shard').waitFor();
    await page.getByRole('img', { name: '0 in use and 1 idle of 7' }).waitFor();
    expect(Finch.get(name).getPoolSize(server.url)).toBe(7);
    expect(faults).toEqual([]);
  });
}
