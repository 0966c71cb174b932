/** Where HTTP/3 can be spoken, and what is said where it cannot. */
import { createAuthority } from '@linnet/mint/testing';
import { settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { http3Use, warnOfTls } from '../../src/connection/http3-use.ts';
import { poolFrom, unixPool } from '../../src/identity/index.ts';
import { OptionsError, type PoolOptions } from '../../src/index.ts';
import { parsePoolOptions } from '../../src/options/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';

const url = 'https://a.example';
const authority = createAuthority();
const { cert, key } = authority.issue(['a.example']);

const use = (options: PoolOptions, pool = poolFrom(url)) =>
  http3Use(pool, parsePoolOptions(options));

const all = ['http3', 'http2', 'http1'] as const;

/** TLS options that QUIC cannot honour. */
const unsupported: readonly (readonly [string, PoolOptions['connOpts']])[] = [
  ['ciphers', { tls: { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } }],
  ['maxVersion', { tls: { maxVersion: 'TLSv1.2' } }],
  ['sigalgs', { tls: { sigalgs: 'ecdsa_secp256r1_sha256' } }],
  ['ecdhCurve', { tls: { ecdhCurve: 'P-256' } }],
  ['passphrase', { tls: { cert, key, passphrase: 'secret' } }],
  ['alpn', { tls: { alpn: ['h2'] } }],
];

describe('a pool that may speak HTTP/3', () => {
  test('does so when the server has announced it, beside other protocols, in whatever order', () => {
    expect(use({ protocols: all })).toBe('announced');
    expect(use({ protocols: ['http1', 'http3'] })).toBe('announced');
    expect(use({ protocols: all, http3: { altSvc: false } })).toBe('never');
    expect(use({})).toBe('never');
  });

  test('does so at once when it may speak nothing else', () => {
    expect(use({ protocols: ['http3'] })).toBe('only');
    expect(use({ protocols: ['http3'], http3: { altSvc: false } })).toBe('only');
  });

  test('does not without TLS, on a Unix socket or through a proxy', () => {
    expect(use({ protocols: all }, poolFrom('http://a.example'))).toBe('never');
    expect(use({ protocols: all }, unixPool('https', '/run/x.sock'))).toBe('never');
    const proxy = { url: 'http://proxy.test:3128' };
    expect(use({ protocols: all, connOpts: { proxy } })).toBe('never');
  });

  test.each(unsupported)(
    'does not with connOpts.tls.%s, which QUIC cannot honour',
    (_, connOpts) => {
      expect(use({ protocols: all, connOpts })).toBe('never');
    },
  );

  test('does with what QUIC can honour', () => {
    const tls = {
      ca: authority.ca,
      cert,
      key,
      servername: 'b.example',
      minVersion: 'TLSv1.3',
    } as const;
    expect(use({ protocols: all, connOpts: { tls } })).toBe('announced');
    expect(use({ protocols: all, connOpts: { tls: { rejectUnauthorized: false } } })).toBe(
      'announced',
    );
  });

  test('says once that its TLS options keep it from HTTP/3', async () => {
    const [option, connOpts] = unsupported[0] as (typeof unsupported)[number];
    const options = parsePoolOptions({ protocols: all, connOpts });
    const told: string[] = [];
    const { promise: warned, resolve } = Promise.withResolvers<void>();
    const note = ({ code, message }: Error & { readonly code?: string }): void => {
      if (code !== 'LINNET_FINCH_HTTP3_TLS') return;
      told.push(message);
      resolve();
    };
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));

    warnOfTls(poolFrom(url), options);
    warnOfTls(poolFrom(`${url}#other`), options);
    warnOfTls(poolFrom('http://a.example'), parsePoolOptions({ protocols: all, connOpts }));
    warnOfTls(poolFrom(url), parsePoolOptions({ protocols: ['http1'], connOpts }));

    await warned;
    await settle();
    expect(told).toEqual([expect.stringContaining(`connOpts.tls.${option}`)]);
  });
});

describe('a pool that may speak nothing but HTTP/3 is refused', () => {
  const alone = { protocols: ['http3'] } as const;

  test('without TLS, on a Unix socket and through a proxy', async () => {
    const { finch } = await startApp({ pools: { default: alone } });
    const plain = await rejection(finch.startPool('http://a.example', alone));
    expect(plain).toBeInstanceOf(OptionsError);
    expect(plain).toMatchObject({ option: 'protocols', detail: 'HTTP/3 is always encrypted' });
    // With the options for all servers, the first request is told so.
    expect(await rejection(finch.get('http://a.example'))).toMatchObject({ option: 'protocols' });
    const socket = {
      scheme: 'https',
      unixSocket: '/run/x.sock',
      host: 'localhost',
      port: 0,
    } as const;
    expect(await rejection(finch.startPool(socket, alone))).toMatchObject({
      detail: 'HTTP/3 needs UDP, not a Unix socket',
    });
    const proxy = { url: 'http://proxy.test:3128' };
    const proxied = finch.startPool(url, { ...alone, connOpts: { proxy } });
    expect(await rejection(proxied)).toMatchObject({ detail: 'HTTP/3 goes through no proxy' });
  });

  test.each(unsupported)('with connOpts.tls.%s', async (option, connOpts) => {
    const { finch } = await startApp();
    const error = await rejection(finch.startPool(url, { ...alone, connOpts }));
    expect(error).toBeInstanceOf(OptionsError);
    expect(error.message).toContain(`QUIC cannot honour connOpts.tls.${option}`);
    expect(error.message).not.toContain('secret');
  });
});
