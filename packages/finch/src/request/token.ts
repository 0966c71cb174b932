/**
 * The character classes of RFC 9110 that requests are checked against.
 */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether a text is a `token` (section 5.6.2): methods and header names are. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/**
 * The index of the first character that a field value (section 5.5) may not
 * have, or -1. Allowed are visible ASCII, space, tab, and 0x80 to 0xFF, which
 * are sent as those bytes (`obs-text`). A line break would inject a header.
 */
export function badValueIndex(text: string): number {
  return text.search(/[^\t\x20-\x7e\x80-\xff]/);
}

/** Text without the blanks around it, which are no part of a field value. */
export function trimBlanks(text: string): string {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  const isPadded = first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
  return isPadded ? text.replace(/^[ \t]+|[ \t]+$/g, '') : text;
}
