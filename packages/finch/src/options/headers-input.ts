/** Header and trailer fields as a caller gives them. */

/** The value of a header; a list makes a header line for each. */
export type HeaderValue = string | number | readonly (string | number)[];

/** Headers: pairs in an array, a Map, `Headers` or any iterable; or an object. */
export type HeadersInput =
  | Iterable<readonly [name: string, value: HeaderValue]>
  | Readonly<Record<string, HeaderValue>>;

/** The fields that are sent after a request's body, or what makes them when that has been sent. */
export type TrailersInput = HeadersInput | (() => HeadersInput);
