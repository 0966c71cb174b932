import { self, type Pid } from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Finch, InvalidRequestError } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

/** Answers with what came, trailers included. */
function startEcho() {
  return startHttpServer(async (request, answer) => {
    // Not an iterator, which rejects when a request is given up.
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    await new Promise((resolve) => request.on('end', resolve).on('error', resolve));
    const { rawTrailers, headers } = request;
    answer.end(JSON.stringify({ body, trailers: rawTrailers, framing: headers }));
  });
}

interface Echo {
  readonly body: string;
  readonly trailers: string[];
  readonly framing: Record<string, string>;
}

describe('trailers of a request', () => {
  test('follow the body, which is then sent in chunks', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const options = { trailers: { 'X-Sum': 'abc', 'x-list': ['a', 'b'] } };
    for (const body of ['text', new TextEncoder().encode('text'), ['te', 'xt']]) {
      const response = await finch.post(server.url, body, options);
      const echo = response.json<Echo>();
      expect(echo.body).toBe('text');
      expect(echo.trailers).toEqual(['x-sum', 'abc', 'x-list', 'a', 'x-list', 'b']);
      expect(echo.framing['transfer-encoding']).toBe('chunked');
      expect(echo.framing['content-length']).toBeUndefined();
    }
    expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  });

  test('are made when the body has been sent, as the calling process', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const seen: Pid[] = [];
    const [response, caller] = await inProcess(async () => {
      const hash = createHash('sha256');
      const request = Finch.build(
        'PUT',
        server.url,
        undefined,
        function* () {
          for (const piece of ['a', 'b', 'c']) {
            hash.update(piece);
            yield piece;
          }
        },
        {
          trailers: () => {
            seen.push(self());
            return { 'x-sha256': hash.copy().digest('hex') };
          },
        },
      );
      return [await finch.request(request), self()] as const;
    });
    expect(response.json<Echo>()).toMatchObject({
      body: 'abc',
      trailers: ['x-sha256', createHash('sha256').update('abc').digest('hex')],
    });
    expect(seen).toEqual([caller]);
  });

  test('need a body, valid fields, and names that may come after one', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const build = (trailers: object, body?: string) =>
      Finch.build('POST', server.url, undefined, body, { trailers: trailers as never });
    expect(() => build({ a: '1' })).toThrow(InvalidRequestError);
    expect(() => build({ 'a b': '1' }, 'x')).toThrow('Invalid header name');
    expect(() => build({ a: 'x\r\ny' }, 'x')).toThrow(InvalidRequestError);
    await expect(finch.request(build({ 'content-length': '1' }, 'x'))).rejects.toThrow(
      'cannot stand in a trailer section',
    );
    await expect(finch.request(build(() => ({ 'a b': '1' }), 'x'))).rejects.toThrow(
      InvalidRequestError,
    );
    const failure = new Error('no sum');
    const throwing = build(() => {
      throw failure;
    }, 'x');
    await expect(finch.request(throwing)).rejects.toMatchObject({
      code: 'ERR_FINCH_REQUEST_BODY',
      part: 'trailers',
      cause: failure,
    });
    await expect(finch.request(throwing)).rejects.toThrow(
      /^The function for the request's trailers/,
    );
    expect(finch.getStats()).toMatchObject({ inUse: 0 });
  });
});
