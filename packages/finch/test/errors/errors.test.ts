import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  FinchError,
  InstanceNotFoundError,
  InvalidJsonError,
  InvalidRequestError,
  isFinchError,
  OptionsError,
  PoolDownError,
  PoolNotFoundError,
  PoolTimeoutError,
  ProtocolError,
  QueueFullError,
  ReceiveTimeoutError,
  RequestBodyError,
  RequestCancelledError,
  RequestTimeoutError,
  ResponseTooLargeError,
  StreamResetError,
  TlsError,
} from '../../src/index.ts';
import { annotateError } from '../../src/errors/finch-error.ts';

const pool = 'https://api.example.com:443#default';
const origin = 'https://api.example.com:443';

const examples = {
  PoolTimeoutError: new PoolTimeoutError({
    pool,
    waited: 5003.4,
    limit: 5000,
    size: 50,
    inUse: 50,
    idle: 0,
    queued: 12,
  }),
  QueueFullError: new QueueFullError({ pool, maxQueue: 100, size: 2, inUse: 2, queued: 100 }),
  PoolDownError: new PoolDownError({ pool, reason: { shutdown: 'test' }, waited: 200 }),
  PoolNotFoundError: new PoolNotFoundError({ pool, instance: 'MyFinch' }),
  InstanceNotFoundError: new InstanceNotFoundError({ instance: 'MyFinch' }),
  ConnectTimeoutError: new ConnectTimeoutError({ origin, waited: 5001, limit: 5000 }),
  ConnectError: new ConnectError({ origin, reason: 'ECONNREFUSED' }),
  TlsError: new TlsError({ origin, reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
  ReceiveTimeoutError: new ReceiveTimeoutError({ origin, waited: 100, limit: 100 }),
  RequestTimeoutError: new RequestTimeoutError({ origin, phase: 'send', waited: 9, limit: 9 }),
  RequestBodyError: new RequestBodyError({ origin, cause: new Error('disk gone') }),
  RequestCancelledError: new RequestCancelledError({ origin, phase: 'queue', reason: 'gone' }),
  ProtocolError: new ProtocolError({ origin, reason: 'surplus_bytes' }),
  ConnectionClosedError: new ConnectionClosedError({ origin, reused: true, requestSent: false }),
  StreamResetError: new StreamResetError({ origin, http2Code: 'CANCEL', requestSent: true }),
  InvalidRequestError: new InvalidRequestError({
    option: 'method',
    value: 'G T',
    allowed: 'a token',
    problem: 'The method "G T" is not a token',
  }),
  OptionsError: new OptionsError({ option: 'size', value: 0, allowed: 'an integer >= 1' }),
  InvalidJsonError: new InvalidJsonError({ snippet: '<html>', length: 6, status: 502 }),
  ResponseTooLargeError: new ResponseTooLargeError({
    origin,
    option: 'maxResponseSize',
    limit: 1000,
    received: 1448,
  }),
} as const;

const codes: Record<keyof typeof examples, string> = {
  PoolTimeoutError: 'ERR_FINCH_POOL_TIMEOUT',
  QueueFullError: 'ERR_FINCH_QUEUE_FULL',
  PoolDownError: 'ERR_FINCH_POOL_DOWN',
  PoolNotFoundError: 'ERR_FINCH_POOL_NOT_FOUND',
  InstanceNotFoundError: 'ERR_FINCH_INSTANCE_NOT_FOUND',
  ConnectTimeoutError: 'ERR_FINCH_CONNECT_TIMEOUT',
  ConnectError: 'ERR_FINCH_CONNECT',
  TlsError: 'ERR_FINCH_TLS',
  ReceiveTimeoutError: 'ERR_FINCH_RECEIVE_TIMEOUT',
  RequestTimeoutError: 'ERR_FINCH_REQUEST_TIMEOUT',
  RequestBodyError: 'ERR_FINCH_REQUEST_BODY',
  RequestCancelledError: 'ERR_FINCH_REQUEST_CANCELLED',
  ProtocolError: 'ERR_FINCH_PROTOCOL',
  ConnectionClosedError: 'ERR_FINCH_CONNECTION_CLOSED',
  StreamResetError: 'ERR_FINCH_STREAM_RESET',
  InvalidRequestError: 'ERR_FINCH_INVALID_REQUEST',
  OptionsError: 'ERR_FINCH_OPTIONS',
  InvalidJsonError: 'ERR_FINCH_INVALID_JSON',
  ResponseTooLargeError: 'ERR_FINCH_RESPONSE_TOO_LARGE',
};

describe('every error', () => {
  test.each(Object.keys(examples) as (keyof typeof examples)[])(
    '%s has its name, its code, and both in what is printed',
    (name) => {
      const error: FinchError = examples[name];
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(FinchError);
      expect(isFinchError(error)).toBe(true);
      expect(error.name).toBe(name);
      expect(error.code).toBe(codes[name]);
      expect(error.stack).toMatch(new RegExp(`^${name}: `));
      expect(inspect(error)).toContain(codes[name]);
      expect(inspect(error)).not.toContain('undefined');
      expect(error.toJSON()).toMatchObject({ name, code: codes[name], message: error.message });
    },
  );

  test('has a code of its own', () => {
    const all = Object.values(examples).map((error) => error.code);
    expect(new Set(all).size).toBe(all.length);
  });

  test('is told apart by class', () => {
    expect(examples.PoolTimeoutError).not.toBeInstanceOf(QueueFullError);
    expect(new Error('other')).not.toBeInstanceOf(FinchError);
    expect(isFinchError(null)).toBe(false);
    expect(isFinchError({ code: 'ERR_FINCH_POOL_TIMEOUT' })).toBe(false);
  });
});

describe('instanceof', () => {
  test('holds for an error that another copy of the package made', async () => {
    vi.resetModules();
    const copy = await import('../../src/errors/index.ts');
    expect(copy.PoolTimeoutError).not.toBe(PoolTimeoutError);
    const error: unknown = new copy.PoolTimeoutError({ pool, waited: 1, limit: 1 });
    expect(error instanceof PoolTimeoutError).toBe(true);
    expect(error instanceof FinchError).toBe(true);
    expect(error instanceof QueueFullError).toBe(false);
  });

  test("of a user's subclass counts its own instances only", () => {
    class Mine extends PoolTimeoutError {}
    const mine = new Mine({ pool, waited: 1, limit: 1 });
    expect(mine).toBeInstanceOf(Mine);
    expect(mine).toBeInstanceOf(PoolTimeoutError);
    expect(mine.code).toBe('ERR_FINCH_POOL_TIMEOUT');
    expect(examples.PoolTimeoutError).not.toBeInstanceOf(Mine);
  });
});

describe('messages', () => {
  test('of a pool timeout name the pool, the times, the figures and what to change', () => {
    expect(examples.PoolTimeoutError.message).toBe(
      `No connection of pool ${pool} became free within 5000 ms; waited 5003 ms ` +
        "(size 50, in use 50, idle 0, queued 12). Raise the timeout or the pool's size, " +
        'lower the rate of requests, or see why requests keep their connections for so long.',
    );
  });

  test('of a full queue say whether it is the bound or the mode', () => {
    expect(examples.QueueFullError.message).toContain('full at maxQueue 100');
    const failing = new QueueFullError({ pool, whenFull: 'fail' });
    expect(failing.message).toContain("whenFull: 'queue'");
  });

  test('of a connect error carry the errno code of the cause, also of Happy Eyeballs', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), {
      code: 'ECONNREFUSED',
    });
    const error = new ConnectError({ origin, cause: new AggregateError([refused]) });
    expect(error.reason).toBe('ECONNREFUSED');
    expect(error.requestSent).toBe(false);
    expect(error.message).toContain('[ECONNREFUSED]: connect ECONNREFUSED ::1:1. Nothing listens');
    expect(error.cause).toBeInstanceOf(AggregateError);
  });

  test('of a closed connection say whether the request is safe to send again', () => {
    expect(examples.ConnectionClosedError.message).toContain(
      'It is safe to send the request again',
    );
    expect(new ConnectionClosedError({ origin, requestSent: true }).message).toContain(
      'The server may have processed the request',
    );
  });

  test('of a request timeout follow the phase', () => {
    const message = (phase?: 'queue' | 'connect' | 'send' | 'receive') =>
      new RequestTimeoutError({ pool, phase, waited: 1, limit: 1 }).message;
    expect(message('queue')).toContain('while waiting for a connection');
    expect(message('connect')).toContain('while connecting');
    expect(message('send')).toContain('send less');
    expect(message('receive')).toContain('while receiving the response');
    expect(message()).toContain('why the server is slow');
  });
});

describe('what is underneath', () => {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

  test('of an error of the transport: its reason, itself, and its words [F118]', () => {
    const error = new ConnectError({ origin, cause });
    expect(error).toMatchObject({ reason: 'ECONNRESET', cause });
    expect(error.message).toContain('read ECONNRESET');
    expect(error.toJSON()).toMatchObject({ cause: { name: 'Error', code: 'ECONNRESET' } });
  });

  test('of an error of the protocol: a stable word, and what it means [F119]', () => {
    const detail = 'the body is not as long as content-length says';
    const error = new ProtocolError({ origin, reason: 'content_length_mismatch', detail });
    expect(error).toMatchObject({ reason: 'content_length_mismatch', detail, origin });
    expect(error.message).toContain(`[content_length_mismatch]: ${detail}`);
  });

  test('of a connection that is gone: that it was closed, and whether anything was sent [F120]', () => {
    const error = new ConnectionClosedError({ origin, reused: true, requestSent: false, cause });
    expect(error.message).toContain('closed');
    expect(error).toMatchObject({ reused: true, requestSent: false, cause });
  });
});

describe('RequestCancelledError', () => {
  test('has the reason of the signal as its reason and its cause', () => {
    const reason: unknown = AbortSignal.abort().reason;
    const error = new RequestCancelledError({
      origin,
      phase: 'receive',
      reason,
    });
    expect(error.reason).toBe(reason);
    expect(error.cause).toBe(reason);
    expect(error.message).toContain('This operation was aborted');
  });
});

describe('OptionsError', () => {
  test('names the option, the value and what is allowed', () => {
    const error = new OptionsError({
      option: 'sise',
      value: 3,
      allowed: 'size, count',
      scope: 'pool options',
      problem: 'unknown',
      suggestion: 'size',
    });
    expect(error.message).toBe(
      'Unknown option sise in the pool options (given: 3). Did you mean size? Allowed: size, count.',
    );
    expect(error).toMatchObject({ option: 'sise', value: 3, allowed: 'size, count' });
  });

  test('neither prints nor keeps a secret', () => {
    const error = new OptionsError({
      option: 'connOpts.tls.passphrase',
      value: 12345678,
      allowed: 'a string',
      secret: true,
    });
    expect(error.message).toContain('[hidden]');
    expect(error.value).toBe('[hidden]');
    expect(inspect(error) + JSON.stringify(error)).not.toContain('12345678');
  });

  test('prints no inside of an object and no credentials of a URL', () => {
    const inside = new OptionsError({ option: 'tls', value: { key: 'SECRET' }, allowed: 'x' });
    const url = new OptionsError({ option: 'url', value: 'http://me:SECRET@a/', allowed: 'x' });
    for (const error of [inside, url]) {
      expect(inspect(error) + JSON.stringify(error)).not.toContain('SECRET');
    }
  });

  test('shortens a long value', () => {
    const error = new OptionsError({ option: 'name', value: 'x'.repeat(5000), allowed: 'short' });
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).toContain('(5000 characters)');
  });
});

describe('annotateError', () => {
  test('adds what the wire did not know and keeps what it did', () => {
    const error = new ConnectionClosedError({ origin, phase: 'send' });
    annotateError(error, { pool, phase: 'receive', queued: undefined });
    expect(error).toMatchObject({ pool, phase: 'send' });
    expect('queued' in error).toBe(false);
  });
});
