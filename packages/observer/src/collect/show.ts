/** Values of the program as bounded text. */
import { formatReason } from '@linnet/otp';
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

/**
 * The reason of an exit. What a term carries beside its tags may be anything of the program, such as a message
 * or a state: it is shown only where the observer reveals those. Errors have their message.
 */
export function showReason(reason: unknown, reveal: boolean): string {
  if (reveal || reason instanceof Error || typeof reason !== 'object' || reason === null) {
    return cut(formatReason(reason));
  }
  try {
    return cut(tagsOf(reason));
  } catch {
    return 'a reason that cannot be shown';
  }
}

/** `{ shutdown: … }`, `['noproc', …]`: the names in it, to the depth of two. */
function tagsOf(reason: object, depth = 0): string {
  const nested = (value: unknown): string =>
    typeof value === 'object' && value !== null && depth === 0 ? tagsOf(value, 1) : '…';
  if (Array.isArray(reason)) {
    const [tag, ...others] = reason as readonly unknown[];
    const first = typeof tag === 'string' ? `'${cut(tag, 60)}'` : '…';
    return others.length === 0 ? `[${first}]` : `[${first}, …]`;
  }
  if (reason instanceof Error) return `${reason.name}: ${reason.message}`;
  const members = Object.entries(reason).slice(0, 5);
  return `{ ${members.map(([name, value]) => `${cut(name, 60)}: ${nested(value)}`).join(', ')} }`;
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
