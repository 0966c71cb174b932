/** A request whose body, or the function for its trailers, throws: alike over HTTP/1.1 and HTTP/2. */
import { Readable } from 'node:stream';
import { createAuthority } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, RequestBodyError, type BodyInput } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

const authority = createAuthority();
const tls = authority.issue(['localhost']);

const broken = new Error('disk gone');

/** Makes the body anew for each test. */
const bodies: Record<string, () => { readonly body: BodyInput; readonly cause: unknown }> = {
  'a generator that throws': () => ({
    body: (async function* pieces() {
      yield 'begun';
      throw broken;
    })(),
    cause: broken,
  }),
  'a generator that throws something else than an error': () => ({
    body: (function* pieces() {
      yield 'begun';
      throw 'just text' as unknown as Error;
    })(),
    cause: 'just text',
  }),
  'a stream that fails': () => ({
    body: new ReadableStream({ pull: (controller) => controller.error(broken) }),
    cause: broken,
  }),
  'a Node stream that fails': () => ({
    body: new Readable({
      read() {
        this.destroy(broken);
      },
    }),
    cause: broken,
  }),
  'a function whose stream fails in mid-body': () => ({
    body: () =>
      Readable.from(
        (async function* pieces() {
          yield 'begun';
          throw broken;
        })(),
      ),
    cause: broken,
  }),
  'a function that throws': () => ({
    body: () => {
      throw broken;
    },
    cause: broken,
  }),
};

describe.each(['http1', 'http2'] as const)('over %s', (protocol) => {
  async function start() {
    const server = await startHttpServer(
      (request, answer) => {
        request.on('error', () => {}).resume();
        answer.on('error', () => {});
        request.on('end', () => answer.end('OK'));
      },
      { tls, ...(protocol === 'http2' ? { http2: {} } : undefined) },
    );
    onTestFinished(() => server.close());
    const connOpts = { tls: { ca: authority.ca } };
    const { finch } = await startApp({ pools: { default: { protocols: [protocol], connOpts } } });
    expect((await finch.get(server.url)).text()).toBe('OK');
    return { finch, url: server.url };
  }

  test.each(Object.keys(bodies))('a body that is %s', async (kind) => {
    const { finch, url } = await start();
    const { body, cause } = bodies[kind]?.() ?? {};

    const error = await rejection(finch.post(url, body as BodyInput));

    expect(error).toBeInstanceOf(RequestBodyError);
    expect(error).toMatchObject({ part: 'body', phase: 'send', origin: new URL(url).origin });
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(/^The request body failed: (?:disk gone|just text)\. /);
    expect(finch.getStats()).toMatchObject({ inUse: 0, inFlight: 0 });
    expect((await finch.get(url)).text()).toBe('OK');
  });

  test('a body that was sent before', async () => {
    const { finch, url } = await start();
    const request = Finch.build('POST', url, null, Readable.from(['a']));
    expect((await finch.request(request)).text()).toBe('OK');
    expect(await rejection(finch.request(request))).toMatchObject({
      code: 'ERR_FINCH_REQUEST_BODY',
      reason: 'used_up',
    });
  });

  test('a form comes as it was sent, with its length [W22g]', async () => {
    const server = await startHttpServer(
      async (request, answer) => {
        const bytes = await new Response(request as never).arrayBuffer();
        const { 'content-type': type = '', 'content-length': length } = request.headers;
        const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
        answer.end(JSON.stringify([length === String(bytes.byteLength), ...form.keys()]));
      },
      { tls, ...(protocol === 'http2' ? { http2: {} } : undefined) },
    );
    onTestFinished(() => server.close());
    const connOpts = { tls: { ca: authority.ca } };
    const { finch } = await startApp({ pools: { default: { protocols: [protocol], connOpts } } });
    const form = new FormData();
    form.append('text', 'x'.repeat(100_000));
    form.append('file', new File(['bytes'], 'a.txt'));
    for (let time = 0; time < 2; time += 1) {
      expect((await finch.post(server.url, form)).json()).toEqual([true, 'text', 'file']);
    }
  });

  test('a function for trailers that throws', async () => {
    const { finch, url } = await start();
    const trailers = (): never => {
      throw broken;
    };

    const error = await rejection(
      finch.request(Finch.build('POST', url, undefined, ['a'], { trailers })),
    );

    expect(error).toBeInstanceOf(RequestBodyError);
    expect(error).toMatchObject({ part: 'trailers', phase: 'send' });
    expect(error.cause).toBe(broken);
    expect(finch.getStats()).toMatchObject({ inUse: 0, inFlight: 0 });
  });
});
