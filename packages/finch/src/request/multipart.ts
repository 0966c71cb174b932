/**
 * FormData as a request body: the multipart/form-data encoding of the HTML
 * standard, as a Blob. So its length is known, files are not read before they
 * are sent, and it can be sent again.
 */
import { randomUUID } from 'node:crypto';
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/input-errors.ts';

/** A FormData, of this realm, of another, or of a library. */
export function isForm(value: unknown): value is FormData {
  if (value instanceof FormData) return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    Object.prototype.toString.call(value) === '[object FormData]'
  );
}

/**
 * Encodes a form as it is now. The Blob's type is the content type, with the
 * boundary, which is in lower case as the types of Blobs are.
 *
 * @throws InvalidRequestError for a value that is neither text nor a file.
 */
export function encodeForm(form: FormData): Blob {
  const boundary = `linnet-form-${randomUUID()}`;
  const parts: (string | Blob)[] = [];
  for (const [name, value] of form) parts.push(...encodeEntry(boundary, name, value));
  parts.push(`--${boundary}--\r\n`);
  return new Blob(parts, { type: `multipart/form-data; boundary=${boundary}` });
}

function encodeEntry(boundary: string, name: string, value: unknown): readonly (string | Blob)[] {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${escape(lines(name))}"`;
  if (typeof value === 'string') return [`${head}\r\n\r\n${lines(value)}\r\n`];
  if (!(value instanceof Blob)) throw badValue(name, value);
  const fileName = 'name' in value ? String(value.name) : 'blob';
  const type = value.type === '' ? 'application/octet-stream' : value.type;
  const fields = `${head}; filename="${escape(fileName)}"\r\ncontent-type: ${type}`;
  return [`${fields}\r\n\r\n`, value, '\r\n'];
}

/** Line breaks as the standard wants them in names and text. */
function lines(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

/** What would end a quoted name, or the line that it stands in. */
function escape(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

function badValue(name: string, value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value,
    problem: `The form's entry ${JSON.stringify(name)} is ${describeValue(value)}`,
    allowed: 'text, Blobs and Files in a FormData',
  });
}
