/** Caddy (quic-go): an independent server of HTTP/3, which announces it over the other protocols. */
import { quicAvailable } from '@linnet/mint';
import { eventually } from '@linnet/otp/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { bodyOf, digestOf, fileLengths, isBody, large, piecesOf } from './bodies.ts';
import { caddyH3 } from './recipes/caddy-h2-server.ts';
import { outcomes } from './describe-h2-server.ts';
import { startH2Server, type H2Server } from './h2-server.ts';
import { whyToSkip } from './program.ts';

const skipped = (await quicAvailable())
  ? whyToSkip(caddyH3.packages)
  : ' — SKIPPED: QUIC is not available on this platform';

/** A large body in pieces. */
async function* pieces(total: number): AsyncGenerator<Uint8Array> {
  yield* piecesOf(total);
}

describe.skipIf(skipped !== '')(`with caddy as the HTTP/3 server${skipped}`, () => {
  let started: H2Server | undefined;
  const server = (): H2Server => {
    if (started === undefined) throw new Error('caddy did not start');
    return started;
  };
  beforeAll(async () => {
    started = await startH2Server(caddyH3);
  });
  afterAll(() => started?.stop());

  const startClient = async (options: PoolOptions = {}) => {
    const tls = { ca: server().ca };
    const finch = await startFinch({
      pools: { default: { protocols: ['http3'], connOpts: { tls }, ...options } },
    });
    return { finch, url: `https://localhost:${server().port('main')}` };
  };

  it.each(['http1', 'http2'] as const)(
    'moves over from %s when it announces HTTP/3',
    async (tcp) => {
      const { finch, url } = await startClient({ protocols: ['http3', tcp] });
      expect((await finch.get(`${url}/file/1024`)).headers.get('alt-svc')).toContain('h3=');
      await eventually(() => expect(finch.checkoutH3(url)).toBeDefined());
      await eventually(() => expect(finch.count(url)).toBe(1));
      const { body } = await finch.get(`${url}/file/1024`);
      expect(isBody(body, 1024)).toBe(true);
      expect(finch.getPoolStatus(url)).toMatchObject([{ protocol: 'http3' }]);
    },
  );

  it('answers a burst of 300 requests on a cold origin', async () => {
    const { finch, url } = await startClient();
    const all = Array.from({ length: 300 }, () => finch.get(`${url}/file/1024`));
    expect(await outcomes(all)).toEqual({ 200: 300 });
    expect(finch.count(url)).toBeLessThanOrEqual(5);
  });

  it('sends and takes bodies of all lengths', async () => {
    const { finch, url } = await startClient();
    await Promise.all(
      fileLengths.map(async (length) => {
        const { body } = await finch.get(`${url}/file/${length}`);
        expect(isBody(body, length)).toBe(true);
      }),
    );
    const headers = { 'content-length': large };
    const expected = digestOf(large);
    const whole = finch.post(`${url}/origin/digest`, bodyOf(large));
    const streamed = finch.post(`${url}/origin/digest`, pieces(large), { headers });
    expect((await whole).json()).toEqual(expected);
    expect((await streamed).json()).toEqual(expected);
  });

  it('hears of requests that are given up, and goes on over the same connection', async () => {
    const { finch, url } = await startClient();
    const given = await finch.open(`${url}/origin/trickle/1000`);
    for await (const _chunk of given.body) break;
    await expect(finch.get(`${url}/origin/silence`, { requestTimeout: 100 })).rejects.toMatchObject(
      { code: 'ERR_FINCH_REQUEST_TIMEOUT' },
    );
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
    expect(finch.count(url)).toBe(1);
    await eventually(() => expect(finch.getStats()).toMatchObject({ inFlight: 0, idle: 1 }));
  });

  it('measures round trips', async () => {
    const { finch, url } = await startClient();
    expect(await finch.ping(url)).toBeGreaterThanOrEqual(0);
  });

  it('fails what is under way when it is killed, and is reached again when it is back', async () => {
    const { program } = server();
    try {
      const { finch, url } = await startClient({ http3: { idleTimeout: 2000 } });
      await finch.get(`${url}/file/1024`);
      const held = finch.post(`${url}/origin/hold`, 'body');
      await eventually(() => expect(finch.getStats()).toMatchObject({ inFlight: 1 }));
      program.signal('SIGKILL');
      await expect(held).rejects.toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
      await expect(finch.get(`${url}/file/1024`)).rejects.toMatchObject({
        code: 'ERR_FINCH_CONNECT',
      });
    } finally {
      await program.restart();
    }
  });
});
