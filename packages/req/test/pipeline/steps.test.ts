import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { halt, Req, ReqOptionsError, ReqResponse } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer } from '../support/server.ts';

/** A client that sends nothing. */
const stub = (body: unknown = 'answer') =>
  Req.new({ retry: false }).withAdapter(() => new ReqResponse({ body, url: 'http://stub' }));

test('the steps have names, as those of Elixir', () => {
  expect(Req.new().stepNames).toEqual({
    request: expect.arrayContaining(['putBaseUrl', 'auth', 'putParams', 'encodeBody']) as string[],
    response: expect.arrayContaining([
      'retry',
      'redirect',
      'decompressBody',
      'decodeBody',
    ]) as string[],
    error: expect.arrayContaining(['retry']) as string[],
  });
});

test('request steps run in order, first those that were put before', async () => {
  const order: string[] = [];
  const note = (name: string) => () => void order.push(name);
  const req = stub()
    .appendRequestSteps({ last: note('last') })
    .prependRequestSteps({ first: note('first'), second: note('second') })
    .editSteps({ request: (steps) => steps.insertBefore('auth', { before: note('before') }) })
    .editSteps({ request: (steps) => steps.insertAfter('auth', { after: note('after') }) });
  await req.get('http://h');
  expect(order).toEqual(['first', 'second', 'before', 'after', 'last']);
});

test('a step can be replaced and removed, and the client it came from keeps it', async () => {
  const server = await startServer((request, response) => json(response, request.headers));
  const req = await startReq({ auth: { bearer: 'one' } });
  const other = req.editSteps({
    request: (steps) =>
      steps
        .replace('auth', (request) => void request.headers.set('authorization', 'two'))
        .remove('putUserAgent'),
  });
  const { body } = await other.get(server.url);
  expect(body).toMatchObject({
    authorization: 'two',
    'user-agent': expect.stringMatching(/^linnet\//) as string,
  });
  expect((await req.get(server.url)).body).toMatchObject({ authorization: 'Bearer one' });
});

test('a request step that returns a response skips the sending, and response steps run', async () => {
  const req = stub()
    .appendRequestSteps({
      answer: () =>
        new ReqResponse({
          headers: { 'content-type': 'application/json' },
          body: Buffer.from('[1]'),
        }),
    })
    .appendRequestSteps({
      never: () => {
        throw new Error('must not run');
      },
    })
    .appendResponseSteps({ mark: (_request, response) => void response.headers.set('mark', '1') });
  const response = await req.get('http://h');
  expect(response.body).toEqual([1]);
  expect(response.headers.get('mark')).toBe('1');
});

test('halt ends the call at once, with a response or an error', async () => {
  const never = {
    never: () => {
      throw new Error('must not run');
    },
  };
  const halted = stub()
    .appendRequestSteps({ stop: () => halt(new ReqResponse({ status: 299 })) })
    .prependResponseSteps(never);
  expect((await halted.get('http://h')).status).toBe(299);
  const failed = stub()
    .prependResponseSteps({ stop: () => halt(new RangeError('no')) })
    .prependErrorSteps(never);
  expect(await rejection(failed.get('http://h'))).toBeInstanceOf(RangeError);
});

test('an error goes through the error steps, which may make a response of it', async () => {
  const seen: string[] = [];
  const req = stub()
    .prependResponseSteps({ fail: () => new Error('from a response step') })
    .appendErrorSteps({
      note: (_request, error) => void seen.push(error.message),
      mend: () => new ReqResponse({ status: 203, body: 'mended' }),
    })
    .appendResponseSteps({ last: (_request, response) => void seen.push(String(response.status)) });
  expect((await req.get('http://h')).body).toBe('mended');
  expect(seen).toEqual(['from a response step', '203']);
});

test('what a step throws is its error, and what is no error becomes one', async () => {
  const broken = stub().appendRequestSteps({
    bad: async () => Promise.reject(new TypeError('bad step')),
  });
  expect(await rejection(broken.get('http://h'))).toMatchObject({ message: 'bad step' });
  // oxlint-disable-next-line no-throw-literal
  const odd = stub().appendRequestSteps({
    odd: () => {
      throw 'text';
    },
  });
  expect(await rejection(odd.get('http://h'))).toMatchObject({ cause: 'text' });
});

test('again begins another attempt, for which all steps run with the same input', async () => {
  const urls: string[] = [];
  const req = stub()
    .merge({ baseUrl: 'http://h', params: { a: 1 } })
    .appendRequestSteps({
      note: (request) => void urls.push(`${request.call.attempt} ${request.url}`),
    })
    .prependResponseSteps({
      twice: (request) => (request.call.attempt < 2 ? request.again() : undefined),
    });
  await req.get('/x');
  expect(urls).toEqual(['1 http://h/x?a=1', '2 http://h/x?a=1']);
});

test('a name that is there, and one that is not, are refused', () => {
  const steps = { auth: () => {} };
  expect(() => Req.new().appendRequestSteps(steps)).toThrow(ReqOptionsError);
  expect(() => Req.new().editSteps({ request: (list) => list.remove('oauth') })).toThrow(
    /no such step.*auth/i,
  );
  expect(() =>
    Req.new().editSteps({ response: (list) => list.insertAfter('decompresBody', {}) }),
  ).toThrow(/no such step; decompressBody may be meant.*Allowed: storeCookies/);
  expect(() => Req.new().appendRequestSteps({ a: 1 as never })).toThrow(ReqOptionsError);
});

test('what is no set of steps, or no edit of one, is refused', () => {
  expect(() => Req.new().appendRequestSteps(5 as never)).toThrow('Allowed: an object of functions');
  expect(() => Req.new().editSteps('auth' as never)).toThrow('each a function of the list');
  expect(() => Req.new().editSteps({ requests: () => {} } as never)).toThrow('steps.requests');
});

test('a request step that waits cannot hold up a call that is cancelled, or over its time', async () => {
  const never = { never: () => new Promise<undefined>(() => {}) };
  const late = await rejection(stub().appendRequestSteps(never).get('http://h', { timeout: 5 }));
  expect(late).toMatchObject({ code: 'ERR_REQ_TIMEOUT', timeout: 5 });
  const { signal } = new AbortController();
  const abort = AbortSignal.any([signal, AbortSignal.timeout(5)]);
  const cancelled = stub().appendRequestSteps(never).get('http://h', { signal: abort });
  expect(await rejection(cancelled)).toMatchObject({ code: 'ERR_REQ_CANCELLED' });
});

test('a body that no request took is let go of, also one of a form', async () => {
  const fail = stub().appendRequestSteps({ fail: () => new Error('no') });
  const body = Readable.from(['a']);
  await rejection(fail.post('http://h', { body }));
  expect(body.destroyed).toBe(true);
  const part = Readable.from([Buffer.from('a')]);
  await rejection(fail.post('http://h', { formMultipart: { part: { stream: part } } }));
  expect(part.destroyed).toBe(true);
  let ended = false;
  const generator = (function* () {
    try {
      yield 'a';
    } finally {
      ended = true;
    }
  })();
  generator.next();
  await rejection(fail.post('http://h', { body: generator }));
  expect(ended).toBe(true);
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  await rejection(fail.post('http://h', { body: stream }));
  expect(cancelled).toBe(true);
});

test('a response step that never ends does not hold up the end of the call', async () => {
  const req = (await startReq()).appendResponseSteps({ hang: () => new Promise(() => {}) });
  const server = await startServer((_, response) => response.end('done'));
  expect(await rejection(req.get(server.url, { timeout: 30 }))).toMatchObject({
    code: 'ERR_REQ_TIMEOUT',
  });
});
