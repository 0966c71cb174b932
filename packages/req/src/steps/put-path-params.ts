/** The step `putPathParams`. */
import { ReqOptionsError } from '../errors/index.ts';
import type { ReqRequest } from '../message/request.ts';

/**
 * Fills in `:name` or `{name}` in the path. What has no value in `pathParams` stays as it is. A value never
 * becomes more than its segment: not another directory, not the parent.
 */
export function putPathParams(request: ReqRequest): void {
  const { pathParams, pathParamsStyle } = request.options;
  if (pathParams === undefined) return;
  const [, start = '', path = '', rest = ''] =
    /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(request.url) ?? [];
  const pattern = pathParamsStyle === 'curly' ? /\{(\w+)\}/g : /:([a-z]\w*)/gi;
  const filled = path.replace(pattern, (whole, name: string) =>
    Object.hasOwn(pathParams, name) ? encodeURIComponent(pathParams[name] ?? '') : whole,
  );
  const given = path.split('/');
  const segments = filled.split('/');
  const bad = segments.find((segment, at) => segment !== given[at] && dots.test(segment));
  if (bad !== undefined) {
    throw new ReqOptionsError({
      option: 'pathParams',
      value: bad,
      detail: 'it would be another directory of the server',
      allowed: "values that make no segment '.' or '..', which have no encoding",
    });
  }
  request.url = start + filled + rest;
}

/** Segments that mean a directory; servers and URL parsers take the encoded ones for the same. */
const dots = /^(?:\.|%2e){1,2}$/i;
