/** The page of the cluster, tested in the browser of page.test.ts. */
import { Cluster, Global, Workers } from '@linnet/cluster';
import { whereis } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from '../support/accessibility.ts';
import { openTab } from '../support/browser.ts';
import { startProgram, uniqueName } from '../support/program.ts';
import { worker } from '../support/workers.ts';

const there = 'test/w1@127.0.0.1';

export function testCluster(browser: () => Browser): void {
  test(
    'shows the nodes and names, and leads to the tree of another node, read only',
    { timeout: 120_000 },
    async () => {
      using _ = captureCrashReports();
      const id = uniqueName('leader');
      const program = await startProgram({ actions: true }, [
        Cluster.childSpec({ name: 'test@127.0.0.1', cookie: 'secret' }),
        Global.childSpec(),
        Workers.childSpec({
          count: 1,
          module: new URL('../support/cluster-worker.ts', import.meta.url),
          worker: { execArgv: ['--conditions=@linnet/source', '--no-warnings'] },
          startTimeout: 60_000,
        }),
        worker(id),
      ]);
      await Global.register('the leader', whereis(id));
      await eventually(async () => {
        expect((await program.page('cluster')).nodes[there]?.figures).toBeDefined();
      });
      const { page, faults } = await openTab(browser(), `${program.url}#/cluster`, { width: 390 });
      await page.getByRole('rowheader', { name: there }).waitFor();
      await page.getByRole('rowheader', { name: 'the leader' }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(
        await page.evaluate<number>('document.documentElement.scrollWidth'),
      ).toBeLessThanOrEqual(390);

      await page.getByRole('link', { name: `tree of ${there}` }).click();
      await page.getByRole('treeitem').filter({ hasText: 'far-away' }).click();
      await page.getByRole('heading', { level: 1, name: 'Process', exact: true }).waitFor();
      await page.getByText(`Of the node ${there}`).waitFor();
      await page.getByText('hidden: state').waitFor();
      expect(await page.getByRole('button', { name: /Kill|Stop|Restart|Trace/ }).count()).toBe(0);
      await page.getByRole('navigation').getByRole('link', { name: 'Tree' }).click();
      await page.getByRole('link', { name: 'Back to this node' }).click();
      await page.getByRole('treeitem').filter({ hasText: id }).waitFor();
      expect(faults).toEqual([]);
    },
  );
}
