/** Bodies of requests and responses, and giving up, by `finch.fetch` and the fetch of Node.js. */
import { once } from 'node:events';
import { eventually } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';
import {
  expectSame,
  expectSameForCaller,
  failure,
  response,
  seen,
  type Ask,
  type Fetch,
} from './support/compare-fetch.ts';

const post =
  (init: () => RequestInit & { duplex?: 'half' }, path = '/'): Ask =>
  async (fetch, url) =>
    seen(await fetch(url + path, { method: 'POST', ...init() }));

function streamOf(...pieces: readonly unknown[]): ReadableStream {
  return new ReadableStream({
    pull(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

function formOf(): FormData {
  const form = new FormData();
  form.append('a', '1');
  form.append('a', 'two\r\nlines');
  form.append('file', new File(['content'], 'n\u00e4me "x".txt', { type: 'text/x' }));
  form.append('blob', new Blob(['blob']));
  return form;
}

describe('bodies of requests', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  test.each<[string, () => NonNullable<RequestInit['body']> | null]>([
    ['null', () => null],
    ['an empty text', () => ''],
    ['text', () => 'text \u00e9 \ud83d\ude00'],
    ['bytes', () => bytes],
    ['a part of bytes', () => bytes.subarray(3, 9)],
    ['an ArrayBuffer', () => bytes.buffer],
    ['a DataView', () => new DataView(bytes.buffer, 2, 5)],
    ['a Blob', () => new Blob(['blob'], { type: 'text/x' })],
    ['an empty Blob', () => new Blob([])],
    ['parameters', () => new URLSearchParams({ a: 'b c', '\u00e9': '&' })],
    ['a form', formOf],
    ['an empty form', () => new FormData()],
    ['an object', () => Object('object') as string],
  ])('%s', (_kind, body) => expectSame(post(() => ({ body: body() }))));

  test.each<[string, () => ReadableStream]>([
    ['one piece', () => streamOf(new Uint8Array([1, 2]))],
    ['no piece', () => streamOf()],
    ['an empty piece', () => streamOf(new Uint8Array(0), new Uint8Array([1]))],
    [
      'many pieces',
      () => streamOf(...Array.from({ length: 50 }, () => new Uint8Array(1000).fill(65))),
    ],
    ['text, which is no bytes', () => streamOf('text')],
    [
      'a failing one',
      () => new ReadableStream({ pull: (controller) => controller.error(new RangeError('mine')) }),
    ],
  ])('a stream of %s', (_kind, body) => expectSame(post(() => ({ body: body(), duplex: 'half' }))));

  test.each<[string, () => RequestInit & { duplex?: 'half' }]>([
    ['a stream without duplex', () => ({ body: streamOf() })],
    ['a stream with keepalive', () => ({ body: streamOf(), duplex: 'half', keepalive: true })],
    ['GET with a body', () => ({ method: 'GET', body: 'x' })],
    ['HEAD with a body', () => ({ method: 'HEAD', body: 'x' })],
    ['a length that is too large', () => ({ body: 'text', headers: { 'content-length': '9' } })],
    ['a length that is none', () => ({ body: 'text', headers: { 'content-length': 'x' } })],
    [
      'the length of a stream',
      () => ({
        body: streamOf(new Uint8Array([65])),
        duplex: 'half',
        headers: { 'content-length': '1' },
      }),
    ],
    [
      'a content type of its own',
      () => ({ body: new URLSearchParams('a=1'), headers: { 'content-type': 'x/y' } }),
    ],
  ])('%s', (_kind, init) =>
    expectSame(async (fetch, url) => {
      const outcome = (await fetch(url, { method: 'POST', ...init() }).then(seen, failure)) as {
        cause?: string;
      };
      // The code of a bad option is that of whoever finds it.
      return { ...outcome, cause: undefined };
    }),
  );

  // Before Node.js 26, fetch itself leaves the stream as it is, whatever the dispatcher.
  const cancels = Number.parseInt(process.versions.node, 10) >= 26;

  test('a stream is cancelled when the server has answered, and closes', async () => {
    const outcomes = [];
    const finch = await startFinch();
    for (const fetch of [globalThis.fetch, finch.fetch]) {
      await using server = await startHttpServer((_request, answer) => {
        answer.writeHead(413, { connection: 'close' }).end('early', () => answer.socket?.end());
      });
      const cancelled = Promise.withResolvers<void>();
      const body = new ReadableStream({
        async pull(controller) {
          controller.enqueue(new Uint8Array(1024));
          await new Promise((resolve) => setImmediate(resolve));
        },
        cancel: () => cancelled.resolve(),
      });
      const init = { method: 'POST', body, duplex: 'half' as const };
      const outcome = await fetch(server.url, init).then(seen, failure);
      if (cancels) await cancelled.promise;
      const { name, status } = outcome as { name?: string; status?: number };
      outcomes.push(name ?? status);
    }
    expect(outcomes[1]).toBe(outcomes[0]);
  });

  test('the body of a Request, which is used once', () =>
    expectSame(async (fetch, url) => {
      const request = new Request(url, { method: 'PUT', body: 'text', headers: { a: 'b' } });
      const clone = request.clone();
      return [
        await seen(await fetch(request)),
        await fetch(request).then(seen, failure),
        await seen(await fetch(clone, { headers: { c: 'd' } })),
      ];
    }));
});

describe('bodies of responses', () => {
  const body = 'body '.repeat(20_000);

  test.each<[string, (answer: Response) => Promise<unknown>]>([
    ['text', (answer) => answer.text()],
    ['arrayBuffer', async (answer) => (await answer.arrayBuffer()).byteLength],
    [
      'bytes',
      async (answer) =>
        (await (answer as Response & { bytes(): Promise<Uint8Array> }).bytes()).length,
    ],
    [
      'blob',
      async (answer) => {
        const blob = await answer.blob();
        return [blob.size, blob.type];
      },
    ],
    ['json', (answer) => answer.json()],
    ['formData', (answer) => answer.formData()],
    ['twice', async (answer) => [await answer.text(), await answer.text().catch(failure)]],
    [
      'a reader',
      async (answer) => {
        let length = 0;
        for await (const piece of answer.body as ReadableStream<Uint8Array>) length += piece.length;
        return [length, answer.bodyUsed];
      },
    ],
    [
      'a clone, both at once',
      async (answer) => {
        const clone = answer.clone();
        const texts = await Promise.all([answer.text(), clone.text()]);
        return texts.map((text) => text.length);
      },
    ],
    [
      'a clone, one after the other',
      async (answer) => {
        const clone = answer.clone();
        return [(await clone.text()).length, (await answer.text()).length];
      },
    ],
    [
      'a clone too late',
      async (answer) => {
        await answer.text();
        return answer.clone();
      },
    ],
    [
      'cancel',
      async (answer) => {
        await answer.body?.cancel('enough');
        return [answer.bodyUsed, await answer.text().catch(failure)];
      },
    ],
    [
      'cancel after a piece',
      async (answer) => {
        const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
        await reader.read();
        await reader.cancel();
        return (await reader.read()).done;
      },
    ],
  ])('%s', (_kind, read) =>
    expectSame(
      async (fetch, url) => read(await fetch(url)),
      () => response(body, ['content-type: text/x']),
    ),
  );

  test('url-encoded and multipart forms', () =>
    expectSame(
      async (fetch, url) => [
        [...(await (await fetch(`${url}/url`)).formData())],
        [...(await (await fetch(`${url}/multi`)).formData())].map(([name, value]) => [
          name,
          value instanceof Blob ? value.size : value,
        ]),
      ],
      ({ target }) =>
        target === '/url'
          ? response('a=1&b=2', ['content-type: application/x-www-form-urlencoded'])
          : response('--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n', [
              'content-type: multipart/form-data; boundary=x',
            ]),
    ));
});

// When it comes to giving up, the server may have been asked already or not: the caller is told the same.
describe('giving up', () => {
  const slow = async (_request: unknown, peer: { write(text: string): unknown }) => {
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
  };

  test.each<[string, Ask]>([
    ['before', async (fetch, url) => fetch(url, { signal: AbortSignal.abort() })],
    [
      'before, for a reason',
      async (fetch, url) => fetch(url, { signal: AbortSignal.abort('mine') }),
    ],
    [
      'at once',
      (fetch, url) => {
        const abort = new AbortController();
        const asked = fetch(`${url}/never`, { signal: abort.signal });
        abort.abort();
        return asked;
      },
    ],
    [
      'in the next turn',
      (fetch, url) => {
        const abort = new AbortController();
        const asked = fetch(`${url}/never`, { signal: abort.signal });
        setImmediate(() => abort.abort(new RangeError('mine')));
        return asked;
      },
    ],
    ['by time', async (fetch, url) => fetch(`${url}/never`, { signal: AbortSignal.timeout(50) })],
    [
      'after the head',
      async (fetch, url) => {
        const abort = new AbortController();
        const answer = await fetch(`${url}/slow`, { signal: abort.signal });
        abort.abort();
        return answer.text();
      },
    ],
    [
      'after a piece',
      async (fetch, url) => {
        const abort = new AbortController();
        const answer = await fetch(`${url}/slow`, { signal: abort.signal });
        const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
        const first = await reader.read();
        abort.abort(new RangeError('mine'));
        return [first.value?.length, await reader.read().catch(failure)];
      },
    ],
    [
      'while a clone is read',
      async (fetch, url) => {
        const abort = new AbortController();
        const answer = await fetch(`${url}/slow`, { signal: abort.signal });
        const clone = answer.clone();
        const both = Promise.all([answer.text().catch(failure), clone.text().catch(failure)]);
        abort.abort();
        return both;
      },
    ],
    [
      'after all',
      async (fetch, url) => {
        const abort = new AbortController();
        const answer = await fetch(url, { signal: abort.signal });
        const text = await answer.text();
        abort.abort();
        return text;
      },
    ],
    [
      'a body that is being sent',
      async (fetch, url) => {
        const abort = new AbortController();
        const body = new ReadableStream({
          async pull(controller) {
            controller.enqueue(new Uint8Array(1000));
            await new Promise((resolve) => setImmediate(resolve));
            abort.abort(new RangeError('mine'));
          },
        });
        return fetch(url, {
          method: 'POST',
          body,
          duplex: 'half',
          signal: abort.signal,
        });
      },
    ],
    [
      'by a Request',
      async (fetch, url) => {
        const abort = new AbortController();
        const request = new Request(`${url}/never`, { signal: abort.signal });
        const asked = fetch(request);
        abort.abort();
        return asked;
      },
    ],
  ])('%s', (_when, ask) =>
    expectSameForCaller(
      async (fetch, url) => {
        const outcome = await Promise.resolve(ask(fetch, url)).then(
          (value) => (value instanceof Response ? seen(value) : value),
          failure,
        );
        return { outcome };
      },
      async (request, peer) => {
        if (request.target === '/slow') await slow(request, peer);
        else if (request.target !== '/never') return response('all');
        return undefined;
      },
    ).catch((error: unknown) => {
      throw error;
    }),
  );
});

test('a large body is read no faster through a clone than its slower reader takes it', async () => {
  const run = async (fetch: Fetch, url: string) => {
    const answer = await fetch(url);
    const clone = answer.clone();
    const [one, other] = await Promise.all([answer.arrayBuffer(), clone.arrayBuffer()]);
    return [one.byteLength, other.byteLength];
  };
  const size = 4 * 1024 * 1024;
  await using server = await startHttpServer(async (_request, answer) => {
    const piece = Buffer.alloc(64 * 1024);
    for (let sent = 0; sent < size; sent += piece.length) {
      if (!answer.write(piece)) await once(answer, 'drain');
    }
    answer.end();
  });
  const finch = await startFinch();
  expect(await run(finch.fetch, server.url)).toEqual([size, size]);
});

test('a body that is longer than its content-length says fails, where undici waits for ever', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end());
  const finch = await startFinch();
  const init = { method: 'POST', body: 'text', headers: { 'content-length': '2' } };
  expect(await finch.fetch(server.url, init).catch(failure)).toMatchObject({ name: 'TypeError' });
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0 }));
});
