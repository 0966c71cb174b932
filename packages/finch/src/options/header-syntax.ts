/** What names and values of header fields consist of (RFC 9110). Methods are tokens, too. */
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

/** Text without the blanks around it, which are no part of a field value. In linear time. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
