import { describe, expect, test } from 'vitest';
import { connectRequest, upgradeRequest } from '../../src/http1/parser.ts';
import { byByte, readResponse } from './read-response.ts';

const final = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';

describe('[M10] interim responses', () => {
  test('come before the final one, and lend it nothing', () => {
    const bytes =
      'HTTP/1.1 100 Continue\r\n\r\n' +
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nconnection: upgrade\r\nkeep-alive: timeout=1\r\n\r\n' +
      'HTTP/1.1 199 x\r\ncontent-length: 9\r\ncontent-type: a/b\r\n folded\r\n\r\n' +
      final;
    const reading = readResponse(bytes);
    expect(reading).toMatchObject({
      interims: [
        [100, []],
        [103, ['link', '</a>', 'connection', 'upgrade', 'keep-alive', 'timeout=1']],
        [199, ['content-length', '9', 'content-type', 'a/b folded']],
      ],
      status: 200,
      fields: ['content-length', '2'],
      body: 'ok',
      keepAlive: true,
      hint: -1,
      outcome: 'complete',
    });
    expect(readResponse(byByte(bytes))).toEqual(reading);
  });

  test('have no body: what follows is the next head', () => {
    const bytes = `HTTP/1.1 103 Early Hints\r\ncontent-length: 5\r\n\r\nhello${final}`;
    expect(readResponse(bytes)).toMatchObject({ status: 0, outcome: 'invalid_status_line' });
  });

  test('have their own type and length, as the final response has', () => {
    const reading = readResponse(
      'HTTP/1.1 103 x\r\ncontent-type: a/b\r\ncontent-length: 7\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nContent-Type:  c/d \r\nx: y\r\ncontent-length: 2\r\n\r\nok',
    );
    expect(reading).toMatchObject({ contentType: 'c/d', contentLength: 2, body: 'ok' });
  });

  test('may announce the end of the connection', () => {
    const bytes = `HTTP/1.1 103 Early Hints\r\nconnection: close\r\n\r\n${hints}${final}`;
    expect(readResponse(bytes)).toMatchObject({ outcome: 'complete', keepAlive: false });
  });

  test('may have been all that came', () => {
    expect(readResponse(hints).outcome).toBe('unfinished');
    expect(readResponse(hints, { eof: true }).outcome).toBe('truncated');
    expect(readResponse([hints, 'HTTP/1.1 20x'], { eof: true }).outcome).toBe(
      'invalid_status_line',
    );
  });

  test('may be 1000', () => {
    const bytes = 'HTTP/1.1 100\r\n\r\n'.repeat(1000);
    expect(readResponse(bytes + final)).toMatchObject({ status: 200, outcome: 'complete' });
    expect(readResponse(`${bytes}HTTP/1.1 100\r\n\r\n${final}`)).toMatchObject({
      status: 0,
      outcome: 'too_many_interim_responses',
    });
  });

  test.each([
    ['their fields', 'a:\r\n'.repeat(1000), 8, 9],
    ['names and values', `a: ${'x'.repeat(49_967)}\r\n`, 5, 6],
    ['the white space that they keep', `a:${' '.repeat(73_500)}b\r\n`, 4, 5],
  ])('[W1] are bounded together, by %s', (_what, fields, fits, tooMany) => {
    const bytes = `HTTP/1.1 103 Early Hints\r\n${fields}\r\n`;
    expect(readResponse(bytes.repeat(fits) + final).outcome).toBe('complete');
    expect(readResponse(bytes.repeat(tooMany) + final).outcome).toBe('header_too_large');
  });
});

describe('101', () => {
  const switching =
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';

  test('[M11] hands the stream over where it was asked for, with what followed', () => {
    const reading = readResponse(`${hints}${switching}HTTP/1.1 200 OK\r\n`, {
      kind: upgradeRequest,
    });
    expect(reading).toMatchObject({
      interims: [[103, ['link', '</a>']]],
      status: 101,
      fields: ['Connection', 'upgrade', 'Upgrade', 'websocket'],
      outcome: 'handover',
      rest: 'HTTP/1.1 200 OK\r\n',
    });
  });

  test.each([
    'connection: upgrade\r\nupgrade: x',
    'connection: keep-alive, Upgrade\r\nupgrade: x',
    'connection: a\r\nconnection: upgrade\r\nupgrade: x',
    'upgrade: x\r\nCONNECTION: UPGRADE',
    'connection: a,\r\n upgrade\r\nupgrade: x',
  ])('is taken with %j', (fields) => {
    const bytes = `HTTP/1.1 101\r\n${fields}\r\n\r\n`;
    expect(readResponse(bytes, { kind: upgradeRequest }).outcome).toBe('handover');
    expect(readResponse(byByte(bytes), { kind: upgradeRequest }).outcome).toBe('handover');
  });

  test.each([
    '',
    'connection: upgrade\r\n',
    'upgrade: x\r\n',
    'connection: keep-alive\r\nupgrade: x\r\n',
    'connection: upgrades\r\nupgrade: x\r\n',
    'connection: upgrade\xa0\r\nupgrade: x\r\n',
    'connection: upgrade\r\nupgrad3: x\r\n',
    'connection: upgrade\r\nupgrade:\r\n',
  ])('is refused with %j', (fields) => {
    const bytes = `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`;
    expect(readResponse(bytes, { kind: upgradeRequest }).outcome).toBe('unexpected_upgrade');
  });

  test.each([
    ['GET', 0],
    ['HEAD', 1],
    ['CONNECT', connectRequest],
  ] as const)('is refused where %s did not ask for it', (_method, kind) => {
    expect(readResponse(switching + final, { kind }).outcome).toBe('unexpected_upgrade');
  });

  test('may be declined by an ordinary response', () => {
    const reading = readResponse(`HTTP/1.1 200 OK\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nok`, {
      kind: upgradeRequest,
    });
    expect(reading).toMatchObject({ status: 200, body: 'ok', outcome: 'complete' });
  });
});

describe('an answer to CONNECT', () => {
  test.each([
    '',
    'content-length: 5\r\n',
    'transfer-encoding: chunked\r\n',
    'content-length: 5\r\ntransfer-encoding: chunked\r\n',
    'content-length: x\r\n',
    'content-length: 1\r\ncontent-length: 2\r\n',
    'transfer-encoding: gzip\r\n',
    'connection: close\r\n',
  ])('[W12] with 2xx opens the tunnel, whatever it says of a body: %j', (fields) => {
    for (const status of [200, 204, 299]) {
      const bytes = `${hints}HTTP/1.1 ${status} Established\r\n${fields}\r\n`;
      const reading = readResponse(`${bytes}hello`, { kind: connectRequest });
      expect(reading).toMatchObject({ status, outcome: 'handover', body: '', rest: 'hello' });
      expect(readResponse(byByte(bytes), { kind: connectRequest }).outcome).toBe('handover');
    }
  });

  test.each([100, 300, 407])('[W12] with %d is framed like others', (status) => {
    const bytes = `HTTP/1.1 ${status} x\r\ncontent-length: x\r\n\r\n`;
    expect(readResponse(bytes, { kind: connectRequest }).outcome).toBe('invalid_content_length');
  });
});
