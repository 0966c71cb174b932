import { describe, expect, test } from 'vitest';
import { connectRequest, headRequest, upgradeRequest } from '../../src/http1/parser.ts';
import { byByte, readResponse } from './read-response.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const chunks = '5\r\nhello\r\n0\r\n\r\n';

describe('content-length', () => {
  test.each([
    ['5', 'hello'],
    ['005', 'hello'],
    [' \t5\t ', 'hello'],
    ['0', ''],
    ['000', ''],
  ])('[M2] of %j is taken', (length, body) => {
    const reading = readResponse(`${ok}content-length: ${length}\r\n\r\n${body}rest`);
    expect(reading).toMatchObject({ body, outcome: 'complete', keepAlive: true, rest: 'rest' });
  });

  test.each([
    '',
    '+5',
    '-5',
    '-0',
    '5.0',
    '5,5',
    '5, 5',
    '5;q=1',
    '5 5',
    '0x5',
    '5h',
    'five',
    '"5"',
    '\xb2',
    '\xa05',
    '5\xa0',
    '1e1',
    '1_0',
    '5\x0b',
    '9007199254740992',
    '18446744073709551616',
    '18446744073709551621',
    '9'.repeat(400),
  ])('[M2] of %j is refused', (length) => {
    const { outcome } = readResponse(`${ok}content-length: ${length}\r\n\r\nhello`);
    expect(outcome).toMatch(/^invalid_(content_length|header)$/);
  });

  test('[M2] is taken up to the largest number that can be counted with', () => {
    const { outcome, status } = readResponse(`${ok}content-length: 9007199254740991\r\n\r\n`);
    expect({ outcome, status }).toEqual({ outcome: 'unfinished', status: 200 });
  });

  test.each([
    'content-length: 5\r\ncontent-length: 5',
    'content-length: 5\r\nCONTENT-LENGTH: 5',
    'content-length: 5\r\ncontent-length: 0',
    'content-length: 0\r\nx: y\r\ncontent-length: 5',
  ])('[M3] is refused twice: %j', (fields) => {
    expect(readResponse(`${ok}${fields}\r\n\r\nhello`).outcome).toBe('invalid_content_length');
  });

  test.each(['x-content-length', 'content_length', 'content-lengt', 'content-lengths'])(
    'is not what the field %s says',
    (name) => {
      const reading = readResponse(`${ok}${name}: 1\r\n\r\nhello`, { eof: true });
      expect(reading).toMatchObject({ body: 'hello', outcome: 'complete' });
    },
  );
});

describe('transfer-encoding', () => {
  test.each(['chunked', 'CHUNKED', ' chunked\t', ',chunked', 'chunked,', ' , chunked , '])(
    'of %j is taken',
    (coding) => {
      const reading = readResponse(`${ok}transfer-encoding: ${coding}\r\n\r\n${chunks}`);
      expect(reading).toMatchObject({ body: 'hello', outcome: 'complete', keepAlive: true });
    },
  );

  test.each([
    '',
    ',',
    'identity',
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'chunked\r\ntransfer-encoding: chunked',
    'chunked\r\ntransfer-encoding:',
    '\r\ntransfer-encoding: chunked',
    'chunked\r\ntransfer-encoding: identity',
    'identity\r\ntransfer-encoding: chunked',
    'xchunked',
    'chunkedx',
    'chunked;q=1',
    'chunked chunked',
    '"chunked"',
    '\xa0chunked',
    'chunked\xa0',
    '\x85chunked',
    'c\xa0hunked',
    'chunk\xe9d',
  ])('[D5] of %j is refused', (coding) => {
    const bytes = `${ok}transfer-encoding: ${coding}\r\n\r\n${chunks}`;
    expect(readResponse(bytes).outcome).toBe('unsupported_transfer_encoding');
  });

  test.each(['chunked\x0b', '\x0cchunked', 'chunked\0', 'chun\rked', 'chun\nked'])(
    '[D5] of %j is refused as a field',
    (coding) => {
      const bytes = `${ok}transfer-encoding: ${coding}\r\n\r\n${chunks}`;
      expect(readResponse(bytes).outcome).toBe('invalid_header');
    },
  );

  test.each([
    'content-length: 5\r\ntransfer-encoding: chunked',
    'transfer-encoding: chunked\r\ncontent-length: 5',
    'content-length: 0\r\ntransfer-encoding: chunked',
    'transfer-encoding: chunked\r\nx: y\r\ncontent-length: 20',
  ])('[M4] is refused beside a length: %j', (fields) => {
    expect(readResponse(`${ok}${fields}\r\n\r\n${chunks}`).outcome).toBe('invalid_content_length');
  });

  test.each(['', 'connection: keep-alive\r\n'])(
    'in HTTP/1.0 is read, and costs the connection: %j',
    (fields) => {
      const bytes = `HTTP/1.0 200 OK\r\n${fields}transfer-encoding: chunked\r\n\r\n${chunks}`;
      expect(readResponse(bytes)).toMatchObject({ body: 'hello', keepAlive: false });
    },
  );

  test.each(['x-transfer-encoding', 'transfer_encoding', 'transfer-encodings', 'content-encoding'])(
    'is not what the field %s says',
    (name) => {
      const reading = readResponse(`${ok}${name}: chunked\r\ncontent-length: 1\r\n\r\n5`);
      expect(reading).toMatchObject({ body: '5', outcome: 'complete' });
    },
  );
});

describe('a body without a length', () => {
  test.each([
    ok,
    'HTTP/1.0 200 OK\r\n',
    `${ok}connection: keep-alive\r\n`,
    'HTTP/1.1 205 Reset\r\n',
  ])('[M13] goes to the end of the stream: %j', (head) => {
    const bytes = `${head}\r\nhello\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`;
    expect(readResponse(bytes).outcome).toBe('unfinished');
    expect(readResponse(bytes, { eof: true })).toMatchObject({
      body: bytes.slice(head.length + 2),
      keepAlive: false,
      outcome: 'complete',
    });
    expect(readResponse(`${head}\r\n`, { eof: true })).toMatchObject({
      body: '',
      outcome: 'complete',
    });
  });
});

describe('a response without a body', () => {
  const cases: readonly [what: string, head: string, kind: 0 | 1 | 2 | 3, keepAlive: boolean][] = [
    ['HEAD', ok, headRequest, true],
    ['HEAD', `${ok}content-length: 5\r\n`, headRequest, true],
    ['HEAD', `${ok}transfer-encoding: chunked\r\n`, headRequest, true],
    ['HEAD', `${ok}connection: close\r\n`, headRequest, false],
    ['HEAD', 'HTTP/1.0 200 OK\r\n', headRequest, false],
    ['HEAD', 'HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n', headRequest, true],
    ['HEAD', 'HTTP/1.1 204 No Content\r\ncontent-length: 9\r\n', headRequest, true],
    ['GET', 'HTTP/1.1 204 No Content\r\n', 0, true],
    ['GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n', 0, true],
    ['GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n', 0, false],
    ['GET', 'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n', 0, false],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n', 0, true],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n', 0, true],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n', 0, true],
    ['CONNECT', 'HTTP/1.1 407 Proxy\r\ncontent-length: 5\r\n', connectRequest, false],
    ['CONNECT', 'HTTP/1.1 502 Bad\r\ntransfer-encoding: chunked\r\n', connectRequest, false],
    ['CONNECT', 'HTTP/1.1 302 Found\r\n', connectRequest, false],
    ['an upgrade', 'HTTP/1.1 204 No Content\r\n', upgradeRequest, true],
  ];

  test.each(cases)('[M12] [W22] to %s ends with its head: %j', (_what, head, kind, keepAlive) => {
    const reading = readResponse(`${head}\r\nrest`, { kind });
    expect(reading).toMatchObject({ body: '', outcome: 'complete', keepAlive, rest: 'rest' });
    expect(readResponse(byByte(`${head}\r\n`), { kind, eof: true })).toMatchObject({
      outcome: 'complete',
      keepAlive,
    });
  });

  test.each([
    'content-length: x',
    'transfer-encoding: gzip',
    'content-length: 1\r\ncontent-length: 1',
  ])('is refused all the same for %j', (fields) => {
    for (const [head, kind] of [
      [ok, headRequest],
      ['HTTP/1.1 204 No Content\r\n', 0],
      ['HTTP/1.1 304 Not Modified\r\n', 0],
      ['HTTP/1.1 407 Proxy\r\n', connectRequest],
      ['HTTP/1.1 103 Early Hints\r\n', 0],
    ] as const) {
      expect(readResponse(`${head}${fields}\r\n\r\n`, { kind }).outcome).toMatch(
        /^(invalid_content_length|unsupported_transfer_encoding)$/,
      );
    }
  });
});

describe('keep-alive', () => {
  test.each([
    ['HTTP/1.1 200 OK', '', true],
    ['HTTP/1.1 200 OK', 'connection: keep-alive', true],
    ['HTTP/1.1 200 OK', 'connection: close', false],
    ['HTTP/1.1 200 OK', 'Connection: CLOSE', false],
    ['HTTP/1.1 200 OK', 'connection: x, Close , y', false],
    ['HTTP/1.1 200 OK', 'connection: keep-alive, close', false],
    ['HTTP/1.1 200 OK', 'connection: close\r\nconnection: keep-alive', false],
    ['HTTP/1.1 200 OK', 'connection: keep-alive\r\nconnection: close', false],
    ['HTTP/1.1 200 OK', 'connection: closed', true],
    ['HTTP/1.1 200 OK', 'connection: x-close', true],
    ['HTTP/1.1 200 OK', 'connection: close\xa0', true],
    ['HTTP/1.1 200 OK', 'connection: clos\xe5', true],
    ['HTTP/1.1 200 OK', 'connection:', true],
    ['HTTP/1.1 200 OK', 'connectiom: close', true],
    ['HTTP/1.1 200 OK', 'proxy-connection: close', true],
    ['HTTP/1.0 200 OK', '', false],
    ['HTTP/1.0 200 OK', 'connection: keep-alive', true],
    ['HTTP/1.0 200 OK', 'connection: Keep-Alive', true],
    ['HTTP/1.0 200 OK', 'connection: x, keep-alive', true],
    ['HTTP/1.0 200 OK', 'connection: keep-alive, close', false],
    ['HTTP/1.0 200 OK', 'connection: keep_alive', false],
    ['HTTP/1.0 200 OK', 'keep-alive: timeout=5', false],
  ])('[M15] after %s with %j: %s', (line, field, keepAlive) => {
    const fields = field === '' ? '' : `${field}\r\n`;
    const reading = readResponse(`${line}\r\n${fields}content-length: 2\r\n\r\nok`);
    expect(reading).toMatchObject({ body: 'ok', outcome: 'complete', keepAlive });
  });

  test.each([
    ['timeout=5', 5],
    ['timeout=5, max=100', 5],
    ['max=100, timeout=5', 5],
    ['Timeout=5', 5],
    ['timeout= 5', 5],
    ['timeout=0', 0],
    ['timeout=', -1],
    ['timeout', -1],
    ['timeout=x', -1],
    ['timeout=-5', -1],
    ['max=5', -1],
    ['xtimeout=5', -1],
    ['', -1],
  ])('of %j hints at %d seconds', (value, hint) => {
    const bytes = `${ok}keep-alive: ${value}\r\ncontent-length: 0\r\n\r\n`;
    expect(readResponse(bytes)).toMatchObject({ outcome: 'complete', hint });
  });

  test('is not decided after the body', () => {
    const bytes =
      `${ok}keep-alive: timeout=5\r\ntransfer-encoding: chunked\r\n\r\n` +
      '0\r\nkeep-alive: timeout=60\r\nconnection: close\r\n\r\n';
    expect(readResponse(bytes)).toMatchObject({ outcome: 'complete', hint: 5, keepAlive: true });
  });
});
