/** The step `putBaseUrl`. */
import { ejectedOf } from '../guards/find.ts';
import { Upstreams } from '../upstreams.ts';
import type { ReqRequest } from '../message/request.ts';

/** Puts `baseUrl` before a URL without a scheme; the path of the one follows that of the other. */
export function putBaseUrl(request: ReqRequest): Promise<void> | undefined {
  const { baseUrl } = request.options;
  if (baseUrl === undefined || hasScheme(request.url)) return undefined;
  if (baseUrl instanceof Upstreams) {
    putUpstream(request, baseUrl);
    return undefined;
  }
  if (typeof baseUrl !== 'function') {
    request.url = join(String(baseUrl), request.url);
    return undefined;
  }
  return Promise.resolve(baseUrl()).then((base) => {
    request.url = join(String(base), request.url);
  });
}

/** Each attempt takes another one, so that a retry does not depend on the server that failed. */
function putUpstream(request: ReqRequest, upstreams: Upstreams): void {
  const { options, call } = request;
  const { outlier } = options;
  const ejected = outlier === false ? none : ejectedOf(options, upstreams.origins, outlier);
  request.url = join(upstreams.pick(ejected, call.upstream), request.url);
  call.upstream = request.origin;
}

const none: ReadonlySet<string> = new Set();

function hasScheme(url: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(url);
}

/** `https://host/api/?key=1` and `/users?page=2` make `https://host/api/users?key=1&page=2`. */
export function join(base: string, url: string): string {
  const [basePath, baseQuery] = split(base);
  const [path, query] = split(url);
  const joined =
    path === '' ? basePath : `${basePath.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
  const queries = [baseQuery, query].filter((each) => each !== '');
  return queries.length === 0 ? joined : `${joined}?${queries.join('&')}`;
}

function split(url: string): [path: string, query: string] {
  const [beforeHash = ''] = url.split('#', 1);
  const at = beforeHash.indexOf('?');
  return at < 0 ? [beforeHash, ''] : [beforeHash.slice(0, at), beforeHash.slice(at + 1)];
}
