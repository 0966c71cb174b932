/** The same on all nodes of these tests. */
import type { GlobalOptions } from '../../src/index.ts';

export const globalOptions: GlobalOptions = {
  majorityOf: 3,
  releaseMs: 300,
  resolve: (name, older, newer) => {
    if (name.startsWith('nobody')) return undefined;
    return name.startsWith('newer') ? newer : older;
  },
};
