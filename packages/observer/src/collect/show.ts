/** Values of the program as bounded text. */
import { inspect } from 'node:util';

/** The longest text that is shown, in characters. */
const longest = 4000;

/** Any value as text; never throws, and never runs a custom inspector or a getter of the program. */
export function showValue(value: unknown): string {
  try {
    return cut(
      inspect(value, {
        depth: 4,
        maxArrayLength: 50,
        maxStringLength: 1000,
        customInspect: false,
        getters: false,
        breakLength: 100,
      }),
    );
  } catch {
    return 'a value that cannot be shown';
  }
}

/** A text, cut off where it is too long. */
export function cut(text: string, length: number = longest): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}

/** Ms with two digits: enough to see, and less to send. */
export function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** What kind of message or state a value is, without what it carries. */
export function showKind(value: unknown): string {
  try {
    if (typeof value === 'string') return 'a string';
    if (Array.isArray(value)) return `an array of ${value.length}`;
    if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
    const { constructor } = value;
    return constructor === Object || typeof constructor !== 'function'
      ? 'an object'
      : `a ${cut(constructor.name, 60)}`;
  } catch {
    return 'a value';
  }
}

/** A value that may be `undefined` is left out of a document. */
export function given<K extends string, V>(
  key: K,
  value: V | undefined,
): { readonly [k in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [k in K]?: V };
}
