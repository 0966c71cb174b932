/** The pages of the API: one for each entry of each package. */
import { join } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { renderApi } from './api-page.ts';
import { ExportReader } from './exports.ts';
import { optionTypes } from './options.ts';
import { reqOptionTypes } from './req-options.ts';

/** By the name under which it is imported: package, file in `src`, and page. */
const entries = [
  ['@linnet/otp', 'otp', 'index.ts', 'otp.md'],
  ['@linnet/otp/testing', 'otp', 'testing/index.ts', 'otp-testing.md'],
  ['@linnet/otp/options', 'otp', 'options/index.ts', 'otp-options.md'],
  ['@linnet/mint', 'mint', 'index.ts', 'mint.md'],
  ['@linnet/mint/testing', 'mint', 'testing/index.ts', 'mint-testing.md'],
  ['@linnet/finch', 'finch', 'index.ts', 'finch.md'],
  ['@linnet/finch/opentelemetry', 'finch', 'opentelemetry/index.ts', 'finch-opentelemetry.md'],
  ['@linnet/finch/testing', 'finch', 'testing/index.ts', 'finch-testing.md'],
  ['@linnet/finch/prometheus', 'finch', 'prometheus/index.ts', 'finch-prometheus.md'],
  ['@linnet/cluster', 'cluster', 'index.ts', 'cluster.md'],
  ['@linnet/cluster/finch', 'cluster', 'finch/index.ts', 'cluster-finch.md'],
  ['@linnet/cluster/nats', 'cluster', 'nats/index.ts', 'cluster-nats.md'],
  ['@linnet/cluster/testing', 'cluster', 'testing/index.ts', 'cluster-testing.md'],
  ['@linnet/otp/distribution', 'otp', 'distribution/index.ts', 'otp-distribution.md'],
  ['@linnet/req', 'req', 'index.ts', 'req.md'],
  ['@linnet/observer', 'observer', 'index.ts', 'observer.md'],
] as const;

/** Where types of options are described. */
const options = new Map([...optionTypes, ...reqOptionTypes]);

/** The pages by their paths in the repository. */
export function apiPages(root: string): ReadonlyMap<string, string> {
  const api = new API({ cwd: root });
  try {
    const configs = new Set(
      entries.map(([, name]) => join(root, 'packages', name, 'tsconfig.json')),
    );
    const snapshot = api.updateSnapshot({ openProjects: [...configs] });
    return new Map(
      entries.map(([specifier, name, file, page]) => {
        const folder = join(root, 'packages', name);
        const project = snapshot.getProject(join(folder, 'tsconfig.json'));
        if (project === undefined) throw new Error(`${folder} is no project`);
        const reader = new ExportReader(project, join(root, 'packages'));
        const items = reader.exportsOf(join(folder, 'src', file));
        const path = `docs/reference/api/${page}`;
        return [path, renderApi({ specifier, path, items, options, root })];
      }),
    );
  } finally {
    api.close();
  }
}
