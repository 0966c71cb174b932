import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TlsError, quicAvailable } from '../../src/index.ts';
import { createAuthority } from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';
import { Folder, whyToSkip } from '../support/program.ts';
import { startCaddy } from './caddy.ts';
import type { Caddy } from './caddy.ts';
import { open, Reading, sendAll } from './http3-client.ts';
import { startUpstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

const missing = whyToSkip({ caddy: 'caddy' });
const isPossible = missing === '' && (await quicAvailable());

const large = Buffer.alloc(5_000_000, 'The quick brown fox. ');
const digest = createHash('sha256').update(large).digest('hex');

describe.skipIf(!isPossible)(`HTTP/3 with Caddy${missing}`, () => {
  let folder: Folder;
  let upstream: Upstream;
  let caddy: Caddy;
  let port: number;
  let tls: { ca: string };

  beforeAll(async () => {
    folder = new Folder('caddy-http3');
    folder.issue(['localhost', '127.0.0.1', '::1']);
    folder.write('large', large);
    upstream = await startUpstream();
    tls = { ca: folder.ca };
    caddy = await startCaddy(folder, upstream.port);
    ({ port } = caddy);
  });

  afterAll(async () => {
    await caddy.program.stop();
    await upstream[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test('GET, POST and HEAD', async () => {
    const connection = await open(port, { tls });
    expect(connection.protocol).toBe('http3');
    expect(connection.info.tls).toMatchObject({ version: 'TLSv1.3', alpnProtocol: 'h3' });
    const got = await connection.request({ method: 'GET', target: '/hello' });
    expect([got.status, got.body.toString()]).toEqual([200, 'hello']);
    const posted = await connection.request({ method: 'POST', target: '/echo', body: 'a body' });
    expect(posted.body.toString()).toBe('a body');
    expect(posted.headers.get('x-method')).toBe('POST');
    const head = await connection.request({ method: 'HEAD', target: '/large' });
    expect([head.status, head.headers.get('content-length'), head.body.length]).toEqual([
      200,
      String(large.length),
      0,
    ]);
  });

  test('fields that come twice, and large ones', async () => {
    const connection = await open(port, { tls });
    const { headers } = await connection.request({ method: 'GET', target: '/cookies' });
    expect([...headers].filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    const target = '/large-head?size=60000';
    const { headers: largeHead } = await connection.request({ method: 'GET', target });
    expect(largeHead.get('x-large')).toHaveLength(60_000);
  });

  test('5 MB down, up in one piece and in many, and both ways', async () => {
    const connection = await open(port, { tls });
    const down = await connection.request({ method: 'GET', target: '/large' });
    expect(down.body.equals(large)).toBe(true);
    const up = await connection.request({ method: 'POST', target: '/digest', body: large });
    expect(up.body.toString()).toBe(digest);
    const pieces = Array.from({ length: Math.ceil(large.length / 16_384) }, (_, index) =>
      large.subarray(index * 16_384, (index + 1) * 16_384),
    );
    const headers = ['content-length', String(large.length)];
    const streamed = { method: 'POST', target: '/digest', headers, body: pieces };
    expect((await connection.request(streamed)).body.toString()).toBe(digest);
    const echo = await connection.request({ method: 'POST', target: '/echo', body: large });
    expect(echo.body.equals(large)).toBe(true);
  });

  test('several large uploads at once', async () => {
    const connection = await open(port, { tls });
    const body = large.subarray(0, 1_000_000);
    const expected = createHash('sha256').update(body).digest('hex');
    const uploads = Array.from({ length: 8 }, () =>
      connection.request({ method: 'POST', target: '/digest', body }),
    );
    const answers = await Promise.all(uploads);
    expect(new Set(answers.map((answer) => answer.body.toString()))).toEqual(new Set([expected]));
  });

  test('1000 requests over one connection, which allows 100 at a time', async () => {
    const connection = await open(port, { tls });
    expect(connection.wire.limit).toBe(100);
    const requests = Array.from({ length: 1000 }, () => ({ method: 'GET', target: '/hello' }));
    const answers = await sendAll(connection, requests);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1000);
    expect(connection.wire.underWay).toBe(0);
    await eventually(() => expect(connection.wire.limit).toBe(100));
  });

  test('a response that comes before its request is sent ends the upload', async () => {
    const connection = await open(port, { tls });
    const body = Buffer.alloc(20_000_000);
    const early = await connection.request({ method: 'POST', target: '/early', body });
    expect([early.status, early.body.toString()]).toEqual([413, 'too large']);
    expect((await connection.request({ method: 'GET', target: '/hello' })).status).toBe(200);
  });

  test('an abort before the response and amid it reaches the server behind', async () => {
    const connection = await open(port, { tls });
    const silent = new Reading(connection, { method: 'GET', target: '/silence' });
    await eventually(() => expect(upstream.came('/silence')).toBe(1));
    silent.exchange.abort(new Error('not any more'));
    expect(await silent.outcome).toMatchObject({ message: 'not any more' });
    await eventually(() => expect(upstream.aborted('/silence')).toBe(1));
    const dripping = new Reading(connection, { method: 'GET', target: '/drip' });
    await eventually(() => expect(dripping.length).toBeGreaterThan(0));
    dripping.exchange.abort(new Error('enough'));
    await eventually(() => expect(upstream.aborted('/drip')).toBe(1));
    expect((await connection.request({ method: 'GET', target: '/hello' })).status).toBe(200);
  });

  test('a reader that pauses holds up its own response and no other', async () => {
    const connection = await open(port, { tls, streamWindowSize: 65_536 });
    const slow = new Reading(connection, { method: 'GET', target: '/large' });
    slow.isPaused = true;
    await eventually(() => expect(slow.length).toBeGreaterThan(0));
    const before = slow.length;
    const other = await connection.request({ method: 'GET', target: '/large' });
    expect(other.body).toHaveLength(large.length);
    expect(slow.length).toBe(before);
    slow.isPaused = false;
    slow.exchange.resume();
    expect(await slow.outcome).toBeUndefined();
    expect(slow.length).toBe(large.length);
  });

  test('certificates of another authority, and for another host, are not taken', async () => {
    const other = open(port, { tls: { ca: createAuthority('other').ca } });
    await expect(other).rejects.toThrow(TlsError);
    const elsewhere = open(port, { tls, servername: 'example.com' });
    await expect(elsewhere).rejects.toThrow(TlsError);
    const untrusting = open(port, { tls: { rejectUnauthorized: false } });
    expect((await untrusting).info.tls?.authorized).toBe(false);
    const byAddress = await open(port, { tls, servername: '127.0.0.1' });
    expect((await byAddress.request({ method: 'GET', target: '/hello' })).status).toBe(200);
  });

  test('a server that is killed amid responses is soon known to be gone', async () => {
    const own = await startCaddy(folder, upstream.port);
    const connection = await open(own.port, { tls, keepAliveInterval: 100 });
    const drips = [1, 2].map(() => new Reading(connection, { method: 'GET', target: '/drip' }));
    await eventually(() => expect(drips.every(({ length }) => length > 0)).toBe(true));
    own.program.signal('SIGKILL');
    for (const { outcome } of drips) {
      expect(await outcome).toMatchObject({ code: 'ERR_MINT_CONNECTION_CLOSED' });
    }
    expect(await connection.closed).toBeInstanceOf(Error);
    await own.program.ended();
  });
});
