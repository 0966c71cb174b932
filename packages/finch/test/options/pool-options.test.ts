import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../src/index.ts';
import type { PoolOptions } from '../../src/index.ts';
import { parsePoolOptions } from '../../src/options/index.ts';

/** What a caller without types may write. */
function parse(options: unknown) {
  return parsePoolOptions(options as PoolOptions);
}

function errorOf(options: unknown): OptionsError {
  try {
    parse(options);
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error('the options are valid');
}

describe('pool options', () => {
  test('have the documented defaults', () => {
    expect(parsePoolOptions()).toEqual({
      size: 50,
      count: 1,
      protocols: ['http2', 'http1'],
      poolStrategy: 'least_busy',
      maxQueue: 10_000,
      whenFull: 'queue',
      maxPerHost: undefined,
      poolMaxIdleTime: 'infinity',
      connMaxIdleTime: 30_000,
      maxConnectionAge: 'infinity',
      maxConnectionAgeJitter: 0,
      maxRequestsPerConnection: 'infinity',
      maxHeaderSize: 262_144,
      maxResponseSize: 'infinity',
      prewarm: 0,
      startPoolMetrics: true,
      connOpts: {
        connectTimeout: 5000,
        tls: {
          ca: undefined,
          cert: undefined,
          key: undefined,
          pfx: undefined,
          caFile: undefined,
          certFile: undefined,
          keyFile: undefined,
          pfxFile: undefined,
          passphrase: undefined,
          servername: undefined,
          rejectUnauthorized: true,
          checkServerIdentity: undefined,
          minVersion: 'TLSv1.2',
          maxVersion: 'TLSv1.3',
          ciphers: undefined,
          ecdhCurve: undefined,
          sigalgs: undefined,
          alpn: undefined,
        },
        localAddress: undefined,
        family: undefined,
        lookup: undefined,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 250,
        keepAlive: true,
        keepAliveInitialDelay: 60_000,
        noDelay: true,
        keyLogFile: undefined,
      },
      http1: { keepAliveThreshold: 2000, obsFold: 'replace', bareLineFeeds: false },
      http3: {
        altSvc: true,
        headStart: 200,
        idleTimeout: 30_000,
        pingInterval: 'infinity',
        pingTimeout: 15_000,
        maxConcurrentStreams: 'infinity',
        maxRequestsPerConnection: 100_000,
        streamWindowSize: 1_048_576,
        connectionWindowSize: 'infinity',
        maxConnectionAge: undefined,
        maxConnectionAgeJitter: undefined,
      },
      http2: {
        pingInterval: 'infinity',
        pingTimeout: 15_000,
        waitForServerSettings: false,
        maxConcurrentStreams: 'infinity',
        streamWindowSize: 1_048_576,
        connectionWindowSize: 16_777_216,
        maxConnectionAge: undefined,
        maxConnectionAgeJitter: undefined,
      },
    });
  });

  test.each(['mode', 'socket', 'path', 'signal', 'session'])(
    'have no connOpts.%s: how a socket is read and held is the pool’s own affair [F37]',
    (name) => {
      expect(errorOf({ connOpts: { [name]: 'active' } })).toMatchObject({
        option: `connOpts.${name}`,
      });
    },
  );

  test.each(['ca', 'cert', 'key', 'pfx'])('have connOpts.tls.%s, or its file, not both', (name) => {
    expect(errorOf({ connOpts: { tls: { [name]: 'x', [`${name}File`]: 'y' } } })).toMatchObject({
      option: `connOpts.tls.${name}File`,
      detail: `${name} is given, too`,
    });
  });

  test('keep what is given and take undefined as absent', () => {
    const options = parse({ size: 2, count: undefined, connOpts: { connectTimeout: 10 } });
    expect(options).toMatchObject({ size: 2, count: 1 });
    expect(options.connOpts).toMatchObject({ connectTimeout: 10, noDelay: true });
  });

  test('[D25] are one frozen object that a second parse returns as it is', () => {
    const options = parsePoolOptions({ size: 2 });
    expect(Object.isFrozen(options)).toBe(true);
    expect(parsePoolOptions(options)).toBe(options);
    expect(parsePoolOptions()).toBe(parsePoolOptions());
    expect(parsePoolOptions().connOpts).toBe(options.connOpts);
  });

  test('are checked again when a copy of them changes', () => {
    const options = parsePoolOptions({ size: 2 });
    expect(parsePoolOptions({ ...options, size: 3 }).size).toBe(3);
    expect(() => parse({ ...options, size: -1 })).toThrow(OptionsError);
  });

  test("do not change with the caller's objects", () => {
    const ca = ['a'];
    const options = parse({ connOpts: { tls: { ca } } });
    ca.push('b');
    expect(options.connOpts.tls.ca).toEqual(['a']);
  });

  test('[F6] reject a wrong value and name the option, the value and what is allowed', () => {
    const error = errorOf({ count: 'dog' });
    expect(error.message).toBe(
      'Invalid value of the option count in the pool options: "dog". Allowed: an integer from 1 to 1024.',
    );
    expect(error).toMatchObject({
      option: 'count',
      value: 'dog',
      allowed: 'an integer from 1 to 1024',
    });
  });

  test.each<[string, unknown]>([
    ['size', 0],
    ['size', 1.5],
    ['size', '50'],
    ['size', 'infinity'],
    ['count', 0],
    ['count', NaN],
    ['count', 2 ** 31],
    ['protocols', []],
    ['protocols', ['http4']],
    ['protocols', ['http1', 'http1']],
    ['protocols', 'http1'],
    ['poolStrategy', 'fastest'],
    ['poolStrategy', { hash: {} }],
    ['poolStrategy', { hash: 1, key: 2 }],
    ['maxQueue', -1],
    ['maxQueue', Infinity],
    ['whenFull', 'wait'],
    ['maxPerHost', 0],
    ['poolMaxIdleTime', -1],
    ['connMaxIdleTime', 2_147_483_648],
    ['maxConnectionAge', '1s'],
    ['maxConnectionAgeJitter', 'infinity'],
    ['maxRequestsPerConnection', 0],
    ['prewarm', -1],
    ['startPoolMetrics', 'yes'],
    ['size', null],
  ])('reject %s: %j', (option, value) => {
    const error = errorOf({ [option]: value });
    expect(error).toMatchObject({ option, value, problem: 'invalid' });
    expect(error.message).toContain(error.allowed);
  });

  test.each<[string, unknown]>([
    ['connOpts.connectTimeout', -1],
    ['connOpts.localAddress', 'localhost'],
    ['connOpts.family', 5],
    ['connOpts.lookup', 'dns'],
    ['connOpts.autoSelectFamilyAttemptTimeout', 9],
    ['connOpts.keyLogFile', ''],
    ['connOpts.tls.ca', []],
    ['connOpts.tls.caFile', []],
    ['connOpts.tls.caFile', ['']],
    ['connOpts.tls.certFile', 5],
    ['connOpts.tls.keyFile', ''],
    ['connOpts.tls.rejectUnauthorized', 0],
    ['connOpts.tls.minVersion', 'TLSv1'],
    ['connOpts.tls.alpn', 'h2'],
    ['connOpts.tls.servername', 'a\0b'],
    ['connOpts.tls.checkServerIdentity', true],
    ['http2.pingInterval', 'never'],
  ])('reject %s: %j by its path', (path, value) => {
    const options = path
      .split('.')
      .reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
    expect(errorOf(options)).toMatchObject({ option: path, value });
  });

  test('accept every word and limit that is documented', () => {
    const strategies = ['least_busy', 'round_robin', 'random', 'hash', { hash: 'a' }, () => 0];
    for (const poolStrategy of strategies)
      expect(parse({ poolStrategy })).toMatchObject({ poolStrategy });
    for (const whenFull of ['queue', 'fail', 'overflow'])
      expect(parse({ whenFull })).toMatchObject({ whenFull });
    const protocols = ['http2', 'http1', 'http3'];
    expect(parse({ protocols })).toMatchObject({ protocols });
    expect(parse({ maxQueue: 0 }).maxQueue).toBe(0);
    expect(parse({ maxQueue: 'infinity' }).maxQueue).toBe('infinity');
    expect(parse({ connMaxIdleTime: 0 }).connMaxIdleTime).toBe(0);
  });

  test('[F79] accept an age with jitter', () => {
    const options = parse({ maxConnectionAge: 30_000, maxConnectionAgeJitter: 5000 });
    expect(options).toMatchObject({ maxConnectionAge: 30_000, maxConnectionAgeJitter: 5000 });
  });

  test('reject more prewarmed connections than the pool may have', () => {
    expect(errorOf({ size: 2, prewarm: 3 })).toMatchObject({
      option: 'prewarm',
      value: 3,
      allowed: 'an integer from 0 to size, 2',
    });
  });

  test('reject a lowest TLS version above the highest', () => {
    const tls = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' };
    expect(errorOf({ connOpts: { tls } }).option).toBe('connOpts.tls.minVersion');
  });

  test('[F86] reject an unknown option and list those that exist', () => {
    const error = errorOf({ invalidOption: 1 });
    expect(error).toMatchObject({ option: 'invalidOption', problem: 'unknown' });
    expect(error.allowed).toContain('size, count, protocols');
    expect(error.suggestion).toBeUndefined();
  });

  test.each([
    ['sise', 'size'],
    ['max_queue', 'maxQueue'],
    ['start_pool_metrics?', 'startPoolMetrics'],
    ['poolMaxIdle', 'poolMaxIdleTime'],
    ['connectTimeout', 'connOpts.connectTimeout'],
    ['rejectUnauthorized', 'connOpts.tls.rejectUnauthorized'],
    ['pingInterval', 'http2.pingInterval'],
  ])('ask whether %s means %s', (given, suggestion) => {
    expect(errorOf({ [given]: 1 })).toMatchObject({ option: given, suggestion });
  });

  test.each([[null], ['default'], [[]], [5]])('reject %j in place of an object', (options) => {
    expect(errorOf(options)).toMatchObject({ option: 'pool options', value: options });
  });

  test('never show a secret, wherever it was put', () => {
    const secrets = [
      { connOpts: { tls: { passphrase: ['s3cret'] } } },
      { connOpts: { tls: { key: { s3cret: 1 } } } },
      { connOpts: { tls: { keys: 's3cret' } } },
      { connOpts: { tls: 's3cret' } },
      { passphrase: 's3cret' },
      { connOpts: { pass_phrase: 's3cret' } },
    ];
    for (const options of secrets) {
      const error = errorOf(options);
      expect(JSON.stringify([error.message, error.value, error])).not.toContain('s3cret');
    }
  });
});
