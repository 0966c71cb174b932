/**
 * Programs that tests start, as one file each.
 *
 * A test imports a program with `?program` behind its path, and gets the path of its bundle: the program
 * and the sources of the packages that it uses. Measured with a node of the cluster: it starts in a third
 * of the processor time that the sources take from the compile cache, and in a seventh of what they take
 * without. A run of the tests makes a bundle when the first test asks for it, once for all of them.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import type { Plugin } from 'vitest/config';

const suffix = '?program';
const cache = join(import.meta.dirname, '../../node_modules/.cache');

/** The bundles of one run, by the paths of their programs. */
class Bundles {
  readonly #made = new Map<string, Promise<string>>();
  #folder: string | undefined;

  of(program: string): Promise<string> {
    const made = this.#made.get(program) ?? this.#make(program);
    this.#made.set(program, made);
    return made;
  }

  async #make(program: string): Promise<string> {
    this.#folder ??= this.#createFolder();
    const name = basename(program, '.ts');
    // Two programs may have the same name.
    const file = join(this.#folder, String(this.#made.size), `${name}.mjs`);
    await build({
      entryPoints: [program],
      outfile: file,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      // Names of classes and functions are in logs and errors.
      keepNames: true,
      conditions: ['@linnet/source'],
      // Native code stays where it is.
      external: ['@matrixai/*'],
      // For dependencies that are CommonJS.
      banner: {
        js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
      },
      logLevel: 'warning',
    });
    return file;
  }

  /** In `node_modules/.cache`, from where dependencies are found. It is gone after the run. */
  #createFolder(): string {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'programs-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }
}

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
