import { describe, expect, test } from 'vitest';
import { InvalidRequestError, OptionsError, isRequest, putPrivate } from '../../src/index.ts';
import { buildRequest } from '../../src/request/index.ts';

function problemOf(make: () => unknown): InvalidRequestError {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidRequestError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a built request', () => {
  test('has the parts of the URL, the pool and the wire-ready headers', () => {
    const request = buildRequest('GET', 'https://API.example.com:8443/users?page=2#top');
    expect(request).toMatchObject({
      method: 'GET',
      scheme: 'https',
      host: 'api.example.com',
      port: 8443,
      path: '/users',
      query: 'page=2',
      target: '/users?page=2',
      headers: ['host', 'api.example.com:8443', 'user-agent', expect.stringMatching(/^linnet\//)],
      body: null,
      contentLength: 0,
      expectContinue: false,
      poolTag: 'default',
      unixSocket: undefined,
      private: {},
    });
    expect(request.pool.key).toBe('https://api.example.com:8443');
    expect(isRequest(request)).toBe(true);
    expect(isRequest(JSON.parse(JSON.stringify(request)))).toBe(false);
  });

  test('cannot be changed', () => {
    const request = buildRequest('GET', 'http://a');
    expect(Object.isFrozen(request)).toBe(true);
    expect(Object.isFrozen(request.headers)).toBe(true);
    expect(Object.isFrozen(buildRequest('GET', 'http://a', { b: 'c' }).headers)).toBe(true);
  });

  test('[F65] has the tag default without poolTag', () => {
    expect(buildRequest('GET', 'http://a').poolTag).toBe('default');
  });

  test('[F66] keeps poolTag, and its pool is the tagged one', () => {
    const request = buildRequest('GET', 'http://a', null, null, { poolTag: 'api' });
    expect(request.poolTag).toBe('api');
    expect(request.pool.key).toBe('http://a:80#api');
  });

  test('[F21] [F71] keeps a Unix socket, with the Host header of the URL', () => {
    const options = { unixSocket: '/run/x.sock', poolTag: 'api' };
    const request = buildRequest('GET', 'https://service/x', null, null, options);
    expect(request.unixSocket).toBe('/run/x.sock');
    expect(request.pool.key).toBe('https+unix://%2Frun%2Fx.sock#api');
    expect(request.host).toBe('service');
    expect(request.headers.slice(0, 2)).toEqual(['host', 'service']);
  });

  test('shares its pool with the next one for the same server', () => {
    const options = { poolTag: 'shared' };
    const [one, other] = ['/x', '/y'].map((path) =>
      buildRequest('GET', `http://shared.example${path}`, null, null, options),
    );
    expect(one?.pool).toBe(other?.pool);
  });

  test.each<[string, unknown]>([
    ['invalidOption', 1],
    ['pool_tag', 'api'],
    ['poolTag', ''],
    ['poolTag', 5],
    ['unixSocket', ''],
    ['unixSocket', '/run/\0'],
    ['unixSocket', '\0'],
    ['unixSocket', '\0a\0b'],
    ['unixSocket', '/run/\ud800'],
  ])('[F13] refuses the option %s: %j', (option, value) => {
    const build = () => buildRequest('GET', 'http://a', null, null, { [option]: value });
    expect(build).toThrow(OptionsError);
    expect(build).toThrow(expect.objectContaining({ option, value }));
  });
});

describe('a tag with a lone surrogate', () => {
  test.each(['\ud800', 'a\udc00b', '\udc00\ud800'])('is refused: %j [W17]', (poolTag) => {
    const error = problemOf(() => buildRequest('GET', 'http://a', null, null, { poolTag }));
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toMatchObject({ option: 'poolTag', value: poolTag });
  });

  test('is no pair of them', () => {
    const request = buildRequest('GET', 'http://a', null, null, { poolTag: '\ud83d\ude00' });
    expect(request.pool.key).toBe('http://a:80#%F0%9F%98%80');
  });
});

describe.runIf(process.platform === 'linux')('an abstract Unix socket [W22h]', () => {
  test('is named by a NUL and its name', () => {
    const unixSocket = '\0linnet';
    const request = buildRequest('GET', 'http://a', null, null, { unixSocket, poolTag: 'x' });
    expect(request.unixSocket).toBe(unixSocket);
    expect(request.pool.key).toBe('http+unix://%00linnet#x');
  });
});

describe('the method', () => {
  test.each(['get', 'GET', 'Get', 'patch', 'delete', 'head', 'options', 'query'])(
    '[D26] %s is sent in upper case, and does not stay as it was written',
    (method) => {
      expect(buildRequest(method, 'http://a').method).toBe(method.toUpperCase());
    },
  );

  test('of an unknown token is sent as it is', () => {
    expect(buildRequest('PROPFIND', 'http://a').method).toBe('PROPFIND');
    expect(buildRequest('m-search', 'http://a').method).toBe('m-search');
  });

  test.each([['G T'], [''], ['GET\r\nX'], ['GÉT'], [undefined], [5], ['get/'], ['connect']])(
    '[F10] [M20] %j is refused',
    (method) => {
      const error = problemOf(() => buildRequest(method as string, 'http://a'));
      expect(error.option).toBe('method');
      expect(error.value).toBe(method);
    },
  );

  test('TRACE has no body', () => {
    expect(problemOf(() => buildRequest('TRACE', 'http://a', null, 'x')).option).toBe('body');
  });
});

describe('the URL', () => {
  test.each([
    ['F11', 'ftp://example.com', 'invalid scheme "ftp" for url: "ftp://example.com"'],
    ['F12', 'http:/', 'host is required for url: "http:/"'],
    ['F12', 'http://', 'host is required for url: "http://"'],
    ['F12', 'https://', 'host is required for url: "https://"'],
    ['F8', 'example.com', 'scheme is required for url: "example.com"'],
    ['F8', '/users', 'scheme is required for url: "/users"'],
    ['F8', '', 'scheme is required for url: ""'],
  ])('[%s] %s is refused', (_case, url, problem) => {
    const error = problemOf(() => buildRequest('GET', url));
    expect(error).toMatchObject({ option: 'url', value: url });
    expect(error.message).toContain(problem);
  });

  test('[F14] keeps path and query as they are given', () => {
    const request = buildRequest('GET', "http://a/b/../c%2f%C3%BC?x=1&y='a'[0]");
    expect(request.target).toBe("/b/../c%2f%C3%BC?x=1&y='a'[0]");
  });

  test.each([
    ['http://a', '/', undefined],
    ['http://a?x', '/', 'x'],
    ['http://a/?', '/', undefined],
    ['http://a/b?', '/b', undefined],
    ['http://a#b?c', '/', undefined],
    ['http://a/b?c?d', '/b', 'c?d'],
  ])('%s has the path %s and the query %s', (url, path, query) => {
    const request = buildRequest('GET', url);
    expect([request.path, request.query]).toEqual([path, query]);
    expect(request.target).toBe(query === undefined ? path : `${path}?${query}`);
  });

  test.each(['/a b', '/ü', '/a|b', '/a\r\nb', '/%zz', '/%4', '/a?b\tc', '/a\\b', '/a{b}', '/\0'])(
    '[M20] [D10] does not accept %j as a target',
    (target) => {
      const error = problemOf(() => buildRequest('GET', `http://a${target}`));
      expect(error.option).toBe('url');
      expect(error.message).toContain('encodeURIComponent');
    },
  );

  test('[F20] as a URL object is encoded where RFC 3986 asks for it', () => {
    const url = new URL('https://api.example.com/ä b?q={x}|y');
    expect(buildRequest('GET', url).target).toBe('/%C3%A4%20b?q=%7Bx%7D%7Cy');
  });

  test.each([
    ['/100%', '/100%'],
    ['/%zz/%4?%=%g', '/%zz/%4?%=%g'],
    ['/a%2', '/a%2'],
    ['/%25%', '/%25%'],
    ["/[a]@b!$&'()*+,;=:~", "/[a]@b!$&'()*+,;=:~"],
    ['/a\\b', '/a/b'],
    ['/a?"<>^`\'', '/a?%22%3C%3E%5E%60%27'],
  ])('as a URL object is sent as WHATWG serialises it: %s [W22c]', (given, target) => {
    expect(buildRequest('GET', new URL(`http://a${given}`)).target).toBe(target);
  });

  test('as a URL object with a href of its own adds nothing to a request', () => {
    const url = new URL('http://a');
    Object.defineProperty(url, 'href', { value: 'http://a/ HTTP/1.1\r\nx: y' });
    expect(problemOf(() => buildRequest('GET', url)).option).toBe('url');
  });

  test('with credentials is refused, and the error does not show them', () => {
    for (const url of ['https://me:s3cret@a/', new URL('https://me:s3cret@a/')]) {
      const error = problemOf(() => buildRequest('GET', url));
      expect(error.message).toContain('authorization header');
      expect(JSON.stringify([error, error.message, error.value])).not.toContain('s3cret');
    }
  });

  test('of a Unix socket points to the option unixSocket', () => {
    expect(problemOf(() => buildRequest('GET', 'http+unix:///run/x')).message).toContain(
      'unixSocket',
    );
  });

  test.each([[undefined], [null], [5], [{}]])('%j is refused', (url) => {
    expect(problemOf(() => buildRequest('GET', url as never)).option).toBe('url');
  });

  test('gives the same result however often it is built, and among many others', () => {
    let right = 0;
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 1000; index++) {
        const { target, pool } = buildRequest('GET', `http://host${index}/p${index}?q=${index}`);
        if (target === `/p${index}?q=${index}` && pool.host === `host${index}`) right++;
      }
    }
    expect(right).toBe(3000);
  });

  test('[M17] has its port in the Host header unless it is the default', () => {
    const host = (url: string) => buildRequest('GET', url).headers[1];
    expect(host('http://a:80')).toBe('a');
    expect(host('https://a:443')).toBe('a');
    expect(host('http://a:443')).toBe('a:443');
    expect(host('http://[::1]:8080')).toBe('[::1]:8080');
    expect(host('http://bücher.example')).toBe('xn--bcher-kva.example');
  });
});

describe('putPrivate', () => {
  test('[F112] adds data to a copy of the request', () => {
    const request = buildRequest('GET', 'http://a');
    const tagged = putPrivate(request, 'k', 'v');
    expect(tagged.private).toEqual({ k: 'v' });
    expect(request.private).toEqual({});
    expect(isRequest(tagged)).toBe(true);
    expect({ ...JSON.parse(JSON.stringify(tagged)), private: {} }).toEqual(
      JSON.parse(JSON.stringify(request)),
    );
  });

  test('[F113] accumulates', () => {
    const symbol = Symbol('s');
    const request = putPrivate(putPrivate(buildRequest('GET', 'http://a'), 'a', 1), symbol, 2);
    expect(request.private).toEqual({ a: 1, [symbol]: 2 });
    expect(Object.isFrozen(request.private)).toBe(true);
  });

  test('takes __proto__ for a key like any other', () => {
    const request = putPrivate(buildRequest('GET', 'http://a'), '__proto__', { polluted: true });
    expect(Object.keys(request.private)).toEqual(['__proto__']);
    expect((request.private as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('[F114] refuses a key that is neither a string nor a symbol', () => {
    const request = buildRequest('GET', 'http://a');
    expect(problemOf(() => putPrivate(request, 5 as unknown as string, 1)).message).toContain(
      'got unsupported private metadata key 5',
    );
  });
});
