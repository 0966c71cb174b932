/**
 * Response headers and trailers: an ordered list of pairs that also answers by
 * name.
 */
import { inspect } from 'node:util';
import type { InspectOptions } from 'node:util';
import { Fields } from '@linnet/mint';

/** One header field; its name is in lower case. */
export type HeaderField = readonly [name: string, value: string];

/**
 * The headers of a response: an array of `[name, value]` in the order in which
 * they came, names in lower case, duplicates kept. `map`, `filter` and the like
 * give plain arrays.
 *
 * @example
 * headers.get('Content-Type');          // 'text/html'
 * headers.getAll('set-cookie');         // ['a=1', 'b=2']
 * for (const [name, value] of headers) console.log(name, value);
 */
export class ResponseHeaders extends Array<HeaderField> {
  /** @internal A response makes it when its headers are read for the first time. */
  constructor(fields: Fields = Fields.none) {
    super();
    const { list } = fields;
    for (let index = 0; index + 1 < list.length; index += 2) {
      this.push([(list[index] as string).toLowerCase(), list[index + 1] as string]);
    }
  }

  /** `map`, `filter`, `slice` and the like return plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /**
   * The value of a header, by its name in any case; undefined when there is
   * none. Several are joined by `', '` (RFC 9110 section 5.3), except
   * `set-cookie`, of which the first is returned: see {@link getAll}.
   */
  get(name: string): string | undefined {
    const all = this.getAll(name);
    return all.length < 2 || name.toLowerCase() === 'set-cookie' ? all[0] : all.join(', ');
  }

  /** All values of a header, one for each time that it came. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (const [known, value] of this) if (known === wanted) values.push(value);
    return values;
  }

  /** Whether a header came at all. */
  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.some(([known]) => known === wanted);
  }

  /**
   * The headers by name, several of one name joined as {@link get} does;
   * `set-cookie` is always a list. The object has no prototype.
   */
  toObject(): Record<string, string | string[]> {
    const object = Object.create(null) as Record<string, string | string[]>;
    for (const [name, value] of this) {
      const before = object[name];
      if (before === undefined) object[name] = name === 'set-cookie' ? [value] : value;
      else if (typeof before === 'string') object[name] = `${before}, ${value}`;
      else before.push(value);
    }
    return object;
  }

  /** How `console.log` shows it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `ResponseHeaders ${inspect({ ...this.toObject() }, options)}`;
  }
}
