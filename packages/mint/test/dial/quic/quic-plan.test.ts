import { expect, test } from 'vitest';
import { OptionsError } from '../../../src/index.ts';
import { planConnect } from '../../../src/dial/index.ts';
import { planQuic } from '../../../src/dial/quic/quic-plan.ts';

/** What a plan cannot be made of; TypeScript would not let it through. */
function errorOf(url: string, options: object, plan: (url: string, o: object) => unknown): unknown {
  try {
    plan(url, options);
  } catch (error) {
    return error;
  }
  return undefined;
}

const http3 = { protocols: ['http3'] };

test.each([
  ['https://API.example.com', 'https://api.example.com:443', 'api.example.com', 443],
  ['https://api.example.com:8443', 'https://api.example.com:8443', 'api.example.com:8443', 8443],
  ['https://[::1]:8443', 'https://[::1]:8443', '[::1]:8443', 8443],
])('%s is dialled as %s', (url, origin, authority, port) => {
  expect(planQuic(url, { protocols: ['http3'] })).toMatchObject({
    authority,
    target: { origin, port },
  });
});

test('what is dialled has the options of the user', () => {
  const { target, options } = planQuic('https://[::1]', {
    servername: 'api.test',
    connectTimeout: 10,
    idleTimeout: 20,
    keepAliveInterval: Infinity,
    family: 6,
  });
  expect(target).toMatchObject({ host: '::1', servername: 'api.test' });
  expect(options).toMatchObject({ connectTimeout: 10, idleTimeout: 20, family: 6 });
  expect(options.keepAliveInterval).toBe(Infinity);
});

test.each([
  ['http://a.test', {}, 'url'],
  ['https://a.test', { proxy: 'http://proxy.test:3128' }, 'proxy'],
  ['https://a.test', { unixSocket: '/run/a.sock' }, 'unixSocket'],
  ['https://a.test', { noDelay: false }, 'noDelay'],
  ['https://a.test', { keepAlive: 1 }, 'keepAlive'],
  ['https://a.test', { tls: { maxVersion: 'TLSv1.2' } }, 'tls.maxVersion'],
  ['https://a.test', { idleTimeout: 0 }, 'idleTimeout'],
  ['https://a.test', { keepAliveInterval: -1 }, 'keepAliveInterval'],
])(
  'HTTP/3 is refused for %s with %o, by the name of what is in its way',
  (url, options, option) => {
    const error = errorOf(url, { ...http3, ...options }, planQuic);
    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ option });
  },
);

test.each([[['http3', 'http2']], [['http3', 'http3']], [[]]])(
  'HTTP/3 is by itself among the protocols of one connection: not %o',
  (protocols) => {
    const error = errorOf('https://a.test', { protocols }, planQuic);
    expect(error).toMatchObject({ code: 'ERR_MINT_OPTIONS', option: 'protocols' });
  },
);

test('a connection over TCP has no options of QUIC', () => {
  const error = errorOf('https://a.test', { idleTimeout: 1000 }, planConnect);
  expect(error).toMatchObject({ code: 'ERR_MINT_OPTIONS', option: 'idleTimeout' });
  const other = errorOf('https://a.test', http3, planConnect);
  expect(other).toMatchObject({ code: 'ERR_MINT_OPTIONS', option: 'protocols' });
});
