/** Header fields, of requests and responses alike: an ordered list that answers by name. */
import type { HeadersInput, HeaderField, HeaderValue } from '@linnet/finch';

/**
 * Header fields in order, names in lower case, several of one name kept apart. Iterating gives
 * `[name, value]` pairs.
 *
 * @example
 * const headers = new HeaderList({ Accept: 'text/html', 'Set-Cookie': ['a=1', 'b=2'] });
 * headers.get('accept'); // 'text/html'
 * headers.getAll('set-cookie'); // ['a=1', 'b=2']
 * headers.set('accept', 'application/json').delete('set-cookie');
 */
export class HeaderList implements Iterable<HeaderField> {
  #fields: readonly HeaderField[];
  /** Whether `#fields` belongs to this list, which may then change it. */
  #own = false;

  /** Takes an object, pairs, a Map, `Headers` or another list; a value that is a list makes a field each. */
  constructor(input?: HeadersInput) {
    this.#fields = input === undefined ? none : fieldsOf(input);
  }

  /**
   * A list over pairs whose names are in lower case, without copying them: they are copied when the
   * list is changed.
   *
   * @internal
   */
  static over(fields: readonly HeaderField[]): HeaderList {
    const list = new HeaderList();
    list.#fields = fields;
    return list;
  }

  /** Another list of the same fields. */
  clone(): HeaderList {
    this.#own = false;
    return HeaderList.over(this.#fields);
  }

  /** How many fields there are. */
  get size(): number {
    return this.#fields.length;
  }

  /** The value of a header in any case; several joined by `', '`, but of `set-cookie` the first. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    let found: string | undefined;
    for (const [known, value] of this.#fields) {
      if (known !== wanted) continue;
      if (found === undefined) found = value;
      else if (wanted === 'set-cookie') return found;
      else found = `${found}, ${value}`;
    }
    return found;
  }

  /** All values of a header, one for each field. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter(([known]) => known === wanted).map(([, value]) => value);
  }

  /** Whether there is such a header. */
  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.#fields.some(([known]) => known === wanted);
  }

  /** Gives a header this value, in place of those it has. */
  set(name: string, value: HeaderValue): this {
    return this.delete(name).append(name, value);
  }

  /** Gives a header this value, unless it has one. */
  setDefault(name: string, value: HeaderValue): this {
    return this.has(name) ? this : this.append(name, value);
  }

  /** Adds a field, or one for each element of a list. */
  append(name: string, value: HeaderValue): this {
    const fields = this.#writable();
    const lower = name.toLowerCase();
    if (typeof value === 'object') for (const each of value) fields.push([lower, String(each)]);
    else fields.push([lower, String(value)]);
    return this;
  }

  /** Removes all fields of a name. */
  delete(name: string): this {
    const wanted = name.toLowerCase();
    if (this.#fields.some(([known]) => known === wanted)) {
      this.#fields = this.#fields.filter(([known]) => known !== wanted);
      this.#own = true;
    }
    return this;
  }

  /** The headers by name, several of one name as a list. */
  toObject(): Record<string, string | string[]> {
    // Without a prototype, so that a header may have any name.
    const object = Object.create(null) as Record<string, string | string[]>;
    for (const [name, value] of this.#fields) {
      const before = object[name];
      if (before === undefined) object[name] = value;
      else if (typeof before === 'string') object[name] = [before, value];
      else before.push(value);
    }
    return object;
  }

  [Symbol.iterator](): IterableIterator<HeaderField> {
    return this.#fields[Symbol.iterator]();
  }

  #writable(): HeaderField[] {
    if (!this.#own) {
      this.#fields = [...this.#fields];
      this.#own = true;
    }
    return this.#fields as HeaderField[];
  }
}

const none: readonly HeaderField[] = Object.freeze([]);

/** The fields of what a caller gives as headers. */
export function fieldsOf(input: HeadersInput): HeaderField[] {
  const fields: HeaderField[] = [];
  const pairs: Iterable<readonly [string, HeaderValue]> = isIterable(input)
    ? input
    : Object.entries(input);
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    if (typeof value === 'object') for (const each of value) fields.push([lower, String(each)]);
    else fields.push([lower, String(value)]);
  }
  return fields;
}

function isIterable(
  input: HeadersInput,
): input is Iterable<readonly [name: string, value: HeaderValue]> {
  return Symbol.iterator in input;
}
