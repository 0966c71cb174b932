/**
 * The body of a response as bytes that can be read as text and as JSON.
 */
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { decodeJson, decodeText } from './text.ts';
import type { BodyInfo } from './text.ts';

/** How much of a body `console.log` shows. */
const longestPreview = 200;

/**
 * The bytes of a response's body: a `Uint8Array` with `text()` and `json()`. It
 * may be a view into a larger buffer: mind `byteOffset` when you use `buffer`.
 * `subarray`, `slice` and the like give a plain `Uint8Array`.
 *
 * @example
 * const { body } = await finch.request('https://api.example.com/users/1');
 * body.length;                         // 27
 * body.json<{ name: string }>().name;  // 'Ada'
 */
export class ResponseBody extends Uint8Array<ArrayBufferLike> {
  readonly #info: BodyInfo;

  /** @internal A view of the bytes; a response makes it when its body is read for the first time. */
  constructor(bytes: Uint8Array, info: BodyInfo) {
    super(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#info = info;
  }

  /** `slice`, `map` and the like return a plain `Uint8Array`. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  /**
   * The body as text: in `encoding` if given, else in the `charset` of the
   * content type, else in UTF-8.
   *
   * @throws OptionsError for an encoding that does not exist.
   */
  text(encoding?: string): string {
    return decodeText([this], this.#info.contentType, encoding);
  }

  /**
   * The body parsed as JSON. Nothing checks that it is a `T`.
   *
   * @throws InvalidJsonError, which shows how the body begins.
   */
  json<T = unknown>(): T {
    return decodeJson([this], () => this.#info) as T;
  }

  /** The text, and not the numbers that a `Uint8Array` would give. */
  override toString(): string {
    return this.text();
  }

  /** How `console.log` shows it: length, and text if it is text, else bytes. */
  [inspect.custom](_depth: number, options: InspectOptionsStylized): string {
    const start = this.subarray(0, longestPreview);
    const dots = this.length > start.length ? '…' : '';
    const name = `ResponseBody(${this.length})`;
    if (start.length === 0) return name;
    if (looksBinary(start)) {
      const bytes = Buffer.from(start.subarray(0, 32)).toString('hex');
      return `${name} <${bytes.replace(/(..)(?=.)/g, '$1 ')}${this.length > 32 ? ' …' : ''}>`;
    }
    const text = decodeText([start], this.#info.contentType);
    return `${name} ${options.stylize(JSON.stringify(text), 'string')}${dots}`;
  }
}

/** Text has no control characters but tab, line feed, form feed, carriage return and escape. */
function looksBinary(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte));
}
