/**
 * How a message shows a value that a caller gave: short, on one line, and never
 * the inside of an object, where secrets may lie.
 */

/** Stands in a message in place of a secret. */
export const hidden = '[hidden]';

/** The longest text that a message quotes. */
const longest = 120;

/**
 * `"dog"`, `0`, `an array of 3`, `a Buffer of 12 bytes`, `an object`.
 *
 * @example
 * describeValue({ password: 'x' }); // an object
 * describeValue('https://me:secret@host/'); // "https://[hidden]@host/"
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'function':
      return value.name === '' ? 'a function' : `function ${value.name}`;
    case 'symbol':
      return value.toString();
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : describeObject(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${className(value)} of ${value.byteLength} bytes`;
  const name = className(value);
  return name === 'Object' ? 'an object' : `an instance of ${name}`;
}

function className(value: object): string {
  const constructor: unknown = (value as { constructor?: unknown }).constructor;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'Object';
}

/** A string as JSON writes it (control characters escaped), cut when long, without URL credentials. */
function quote(text: string): string {
  const shown = redactUrl(text);
  return shown.length <= longest
    ? JSON.stringify(shown)
    : `${JSON.stringify(shown.slice(0, longest))}… (${text.length} characters)`;
}

/** Hides `user:password` in texts that look like a URL. */
function redactUrl(text: string): string {
  return text.replace(/\/\/[^/?#@]*@/g, `//${hidden}@`);
}
