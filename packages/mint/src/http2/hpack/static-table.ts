/**
 * The static table (RFC 7541, appendix A): interned names and values by index,
 * from 1 to 61.
 */

const entries: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

/** How many entries there are; the dynamic table's indexes follow. */
export const staticCount = entries.length;

/** Names by index; none at 0. */
export const staticNames: readonly string[] = ['', ...entries.map(([name]) => name)];

/** Values by index; none at 0. */
export const staticValues: readonly string[] = ['', ...entries.map(([, value]) => value)];

/** The first index of a name. */
const nameIndexes: ReadonlyMap<string, number> = new Map(
  entries.map(([name], index) => [name, index + 1] as const).reverse(),
);

/** The first entry with this name; 0 if there is none. */
export function staticNameIndex(name: string): number {
  return nameIndexes.get(name) ?? 0;
}

/** The entry with this name and value; 0 if there is none. */
export function staticIndex(name: string, value: string): number {
  const first = nameIndexes.get(name);
  if (first === undefined) return 0;
  for (let index = first; staticNames[index] === name; index++) {
    if (staticValues[index] === value) return index;
  }
  return 0;
}
