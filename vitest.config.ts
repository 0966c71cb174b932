import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { testPrograms } from './scripts/test-programs/plugin.ts';

/** Resolves the workspaces' packages to their sources, so that tests need no build. */
const conditions = ['@linnet/source', 'node'];

/** Takes back the condition "development" of Vite: dependencies resolve as they do for users. */
const exactConditions: Plugin = {
  name: 'exact-conditions',
  configResolved({ ssr, environments }) {
    ssr.resolve = { ...ssr.resolve, conditions };
    for (const { resolve } of Object.values(environments)) {
      resolve.conditions = conditions;
      resolve.externalConditions = conditions;
    }
  },
};

/**
 * Programs that tests start keep what V8 made of the sources, types taken out: half of the time
 * that each of them takes to start. Node.js 22 does not keep the latter.
 */
const compileCache: Record<string, string> =
  Number.parseInt(process.versions.node, 10) < 24
    ? {}
    : { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compile') };

/**
 * What glibc is told to do with memory, in the processes of tests and in the programs that they start: to
 * keep what was freed, and to take large pages. Bodies of megabytes come and go, and the pages of each
 * were new ones: to join one of 24 MB took 76 ms of the processor in a virtual machine, and takes 3.
 */
const allocator: Record<string, string> = {
  GLIBC_TUNABLES: [
    'glibc.malloc.hugetlb=1',
    `glibc.malloc.mmap_threshold=${2 ** 28}`,
    `glibc.malloc.trim_threshold=${2 ** 30}`,
    `glibc.malloc.top_pad=${2 ** 26}`,
  ].join(':'),
};

/** The folder where the CI script wants the results as JSON, if it does: one file a Node.js version. */
const reports = process.env['LINNET_TEST_REPORTS'];
const report =
  reports === undefined ? undefined : join(reports, `node-${process.versions.node}.json`);

/**
 * The tests of all packages and examples. As one project they share processes, which load what the packages
 * have in common once, and not once for each package: a sixth of the processor time of a part of them.
 */
const unit = {
  plugins: [exactConditions, testPrograms],
  test: {
    name: 'unit',
    root: '.',
    include: ['packages/*/test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Processes, not threads: tests send themselves signals, count the
    // process's open handles and start child processes.
    pool: 'forks' as const,
    // Test files share a process: each leaves nothing behind, which is a test of its own.
    isolate: false,
    // Tests that say that they may run at once start programs, which want a core each.
    maxConcurrency: 2,
    env: { ...compileCache, ...allocator },
    // The cores are busy with the other processes: threads that collect garbage together wait for each
    // other. One of a process takes a fifteenth of its processor time less.
    execArgv: ['--single-threaded-gc'],
    // Generous: a limit here stops a hang, it does not measure speed. On a machine that is busy with
    // other things, threads and programs may take half a minute to start; a test that is cut off
    // leaves what it has started, which fails those after it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
};

/** The tests of types of all packages, for one run of the compiler. */
const types = {
  test: {
    name: 'types',
    root: '.',
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      include: ['packages/*/test/**/*.test-d.ts'],
      tsconfig: './tsconfig.types.json',
    },
  },
};

export default defineConfig({
  test: {
    // More than there are cores: a third of the time a test waits, for a server, a browser or a timer.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    projects: [unit, types],
  },
});
