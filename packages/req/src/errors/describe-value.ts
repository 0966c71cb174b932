/** How a message shows a value that a caller gave: short, on one line, never the inside of an object. */

const longest = 120;

/** `"dog"`, `0`, `an array of 3`, `an instance of Map`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const shown = value.replace(/\/\/[^/?#@]*@/g, '//[hidden]@');
      return shown.length <= longest
        ? JSON.stringify(shown)
        : `${JSON.stringify(shown.slice(0, longest))}… (${value.length} characters)`;
    }
    case 'function':
      return value.name === '' ? 'a function' : `function ${value.name}`;
    case 'symbol':
      return value.toString();
    case 'bigint':
      return `${value}n`;
    case 'object':
      return describeObject(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
  }
}

function describeObject(value: object | null): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const { name } = value.constructor ?? Object;
  return name === 'Object' ? 'an object' : `an instance of ${name}`;
}
