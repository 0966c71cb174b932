import { describe, expect, test } from 'vitest';
import { Http1Connection } from '../../src/http1/connection.ts';
import type { Http1ConnectionOptions } from '../../src/http1/connection.ts';
import { end, head, more, plain } from '../../src/http1/parser.ts';

/** A connection that has served one GET with this response. */
function after(
  response: string,
  options: Http1ConnectionOptions = {},
  last = false,
): Http1Connection {
  const connection = new Http1Connection(options);
  connection.begin(plain, true, last);
  receive(connection, response);
  return connection;
}

function receive(connection: Http1Connection, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; ;) {
    const what = connection.next(bytes, at, bytes.length);
    ({ at } = connection.parser);
    if (what === end) connection.endResponse();
    if (what === end || what === more) return;
  }
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n';

test('is ready until a request begins, and again after its response', () => {
  const connection = new Http1Connection({});
  expect(connection.ready).toBe(true);
  connection.begin(plain, true, false);
  expect(connection.ready).toBe(false);
  receive(connection, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no');
  expect(connection.ready).toBe(false);
  receive(connection, 'k');
  expect(connection.ready).toBe(true);
  expect(connection.ending).toBe(false);
});

test.each([
  [ok, true],
  ['HTTP/1.1 204 No Content\r\n', true],
  [`${ok}connection: close\r\n`, false],
  ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n', false],
  ['HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n', false],
])('[M15] may serve another request after %j: %s', (response, ready) => {
  const connection = after(`${response}\r\n`);
  expect(connection.ready).toBe(ready);
  expect(connection.ending).toBe(!ready);
});

test('serves no other request after the last one', () => {
  expect(after(`${ok}\r\n`, {}, true).ready).toBe(false);
  const connection = after(`${ok}\r\n`);
  connection.close();
  expect(connection.ready).toBe(false);
  expect(connection.ending).toBe(true);
});

describe('a request that is written in parts', () => {
  test('leaves the connection ready when it is complete before its response', () => {
    const connection = new Http1Connection({});
    connection.begin(plain, false, false);
    receive(connection, 'HTTP/1.1 100 Continue\r\n\r\n');
    connection.wrote();
    receive(connection, `${ok}\r\n`);
    expect(connection.ready).toBe(true);
  });

  test('ends the connection when its response is complete first', () => {
    const connection = new Http1Connection({});
    connection.begin(plain, false, false);
    receive(connection, `${ok}\r\n`);
    expect(connection.ending).toBe(true);
    connection.wrote();
    expect(connection.ready).toBe(false);
  });
});

describe("the server's hint", () => {
  test.each([
    ['timeout=5', {}, 3000],
    ['timeout=5', { keepAliveThreshold: 0 }, 5000],
    ['timeout=3', { keepAliveThreshold: 2999 }, 1],
    ['max=100', {}, -1],
  ])('%s lets the connection idle, with %o, for %d ms', (hint, options, idleTime) => {
    const connection = after(`${ok}keep-alive: ${hint}\r\n\r\n`, options);
    expect(connection.idleTime).toBe(idleTime);
    expect(connection.ready).toBe(true);
  });

  test.each([
    ['timeout=0', {}],
    ['timeout=2', {}],
    ['timeout=1', {}],
    ['timeout=0', { keepAliveThreshold: 0 }],
  ])('%s is too short, with %o: the connection ends', (hint, options) => {
    expect(after(`${ok}keep-alive: ${hint}\r\n\r\n`, options).ready).toBe(false);
  });

  test('is forgotten with the response that did not repeat it', () => {
    const connection = after(`${ok}keep-alive: timeout=5\r\n\r\n`);
    connection.begin(plain, true, false);
    receive(connection, `${ok}\r\n`);
    expect(connection.idleTime).toBe(-1);
  });
});

test('the end of the stream ends the connection, whatever the response said', () => {
  const connection = new Http1Connection({});
  connection.begin(plain, true, false);
  const bytes = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
  expect(connection.next(bytes, 0, bytes.length)).toBe(head);
  expect(connection.eof()).toBe(end);
  connection.endResponse();
  expect(connection.ready).toBe(false);
  expect(connection.ending).toBe(true);
});
