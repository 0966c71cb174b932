import { expect, test } from 'vitest';
import { environmentProxy, NoProxy } from '../../../src/index.ts';

const http = { scheme: 'http', host: 'a.test', port: 80 } as const;
const https = { scheme: 'https', host: 'a.test', port: 443 } as const;

test.each([
  ['nothing', {}, undefined, undefined],
  [
    'each scheme its own',
    { http_proxy: 'http://p', https_proxy: 'http://q' },
    'http://p',
    'http://q',
  ],
  ['upper case', { HTTP_PROXY: 'http://p', HTTPS_PROXY: 'http://q' }, 'http://p', 'http://q'],
  ['lower case first', { http_proxy: 'http://p', HTTP_PROXY: 'http://q' }, 'http://p', undefined],
  [
    'all_proxy for the rest',
    { http_proxy: 'http://p', all_proxy: 'http://q' },
    'http://p',
    'http://q',
  ],
  ['ALL_PROXY', { ALL_PROXY: 'socks5h://p' }, 'socks5h://p', 'socks5h://p'],
  [
    'empty is absent',
    { http_proxy: '', HTTP_PROXY: ' ', ALL_PROXY: 'http://p' },
    'http://p',
    'http://p',
  ],
  [
    'no scheme means http',
    { http_proxy: 'p:3128', https_proxy: 'u:v@p' },
    'http://p:3128',
    'http://u:v@p',
  ],
  ['httpoxy', { HTTP_PROXY: 'http://p', REQUEST_METHOD: 'GET' }, undefined, undefined],
  [
    'no httpoxy in lower case',
    { http_proxy: 'http://p', REQUEST_METHOD: 'GET' },
    'http://p',
    undefined,
  ],
  [
    'httpoxy concerns http',
    { HTTPS_PROXY: 'http://p', REQUEST_METHOD: 'GET' },
    undefined,
    'http://p',
  ],
  ['no_proxy', { ALL_PROXY: 'http://p', no_proxy: 'a.test' }, undefined, undefined],
  ['NO_PROXY', { ALL_PROXY: 'http://p', NO_PROXY: 'b.test,.test' }, undefined, undefined],
  ['no_proxy by port', { ALL_PROXY: 'http://p', NO_PROXY: 'a.test:443' }, 'http://p', undefined],
  ['no_proxy with *', { ALL_PROXY: 'http://p', NO_PROXY: '*' }, undefined, undefined],
  [
    'no_proxy first',
    { ALL_PROXY: 'http://p', no_proxy: 'b.test', NO_PROXY: '*' },
    'http://p',
    'http://p',
  ],
] as const)('%s', (_title, environment, ofHttp, ofHttps) => {
  expect(environmentProxy(http, environment)?.url).toBe(ofHttp);
  expect(environmentProxy(https, environment)?.url).toBe(ofHttps);
});

test('says which variable it was', () => {
  expect(environmentProxy(https, { HTTPS_PROXY: 'http://p' })?.variable).toBe('HTTPS_PROXY');
});

test('goes by another list than that of the environment when there is one', () => {
  const environment = { ALL_PROXY: 'http://p', NO_PROXY: '*' };
  expect(environmentProxy(http, environment, NoProxy.parse(''))?.url).toBe('http://p');
});
