/** Responses of any size, of which each byte is worth a look only once. */

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;

const responses: Readonly<Record<string, (size: number) => string>> = {
  'a long reason phrase': (size) => `HTTP/1.1 200 ${'x'.repeat(size)}\r\ncontent-length: 0\r\n\r\n`,
  'a long value': (size) => `${ok}a: ${'x'.repeat(size)}\r\ncontent-length: 0\r\n\r\n`,
  'a long name': (size) => `${ok}${'x'.repeat(size)}: a\r\ncontent-length: 0\r\n\r\n`,
  'white space before a value': (size) =>
    `${ok}a:${' '.repeat(size)}b\r\ncontent-length: 0\r\n\r\n`,
  'white space in a value': (size) =>
    `${ok}a: b${' '.repeat(size)}c\r\n d\r\ncontent-length: 0\r\n\r\n`,
  'white space after a value': (size) =>
    `${ok}a: b${' '.repeat(size)}\r\ncontent-length: 0\r\n\r\n`,
  'many fields': (size) => `${ok}${'a:\r\n'.repeat(size / 4)}content-length: 0\r\n\r\n`,
  'many folds': (size) => `${ok}a:\r\n${' b\r\n'.repeat(size / 4)}content-length: 0\r\n\r\n`,
  'empty folds': (size) => `${ok}a: b\r\n${' \r\n'.repeat(size / 4)}content-length: 0\r\n\r\n`,
  'many options': (size) =>
    `${ok}connection: ${'a,'.repeat(size / 2)}close\r\ncontent-length: 0\r\n\r\n`,
  'many codings': (size) => `${ok}transfer-encoding: ${','.repeat(size)}chunked\r\n\r\n0\r\n\r\n`,
  'many chunks': (size) => `${chunked}${'1\r\na\r\n'.repeat(size / 6)}0\r\n\r\n`,
  'a long extension': (size) => `${chunked}1;a="${'\\"'.repeat(size / 4)}"\r\na\r\n0\r\n\r\n`,
  'many trailers': (size) => `${chunked}0\r\n${'a:\r\n'.repeat(size / 4)}\r\n`,
  'a long body': (size) => `${ok}content-length: ${size}\r\n\r\n${'x'.repeat(size)}`,
};

export const names: readonly string[] = Object.keys(responses);

/** The response of this name, about so many bytes long. */
export function responseOf(name: string, size: number): string {
  const make = responses[name];
  if (make === undefined) throw new Error(`no response is called ${name}`);
  return make(size);
}
