/**
 * Header and trailer fields as they came: checked already, and taken apart when
 * they are asked for. A response costs one string for its whole header section.
 */

import { withoutBlanks } from './syntax.ts';

/** By which Node asks what to print of an object; the same symbol as `util.inspect.custom`. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * The fields of one section: names and values in the order in which they came,
 * duplicates kept, names in the case of the peer (lower case on HTTP/2 and HTTP/3), each
 * character a byte (latin1).
 *
 * @example
 * const fields = Fields.of(['content-type', 'text/plain', 'Set-Cookie', 'a=1']);
 * fields.get('set-cookie'); // 'a=1'
 * fields.list.length; // 4
 */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  /** A section without fields: what most responses have as trailers. */
  static readonly none: Fields = new Fields('', [], 0, 0, -1);

  /** What `content-length` says; -1 without one. */
  readonly contentLength: number;
  private readonly lines: string;
  private parts: readonly string[] | undefined;
  /** Where the value of the first content-type stands in the lines; 0, 0: look it up. */
  private readonly typeStart: number;
  private readonly typeEnd: number;

  private constructor(
    lines: string,
    parts: readonly string[] | undefined,
    typeStart: number,
    typeEnd: number,
    contentLength: number,
  ) {
    this.lines = lines;
    this.parts = parts;
    this.typeStart = typeStart;
    this.typeEnd = typeEnd;
    this.contentLength = contentLength;
  }

  /** Fields of a flat list: name, value, name, value…. The list must not change any more. */
  static of(list: readonly string[], contentLength = -1): Fields {
    return list.length === 0 ? Fields.none : new Fields('', list, 0, 0, contentLength);
  }

  /**
   * Fields of lines that are checked already, each ended by CRLF. A codec may say where the value
   * of content-type stands, so that asking for it takes nothing apart.
   */
  static ofLines(lines: string, typeStart: number, typeEnd: number, contentLength: number): Fields {
    return new Fields(lines, undefined, typeStart, typeEnd, contentLength);
  }

  /** Fields of lines that are checked already, which may end with LF alone or go on in the next one (RFC 9112, 5.2). */
  static ofIrregularLines(lines: string, contentLength: number): Fields {
    return Fields.of(unfold(lines), contentLength);
  }

  /** Whether there is no field at all. */
  get isEmpty(): boolean {
    return this.lines === '' && this.list.length === 0;
  }

  /** Flat: name, value, name, value…. */
  get list(): readonly string[] {
    return (this.parts ??= split(this.lines));
  }

  /** The value of the first `content-type`, without taking the section apart where that can be spared. */
  get contentType(): string | undefined {
    const { typeStart, typeEnd } = this;
    return typeEnd > 0 ? this.lines.slice(typeStart, typeEnd) : this.get('content-type');
  }

  /** The first value of a field; the name in lower case. */
  get(name: string): string | undefined {
    const { list } = this;
    for (let index = 0; index + 1 < list.length; index += 2) {
      const known = list[index] as string;
      if (known.length === name.length && known.toLowerCase() === name) return list[index + 1];
    }
    return undefined;
  }

  /** What is printed: the fields, in place of how they are kept. */
  [inspectCustom](): readonly (readonly [name: string, value: string])[] {
    return [...this];
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string], undefined> {
    const { list } = this;
    for (let index = 0; index + 1 < list.length; index += 2) {
      yield [list[index] as string, list[index + 1] as string];
    }
  }
}

function split(lines: string): readonly string[] {
  const list: string[] = [];
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(':', at);
    const end = lines.indexOf('\r\n', colon);
    list.push(lines.slice(at, colon), withoutBlanks(lines, colon + 1, end));
    at = end + 2;
  }
  return list;
}

/** The same of lines that need not be regular: a line that begins with a blank belongs to the value before. */
function unfold(lines: string): readonly string[] {
  const list: string[] = [];
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf('\n', at);
    const line = lines.slice(at, lines[end - 1] === '\r' ? end - 1 : end);
    at = end + 1;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      const value = list.pop() as string;
      const more = withoutBlanks(line);
      list.push(value === '' || more === '' ? value + more : `${value} ${more}`);
    } else {
      const colon = line.indexOf(':');
      list.push(line.slice(0, colon), withoutBlanks(line, colon + 1));
    }
  }
  return list;
}
