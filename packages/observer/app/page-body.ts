/** The page of a document. */
import type { VNode } from 'preact';
import type { Documents, PageName } from '../src/protocol/documents.ts';
import { html } from './html.ts';
import { ClusterPage } from './pages/cluster.ts';
import { CrashesPage } from './pages/crashes.ts';
import { OverviewPage } from './pages/overview.ts';
import { PoolsPage } from './pages/pools.ts';
import { ProcessPage } from './pages/process.ts';
import { ProcessesPage } from './pages/processes.ts';
import { RegistryPage } from './pages/registry.ts';
import { RequestsPage } from './pages/requests.ts';
import { TreePage } from './pages/tree.ts';
import type { Histories } from './state/histories.ts';
import type { Shown } from './state/live.ts';
import type { Route } from './state/route.ts';

export interface PageBodyProps {
  readonly shown: Shown;
  readonly route: Route;
  readonly histories: Histories;
}

interface PageProps<P extends PageName> {
  readonly document: Documents[P];
  readonly route: Route;
  readonly history: Histories['system'];
  readonly histories: Histories['pools'];
}

const pages: { readonly [P in PageName]: (props: PageProps<P>) => VNode } = {
  overview: OverviewPage,
  tree: TreePage,
  processes: ProcessesPage,
  process: ProcessPage,
  pools: PoolsPage,
  requests: RequestsPage,
  crashes: CrashesPage,
  registry: RegistryPage,
  cluster: ClusterPage,
};

export function PageBody({ shown, route, histories }: PageBodyProps): VNode {
  const { system, pools } = histories;
  const { document } = shown;
  return html`<${pages[shown.page]}
    ...${{ document, route, history: system, histories: pools }}
  />`;
}
