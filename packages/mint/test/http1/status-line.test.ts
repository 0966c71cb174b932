import { expect, test } from 'vitest';
import { byByte, readResponse } from './read-response.ts';

const rest = '\r\ncontent-length: 2\r\n\r\nok';

test.each([
  ['HTTP/1.1 200 OK', 200],
  ['HTTP/1.0 200 OK', 200],
  ['HTTP/1.1 200 ', 200],
  ['HTTP/1.1 200', 200],
  ['HTTP/1.1 200 a long  reason\twith blanks ', 200],
  ['HTTP/1.1 200 caf\xe9 \xff', 200],
  ['HTTP/1.1 299 HTTP/1.1 404 Not Found', 299],
  ['HTTP/1.1 600 Unassigned', 600],
  ['HTTP/1.1 999 Denied', 999],
])('[M5] takes the status line %j', (line, status) => {
  expect(readResponse(`${line}${rest}`)).toMatchObject({ status, body: 'ok', outcome: 'complete' });
});

test.each([
  ['', 'invalid_status_line'],
  [' HTTP/1.1 200 OK', 'invalid_status_line'],
  ['\r\n\r\nHTTP/1.1 200 OK', 'invalid_status_line'],
  ['http/1.1 200 OK', 'invalid_status_line'],
  ['HTTPS/1.1 200 OK', 'invalid_status_line'],
  ['HTTP1.1 200 OK', 'invalid_status_line'],
  ['HTTP/ 1.1 200 OK', 'invalid_status_line'],
  ['HTTP/1,1 200 OK', 'invalid_status_line'],
  ['ICY 200 OK', 'invalid_status_line'],
  ['GET / HTTP/1.1', 'invalid_status_line'],
  ['SSH-2.0-OpenSSH_9.6', 'invalid_status_line'],
  ['<html>not HTTP at all</html>', 'invalid_status_line'],
  ['HTTP/2.0 200 OK', 'unsupported_version'],
  ['HTTP/2 200 OK', 'unsupported_version'],
  ['HTTP/3.0 200 OK', 'unsupported_version'],
  ['HTTP/0.9 200 OK', 'unsupported_version'],
  ['HTTP/1.2 200 OK', 'unsupported_version'],
  ['HTTP/1.2', 'unsupported_version'],
  ['HTTP/1.  200 OK', 'unsupported_version'],
  ['HTTP/1.\xff 200 OK', 'unsupported_version'],
  ['HTTP/1.10 200 OK', 'invalid_status_line'],
  ['HTTP/1.1\t200 OK', 'invalid_status_line'],
  ['HTTP/1.1  200 OK', 'invalid_status_line'],
  ['HTTP/1.1200 OK  ', 'invalid_status_line'],
  ['HTTP/1.1 20 OK', 'invalid_status_line'],
  ['HTTP/1.1 2', 'invalid_status_line'],
  ['HTTP/1.1 ', 'invalid_status_line'],
  ['HTTP/1.1', 'invalid_status_line'],
  ['HTTP/1.', 'unsupported_version'],
  ['HTTP/1', 'invalid_status_line'],
  ['HTTP/1.1 2000 OK', 'invalid_status_line'],
  ['HTTP/1.1 -20 OK', 'invalid_status_line'],
  ['HTTP/1.1 +20 OK', 'invalid_status_line'],
  ['HTTP/1.1 2x0 OK', 'invalid_status_line'],
  ['HTTP/1.1 20: OK', 'invalid_status_line'],
  ['HTTP/1.1 :00 OK', 'invalid_status_line'],
  ['HTTP/1.1 2/0 OK', 'invalid_status_line'],
  ['HTTP/1.1 099 OK', 'invalid_status'],
  ['HTTP/1.1 000 OK', 'invalid_status'],
  ['HTTP/1.1 200OK', 'invalid_status_line'],
  ['HTTP/1.1 200,OK', 'invalid_status_line'],
  ['HTTP/1.1 200\tOK', 'invalid_status_line'],
  ['HTTP/1.1 200\0', 'invalid_status_line'],
  ['HTTP/1.1 200\rx: y', 'invalid_status_line'],
  ['HTTP/1.1 200 O\0K', 'invalid_status_line'],
  ['HTTP/1.1 200 O\x0bK', 'invalid_status_line'],
  ['HTTP/1.1 200 O\x7fK', 'invalid_status_line'],
  ['HTTP/1.1 200 OK\r', 'invalid_status_line'],
  ['HTTP/1.1 200 OK\r\rx: y', 'invalid_status_line'],
  ['HTTP/1.1 200 OK\rx: y', 'invalid_status_line'],
  ['HTTP/1.1 200 OK\nx: y', 'invalid_status_line'],
  ['HTTP/1.1 200\nx: y', 'invalid_status_line'],
])('[M5] [W5] [W7] refuses the status line %j, whole and byte by byte', (line, reason) => {
  const bytes = `${line}${rest}`;
  expect(readResponse(bytes)).toMatchObject({ status: 0, outcome: reason });
  expect(readResponse(byByte(bytes))).toMatchObject({ status: 0, outcome: reason });
});

test.each(['HTTP/1.1 200 O\0', 'HTTP/1.1 20x', 'HTTP/2', 'HTTP/1.1 200 OK\rx', 'SSH-2.0-x'])(
  'refuses the beginning %j, and does not call it cut off when it came in pieces',
  (bytes) => {
    const { outcome } = readResponse(bytes);
    expect(outcome).toMatch(/^invalid_status_line|^unsupported_version/);
    expect(readResponse(byByte(bytes), { eof: true }).outcome).toBe(outcome);
  },
);

test.each(['H', 'HTTP/1.', 'HTTP/1.1', 'HTTP/1.1 2', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r'])(
  '[M14] calls a response truncated that ends with %j',
  (bytes) => {
    expect(readResponse(bytes).outcome).toBe('unfinished');
    expect(readResponse(bytes, { eof: true }).outcome).toBe('truncated');
    expect(readResponse(byByte(bytes), { eof: true }).outcome).toBe('truncated');
  },
);
