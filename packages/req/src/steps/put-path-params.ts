/** The step `putPathParams`. */
import type { ReqRequest } from '../message/request.ts';

/** Fills in `:name` or `{name}` in the path. What has no value in `pathParams` stays as it is. */
export function putPathParams(request: ReqRequest): void {
  const { pathParams, pathParamsStyle } = request.options;
  if (pathParams === undefined) return;
  const [, start = '', path = '', rest = ''] =
    /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(request.url) ?? [];
  const pattern = pathParamsStyle === 'curly' ? /\{(\w+)\}/g : /:([a-z]\w*)/gi;
  const filled = path.replace(pattern, (whole, name: string) =>
    Object.hasOwn(pathParams, name) ? encodeSegment(pathParams[name] ?? '') : whole,
  );
  request.url = start + filled + rest;
}

/** A value never becomes more than its segment: not another directory, not the parent. */
function encodeSegment(value: string): string {
  const encoded = encodeURIComponent(value);
  return encoded === '.' || encoded === '..' ? encoded.replaceAll('.', '%2E') : encoded;
}
