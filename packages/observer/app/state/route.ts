/** Which page is shown, and with what query: both are in the fragment of the URL. */
import { pageNames, type PageName } from '../../src/protocol/documents.ts';

export interface Route {
  readonly page: PageName;
  readonly query: Readonly<Record<string, string>>;
}

export function readRoute(): Route {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const page = pageNames.find((name) => name === path) ?? 'overview';
  return { page, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** Of the node that is shown, unless the query says which. The page of the cluster is that of this node. */
export function hrefOf(page: PageName, query: Readonly<Record<string, string>> = {}): string {
  const { node = '' } = readRoute().query;
  const all = page === 'cluster' ? query : { node, ...query };
  const search = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  const text = search.toString();
  return `#/${page}${text === '' ? '' : `?${text}`}`;
}

/** Changes the query of the page that is shown, without an entry in the history. */
export function setQuery(change: Readonly<Record<string, string>>): void {
  const { page, query } = readRoute();
  history.replaceState(null, '', hrefOf(page, { ...query, ...change }));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
