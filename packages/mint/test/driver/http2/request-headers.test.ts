import type { IncomingHttpHeaders } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../../src/index.ts';
import type { WireRequest } from '../../../src/index.ts';
import { send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

/** The header section that arrives for a request. */
async function transmit(request: Partial<WireRequest>): Promise<IncomingHttpHeaders> {
  let arrived: IncomingHttpHeaders = {};
  await using server = await startHttp2Server((stream, headers) => {
    arrived = headers;
    stream.respond({ ':status': 200 }, { endStream: true });
  });
  using open = await openHttp2Wire(server.port, { authority: 'api.example.com' });
  const log = await send(open.wire, request).done;
  expect(log.error).toBeUndefined();
  return arrived;
}

describe('a header section', () => {
  test('[M37] begins with the pseudo-header fields', async () => {
    expect(await transmit({ method: 'GET', target: '/a?b' })).toMatchObject({
      ':method': 'GET',
      ':scheme': 'http',
      ':authority': 'api.example.com',
      ':path': '/a?b',
    });
  });

  test('[M37] has the host as its authority, and no field host', async () => {
    const headers = await transmit({ headers: ['Host', 'other.example:8443'] });
    expect(headers[':authority']).toBe('other.example:8443');
    expect(headers).not.toHaveProperty('host');
  });

  test('takes an absolute URL apart, for a proxy', async () => {
    const headers = await transmit({
      target: 'HTTPS://other.example:444?q=1',
      headers: ['host', 'ignored.example'],
    });
    expect(headers).toMatchObject({
      ':scheme': 'https',
      ':authority': 'other.example:444',
      ':path': '/?q=1',
    });
  });

  test('has the target * of OPTIONS', async () => {
    expect((await transmit({ method: 'OPTIONS', target: '*' }))[':path']).toBe('*');
  });

  test('has names in lower case, order and duplicates kept, cookies whole', async () => {
    const headers = await transmit({
      headers: ['X-B', '1', 'x-a', '2', 'X-B', '3', 'Cookie', 'a=1; b=2'],
    });
    expect(headers['x-b']).toBe('1, 3');
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual(['x-b', 'x-a']);
    expect(headers.cookie).toBe('a=1; b=2');
  });

  test('has bytes above 0x7F as they are, and no blanks around values', async () => {
    const headers = await transmit({ headers: ['x-text', ' caf\xe9\t', 'x-empty', ''] });
    expect(headers['x-text']).toBe('caf\xe9');
    expect(headers['x-empty']).toBe('');
  });

  test('[D10] leaves out connection, and says te: trailers', async () => {
    const headers = await transmit({ headers: ['Connection', 'close', 'TE', 'Trailers'] });
    expect(headers).not.toHaveProperty('connection');
    expect(headers.te).toBe('trailers');
  });

  test.each([
    ['POST', undefined, '0'],
    ['PUT', null, '0'],
    ['GET', undefined, undefined],
    ['DELETE', '', undefined],
    ['POST', 'n\xe9', '3'],
    ['POST', new Uint8Array(5), '5'],
    ['DELETE', 'abc', '3'],
  ] as const)('declares the length of a body: %s with %j', async (method, body, length) => {
    const headers = await transmit({ method, body });
    expect(headers['content-length']).toBe(length);
  });
});

describe('[D10] is refused before anything is sent:', () => {
  test.each<[string, Partial<WireRequest>]>([
    ['a line break in a value', { headers: ['x', 'a\r\nb: c'] }],
    ['a character that would be cut to a line feed', { headers: ['x', 'a\u010ab'] }],
    ['NUL in a value', { headers: ['x', 'a\0b'] }],
    ['a space in a name', { headers: ['a b', 'c'] }],
    ['an empty name', { headers: ['', 'c'] }],
    ['a pseudo-header field', { headers: [':path', '/other'] }],
    ['a space in the target', { target: '/a b' }],
    ['a target that is a host', { target: 'a.example' }],
    ['an empty target', { target: '' }],
    ['a character above U+00FF in the target', { target: '/\u010a' }],
    ['a method that is no token', { method: 'G T' }],
    ['an empty method', { method: '' }],
    ['two hosts', { headers: ['host', 'a', 'Host', 'b'] }],
    ['a host with a path', { headers: ['host', 'a/b'] }],
    ['a host with credentials', { headers: ['host', 'u@a'] }],
    ['another connection option', { headers: ['connection', 'x-a'] }],
    ['keep-alive', { headers: ['keep-alive', 'timeout=5'] }],
    ['proxy-connection', { headers: ['proxy-connection', 'keep-alive'] }],
    ['transfer-encoding', { headers: ['transfer-encoding', 'chunked'] }],
    ['upgrade', { headers: ['upgrade', 'websocket'] }],
    ['http2-settings', { headers: ['http2-settings', 'AAMAAABk'] }],
    ['te', { headers: ['te', 'gzip'] }],
    ['expect', { headers: ['expect', '100-continue'] }],
    ['two lengths', { headers: ['content-length', '1', 'Content-Length', '1'], body: 'a' }],
    ['a length that is no number', { headers: ['content-length', '0x1'], body: 'a' }],
    ['a length that is not that of the text', { headers: ['content-length', '2'], body: 'a' }],
    ['a length without a body', { headers: ['content-length', '2'] }],
    ['two megabytes of fields', { headers: ['x', 'a'.repeat(2_000_000)] }],
  ])('%s', async (_what, request) => {
    let streams = 0;
    await using server = await startHttp2Server((stream) => {
      streams += 1;
      stream.respond({ ':status': 200 }, { endStream: true });
    });
    using open = await openHttp2Wire(server.port);
    const log = send(open.wire, { method: 'POST', ...request });
    expect(log.kinds).toEqual(['error']);
    expect(log.error).toBeInstanceOf(InvalidRequestError);
    // It costs nobody the connection.
    expect((await send(open.wire).done).status).toBe(200);
    expect(streams).toBe(1);
  });
});
