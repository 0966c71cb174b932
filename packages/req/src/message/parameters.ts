/** The parameters of a header field's value: `;name=value` and `;name="value"` (RFC 9110, 5.6.6). */

/**
 * The value of a parameter, its name in lower case; undefined without one. What stands in the quotes of another
 * parameter is none.
 */
export function parameterOf(text: string, wanted: string): string | undefined {
  for (const [, name = '', quoted, plain = ''] of text.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))/g,
  )) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (name.toLowerCase() === wanted && value !== '') return value;
  }
  return undefined;
}
