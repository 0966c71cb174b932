/** Pages: one response after the other, each naming the next one. */
import type { Caller } from '../caller.ts';
import { RedirectError } from '../errors/index.ts';
import { optionsForUrl } from '../message/other-url.ts';
import type { RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { linkTo } from './link.ts';

/** How pages are found. */
export interface PageSettings {
  /** The URL of the next page, relative to that of this one; undefined at the last. Default: the `Link` header with `rel="next"`. */
  readonly nextPage?: ((response: ReqResponse) => string | URL | undefined) | undefined;
  /** How many pages are asked for at most. Default: all. */
  readonly maxPages?: number | undefined;
}

/** The responses, each asked for when the one before it was used. */
export async function* pages(
  caller: Caller,
  first: RequestInput,
  { nextPage = nextLink, maxPages = Number.POSITIVE_INFINITY }: PageSettings,
): AsyncGenerator<ReqResponse, void, undefined> {
  const visited = new Set<string>();
  let input = first;
  for (let page = 1; ; page++) {
    const response = await caller.call(input);
    const { url, redirects } = response;
    visited.add(url);
    // Before the caller gets it, who may change it.
    const found = page < maxPages ? nextPage(response) : undefined;
    yield response;
    if (found === undefined) return;
    const next = targetOf(found, url, visited);
    // Credentials were for the server that was asked, which may have redirected to another.
    const options = optionsForUrl(input.options, redirects[0] ?? url, url);
    input = { ...input, url: next, options: optionsForUrl(options, url, next) };
  }
}

function nextLink({ headers }: ReqResponse): string | undefined {
  return linkTo('next', headers.get('link'));
}

/** @throws RedirectError for what cannot be asked, and for a page that was there already. */
function targetOf(found: string | URL, from: string, pages: ReadonlySet<string>): string {
  const location = String(found);
  const next = URL.canParse(location, from) ? new URL(location, from) : undefined;
  const isHttp = next !== undefined && /^https?:$/.test(next.protocol) && next.username === '';
  if (isHttp && !pages.has(next.href)) return next.href;
  const reason = isHttp ? 'visited' : 'invalid_location';
  throw new RedirectError({ url: from, reason, location, visited: [...pages] });
}
