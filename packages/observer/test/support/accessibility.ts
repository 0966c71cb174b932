import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** Nothing is made that is not read here: selectors, and what is loaded for rules that are off or have no subject. */
const options: RunOptions = { resultTypes: ['violations'], selectors: false, preload: false };

/** What axe-core finds on a page that is serious or worse. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Once for a document: the next page of the program is shown in the same.
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
  const run = `axe.run(document, ${JSON.stringify(options)})`;
  const { violations } = await page.evaluate<AxeResults>(run);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}
