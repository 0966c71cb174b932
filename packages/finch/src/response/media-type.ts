/**
 * The parameters of a content type: `;name=value` and `;name="value"`, where a
 * quoted value may hold anything, `;` and `=` included (RFC 9110, 5.6.6 and 8.3).
 */

/**
 * The value of the first `charset` parameter, in any case; undefined without
 * one. Of `text/plain; title="a;charset=b"; Charset="utf-8"` it is `utf-8`.
 * Blanks around `=` are not the standard's but are met, so they are allowed.
 */
export function charsetOf(contentType: string): string | undefined {
  let at = endOf(contentType, ';', 0);
  while (at < contentType.length) {
    const name = readText(contentType, at + 1, '=;');
    at = name.end;
    if (contentType[at] !== '=') continue;
    const value = readValue(contentType, at + 1);
    at = value.end;
    if (name.text.toLowerCase() === 'charset' && value.text !== '') return value.text;
  }
  return undefined;
}

interface Read {
  readonly text: string;
  /** Where the reading ended: at a delimiter, or at the end of the text. */
  readonly end: number;
}

function readValue(text: string, from: number): Read {
  let start = from;
  while (isBlank(text[start])) start++;
  return text[start] === '"' ? readQuoted(text, start + 1) : readText(text, start, ';');
}

function readText(text: string, from: number, delimiters: string): Read {
  const end = endOf(text, delimiters, from);
  return { text: text.slice(from, end).trim(), end };
}

/** A quoted-string; without its closing quote it is all of the rest. */
function readQuoted(text: string, from: number): Read {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  const quoted = text.slice(from, at).replace(/\\(.)/g, '$1').trim();
  return { text: quoted, end: endOf(text, ';', at) };
}

/** The index of the first of the delimiters, or of the text's end. */
function endOf(text: string, delimiters: string, from: number): number {
  let at = from;
  while (at < text.length && !delimiters.includes(text.charAt(at))) at++;
  return at;
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
