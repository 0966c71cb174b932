/** Header fields in the two forms in which undici hands them to its handlers. */
import type { Fields } from '@linnet/mint';
import type { ParsedFields } from './handler.ts';

/** Name, value, name, value…, as the server sent them, as bytes. */
export function rawFields({ list }: Fields): Buffer[] {
  // Written at once, and cut: one allocation instead of one for each text.
  const bytes = Buffer.from(list.join(''), 'latin1');
  let end = 0;
  return list.map((text) => bytes.subarray(end, (end += text.length)));
}

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

/** The raw form of parsed fields. */
export function rawFieldsOf(headers: ParsedFields): Buffer[] {
  const raw: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) raw.push(Buffer.from(name, 'latin1'), Buffer.from(one, 'latin1'));
    }
  }
  return raw;
}

function defineField(parsed: object, name: string, value: string | string[]): void {
  Object.defineProperty(parsed, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
