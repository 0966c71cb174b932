/** Header fields in the two forms in which undici hands them to its handlers. */
import type { Fields } from '@linnet/mint';
import type { ParsedFields } from './handler.ts';

/** By name in lower case; of a field that came more than once a list of the values. */
export function parsedFields({ list }: Fields): ParsedFields {
  const parsed: Record<string, string | string[]> = {};
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = (list[at] as string).toLowerCase();
    const value = list[at + 1] as string;
    if (parsed[name] === undefined) parsed[name] = value;
    else addField(parsed, name, value);
  }
  return parsed;
}

/** Adds a field that came before, or whose name is that of something each object has: `constructor`. */
function addField(parsed: Record<string, string | string[]>, name: string, value: string): void {
  const known = Object.hasOwn(parsed, name) ? parsed[name] : undefined;
  if (Array.isArray(known)) known.push(value);
  else defineField(parsed, name, known === undefined ? value : [known, value]);
}

/** What an interceptor of undici may put in place of raw fields, by undici's types. */
type RawOrParsed = readonly (string | Buffer)[] | ParsedFields;

/** Name, value, name, value…, as bytes: what undici 6 gives its handlers. */
export function rawFields(fields: RawOrParsed): Buffer[] {
  const list = isList(fields) ? fields : listOf(fields);
  if (!list.every(isText)) return list.map((part) => (isText(part) ? bytesOf(part) : part));
  // Written at once, and cut: one allocation instead of one for each text.
  const bytes = bytesOf(list.join(''));
  let end = 0;
  return list.map((text) => bytes.subarray(end, (end += text.length)));
}

function isList(fields: RawOrParsed): fields is readonly (string | Buffer)[] {
  return Array.isArray(fields);
}

function isText(part: string | Buffer): part is string {
  return typeof part === 'string';
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function listOf(headers: ParsedFields): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) list.push(name, one);
    }
  }
  return list;
}

function defineField(parsed: object, name: string, value: string | string[]): void {
  Object.defineProperty(parsed, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
