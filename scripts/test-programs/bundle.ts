import { build } from 'esbuild';

/**
 * Makes a file of each program, and of the sources of the packages that it uses. What programs share is in
 * files that they share: it is read, written and compiled by V8 once.
 *
 * @param programs their sources, by the names of their files in `folder`, without `.mjs`
 */
export async function bundlePrograms(
  programs: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  await build({
    entryPoints: { ...programs },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
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
}
