/**
 * Programs that tests start, as few files.
 *
 * A test imports a program with `?program` behind its path, and gets the path of its bundle: the program
 * and the sources of the packages that it uses. Measured with a node of the cluster: it starts in a third
 * of the processor time that the sources take from the compile cache, and in a seventh of what they take
 * without. When the first test asks for one, the programs of all tests are bundled together: in the time
 * that two take alone.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'vitest/config';
import { bundlePrograms } from './bundle.ts';

const suffix = '?program';
const root = join(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache');

/** The programs that the sources of tests import. */
function programsOfTests(): Set<string> {
  const sources = ['packages/*/test/**/*.ts', 'examples/**/*.ts'].flatMap((pattern) =>
    globSync(pattern, { cwd: root }),
  );
  const programs = sources.flatMap((source) => {
    const text = readFileSync(join(root, source), 'utf8');
    return [...text.matchAll(/ from '(\.[^'?]+)\?program';$/gm)].map(([, path = '']) =>
      join(root, dirname(source), path),
    );
  });
  return new Set(programs);
}

/** The bundles of one run. */
class Bundles {
  #folder: Promise<string> | undefined;

  async of(program: string): Promise<string> {
    this.#folder ??= this.#make();
    return join(await this.#folder, `${nameOf(program)}.mjs`);
  }

  /** In `node_modules/.cache`, from where dependencies are found. They are gone after the run. */
  async #make(): Promise<string> {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'programs-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const programs = [...programsOfTests()].map((program) => [nameOf(program), program] as const);
    await bundlePrograms(Object.fromEntries(programs), folder);
    return folder;
  }
}

/** Its path in the repository: two programs may have the same name. */
const nameOf = (program: string): string =>
  relative(root, program).replaceAll('\\', '/').replace(/\.ts$/, '');

const bundles = new Bundles();

export const testPrograms: Plugin = {
  name: 'test-programs',
  // Vitest keeps modules for the next run, for which there will be other bundles.
  configureVitest({ defineCacheKeyGenerator }) {
    defineCacheKeyGenerator(({ id }) => (id.endsWith(suffix) ? false : undefined));
  },
  async load(id) {
    if (!id.endsWith(suffix)) return undefined;
    const file = await bundles.of(id.slice(0, -suffix.length));
    return `export const program = ${JSON.stringify(file)};`;
  },
};
