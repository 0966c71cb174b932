/** The step `redirect` (RFC 9110, 15.4, and the Fetch standard where that leaves a choice). */
import { isReplayable } from '../body/replayable.ts';
import { RedirectError } from '../errors/index.ts';
import type { Again } from '../message/control.ts';
import { optionsForUrl } from '../message/other-url.ts';
import type { ReqRequest, RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import type { ResolvedOptions } from '../options/index.ts';

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers of a body, which goes when the method becomes GET. */
const ofBody = /^content-|^(?:transfer-encoding|expect|digest)$/;

/** Begins an attempt with the URL of `location`. */
export function redirect(
  request: ReqRequest,
  response: ReqResponse,
): Again<RequestInput> | Error | undefined {
  const { options, call, url } = request;
  if (!options.redirect || !redirects.has(response.status)) return undefined;
  const locations = new Set(response.headers.getAll('location'));
  const [location] = locations;
  if (location === undefined) return undefined;
  const { maxRedirects } = options;
  const { visited } = call;
  if (visited.length >= maxRedirects) {
    return new RedirectError({ url, reason: 'too_many', maxRedirects, visited: [...visited, url] });
  }
  // Of several which differ none is the right one, as the Fetch standard has it: others may follow another.
  const next = locations.size === 1 ? target(location, url) : undefined;
  if (next === undefined) {
    const all = [...locations].join(', ');
    return new RedirectError({ url, reason: 'invalid_location', location: all, visited });
  }
  const method = methodAfter(response.status, request.method);
  const dropsBody = method !== request.method;
  if (!dropsBody && !isReplayable(options)) {
    return new RedirectError({ url, reason: 'body_used_up', location, visited });
  }
  visited.push(url);
  const input = { method, url: next, options: optionsAfter(request, next, dropsBody) };
  return request.again(input);
}

/** The URL that is meant; undefined when it is not one that can be asked. */
function target(location: string, from: string): string | undefined {
  // Servers send it in UTF-8, which arrives as one character a byte.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const readable = text.includes('\ufffd') ? location : text;
  if (!URL.canParse(readable, from)) return undefined;
  const url = new URL(readable, from);
  // RFC 9110, 10.2.2: without a fragment of its own it has that of the URL which redirects.
  if (!readable.includes('#')) url.hash = new URL(from).hash;
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isHttp && url.username === '' && url.password === '' ? url.href : undefined;
}

/** 303 makes any method GET, but for HEAD; 301 and 302 make POST GET, as all browsers do. */
function methodAfter(status: number, method: string): string {
  if (status === 303) return method === 'HEAD' ? 'HEAD' : 'GET';
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method;
}

function optionsAfter(request: ReqRequest, next: string, dropsBody: boolean): ResolvedOptions {
  const { options } = request;
  const changed = optionsForUrl(options, request.url, next);
  if (dropsBody) {
    changed.body = undefined;
    changed.json = undefined;
    changed.form = undefined;
    changed.formMultipart = undefined;
    changed.compressBody = false;
    changed.trailers = undefined;
    for (const [name] of changed.headers ?? []) {
      if (ofBody.test(name)) changed.headers?.delete(name);
    }
  }
  return changed;
}
