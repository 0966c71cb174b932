/** FormData as a body: the multipart/form-data encoding of the HTML standard. */
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { InvalidRequestError } from '../../src/index.ts';
import type { BodyInput, Request } from '../../src/index.ts';
import { buildRequest, isReplayable } from '../../src/request/index.ts';

function requestOf(form: BodyInput, headers?: Record<string, string>): Request {
  return buildRequest('POST', 'http://a', headers, form);
}

function fieldOf({ headers }: Request, name: string): string {
  return headers[headers.indexOf(name) + 1] ?? '';
}

/** What a server makes of it: the platform's own parser. */
async function parsed(request: Request): Promise<[string, string | File][]> {
  const headers = { 'content-type': fieldOf(request, 'content-type') };
  return [...(await new Response(request.body as Blob, { headers }).formData())];
}

test('a form is sent with its boundary and its length, and can be sent again [W22g]', async () => {
  const form = new FormData();
  form.append('name', 'Ada');
  form.append('name', 'Zoë 😀');
  form.append('file', new File(['bytes'], 'a.txt', { type: 'text/plain' }));
  form.append('blob', new Blob(['x']));

  const request = requestOf(form);

  expect(fieldOf(request, 'content-type')).toMatch(/^multipart\/form-data; boundary=[\w-]{1,70}$/);
  expect(isReplayable(request.body)).toBe(true);
  const bytes = await (request.body as Blob).bytes();
  expect(request.contentLength).toBe(bytes.length);
  expect(fieldOf(request, 'content-length')).toBe(String(bytes.length));
  const entries = await parsed(request);
  expect(entries.map(([name]) => name)).toEqual(['name', 'name', 'file', 'blob']);
  expect(entries.slice(0, 2).map(([, value]) => value)).toEqual(['Ada', 'Zoë 😀']);
  const [file, blob] = entries.slice(2).map(([, value]) => value as File);
  expect(file).toMatchObject({ name: 'a.txt', type: 'text/plain' });
  expect(await file?.text()).toBe('bytes');
  expect(blob).toMatchObject({ name: 'blob', type: 'application/octet-stream' });
});

test('names are escaped, and line breaks are the standard’s', async () => {
  const form = new FormData();
  form.append('a"b\r\n', 'one\ntwo\rthree\r\n');
  form.append('c\nd', new File([''], 'e"\r\nf%22.txt', { type: '' }));

  const text = await (requestOf(form).body as Blob).text();

  const boundary = text.slice(0, text.indexOf('\r\n'));
  expect(text).toBe(
    `${boundary}\r\ncontent-disposition: form-data; name="a%22b%0D%0A"\r\n\r\none\r\ntwo\r\nthree\r\n\r\n` +
      `${boundary}\r\ncontent-disposition: form-data; name="c%0D%0Ad"; filename="e%22%0D%0Af%22.txt"\r\n` +
      `content-type: application/octet-stream\r\n\r\n\r\n${boundary}--\r\n`,
  );
});

test('an empty form, and one that changes later, are what they were', async () => {
  const form = new FormData();
  const request = requestOf(form);
  form.append('late', '1');
  expect(await (request.body as Blob).text()).toMatch(/^--[\w-]+--\r\n$/);
  expect(await parsed(requestOf(form))).toEqual([['late', '1']]);
});

test('each form has a boundary of its own', () => {
  const boundaries = [1, 2].map(() => fieldOf(requestOf(new FormData()), 'content-type'));
  expect(new Set(boundaries).size).toBe(2);
});

test('a file of a form is not read before it is sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'linnet-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'large');
  await writeFile(path, Buffer.alloc(300_000, 'x'));
  const form = new FormData();
  form.append('file', await openAsBlob(path), 'large.bin');

  const request = requestOf(form);

  expect(request.contentLength).toBeGreaterThan(300_000);
  const [[, file] = []] = await parsed(request);
  expect(file).toMatchObject({ name: 'large.bin', size: 300_000 });
});

test('a form of another library is one, if its values are text and Blobs', async () => {
  const foreign = (entries: [string, unknown][]) => ({
    [Symbol.toStringTag]: 'FormData',
    [Symbol.iterator]: () => entries.values(),
  });
  const good = requestOf(
    foreign([
      ['a', 'b'],
      ['c', new File(['d'], 'e')],
    ]) as never,
  );
  expect((await parsed(good)).map(([name]) => name)).toEqual(['a', 'c']);
  const bad = () => requestOf(foreign([['a', { stream: true }]]) as never);
  expect(bad).toThrow(InvalidRequestError);
  expect(bad).toThrow('The form\'s entry "a" is an object');
});

test('a content-type of the caller’s stands', () => {
  const request = requestOf(new FormData(), { 'content-type': 'text/x-mine' });
  expect(request.headers.filter((text) => text === 'content-type')).toHaveLength(1);
  expect(fieldOf(request, 'content-type')).toBe('text/x-mine');
});
