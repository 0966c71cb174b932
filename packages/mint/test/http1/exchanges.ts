/**
 * Responses as servers send them, and as attackers do: what is read of each must
 * not depend on how its bytes are cut.
 */
import { connectRequest, headRequest, upgradeRequest } from '../../src/http1/parser.ts';
import type { ReadSettings } from './read-response.ts';

/** A response as it was recorded. */
export interface Recorded {
  readonly name: string;
  readonly bytes: string;
  readonly settings?: ReadSettings;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;

/** Each is followed by the end of the stream. */
export const exchanges: readonly Recorded[] = [
  {
    name: 'a page of a web server',
    bytes:
      `${ok}Server: nginx/1.27.0\r\nDate: Mon, 30 Nov 2026 08:00:00 GMT\r\n` +
      'Content-Type: text/html; charset=utf-8\r\nContent-Length: 12\r\nETag: "65f0-c"\r\n' +
      'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\nAccept-Ranges: bytes\r\n\r\n<p>hello</p>',
  },
  { name: 'a short response', bytes: `${ok}content-length: 2\r\n\r\nok` },
  { name: 'an empty response', bytes: `${ok}content-length: 0\r\n\r\n` },
  { name: 'no reason phrase', bytes: 'HTTP/1.1 404\r\ncontent-length: 2\r\n\r\nno' },
  { name: 'an empty reason phrase', bytes: 'HTTP/1.1 404 \r\ncontent-length: 2\r\n\r\nno' },
  { name: 'no field', bytes: `${ok}\r\nto the end` },
  { name: 'HTTP/1.0', bytes: 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end' },
  {
    name: 'HTTP/1.0 kept alive',
    bytes: 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\nold',
  },
  { name: 'chunks', bytes: `${chunked}5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n` },
  { name: 'an empty chunked body', bytes: `${chunked}0\r\n\r\n` },
  {
    name: 'chunks with extensions',
    bytes: `${chunked}5;a\r\nhello\r\n1 ; b = "c\\"d" ;e\r\nx\r\n00;last=1\r\n\r\n`,
  },
  {
    name: 'trailers',
    bytes: `${chunked}1\r\na\r\n0\r\nDigest: x\r\ncontent-type: y\r\nz:\r\n\r\n`,
  },
  { name: 'folded trailers', bytes: `${chunked}1\r\na\r\n0\r\nDigest: x\r\n \t y\r\n\r\n` },
  { name: 'a body that looks like a response', bytes: `${ok}content-length: 19\r\n\r\n${ok}\r\n` },
  { name: 'folded fields', bytes: `${ok}a: b\r\n c\r\n\t \r\n d\r\ncontent-length: 1\r\n\r\nx` },
  { name: 'blanks around values', bytes: `${ok}a: \t b c\t \r\nb:\r\ncontent-length:1 \r\n\r\nx` },
  {
    name: 'bytes above ASCII',
    bytes: `HTTP/1.1 200 \xe9\r\nx: \xff\xa0\r\ncontent-length: 2\r\n\r\n\0\xff`,
  },
  {
    name: 'many cookies',
    bytes: `${ok}${'Set-Cookie: a=b; Path=/\r\n'.repeat(5)}content-length: 0\r\n\r\n`,
  },
  {
    name: 'early hints',
    bytes:
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
      `${ok}content-length: 2\r\n\r\nok`,
  },
  {
    name: 'interim responses alone',
    bytes: 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 x\r\na: b\r\n\r\n',
  },
  { name: 'no content', bytes: 'HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n' },
  {
    name: 'no content, and its length',
    bytes: 'HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\n',
  },
  {
    name: 'not modified',
    bytes: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\netag: "x"\r\n\r\n',
  },
  {
    name: 'an answer to HEAD',
    bytes: `${ok}content-length: 1000\r\nconnection: close\r\n\r\n`,
    settings: { kind: headRequest },
  },
  {
    name: 'a switch of protocols',
    bytes: 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: Upgrade\r\n\r\n\x81\x05hello',
    settings: { kind: upgradeRequest },
  },
  {
    name: 'a tunnel',
    bytes: 'HTTP/1.1 200 Established\r\ncontent-length: 5\r\n\r\n\x16\x03\x01',
    settings: { kind: connectRequest },
  },
  {
    name: 'a tunnel that is refused',
    bytes: 'HTTP/1.1 407 Proxy\r\nproxy-authenticate: Basic\r\ncontent-length: 2\r\n\r\nno',
    settings: { kind: connectRequest },
  },
  {
    name: 'LF alone',
    bytes: 'HTTP/1.1 200 OK\na: b\n c\ntransfer-encoding: chunked\n\n1;x\na\n0\nt: u\n\n',
    settings: { bareLineFeeds: true },
  },
  { name: 'surplus bytes', bytes: `${ok}content-length: 2\r\n\r\nokEVIL` },
  {
    name: 'two responses',
    bytes: `${ok}content-length: 2\r\n\r\nok${ok}content-length: 0\r\n\r\n`,
  },
  { name: 'a body that is cut off', bytes: `${ok}content-length: 10\r\n\r\nhello` },
  { name: 'a chunk that is cut off', bytes: `${chunked}5\r\nhel` },
  { name: 'chunks without the last', bytes: `${chunked}5\r\nhello\r\n` },
  { name: 'trailers that are cut off', bytes: `${chunked}0\r\na: b\r\nc` },
  { name: 'a head that is cut off', bytes: `${ok}content-le` },
  { name: 'a status line that is cut off', bytes: 'HTTP/1.1 20' },
  { name: 'another protocol', bytes: 'SSH-2.0-OpenSSH_9.6\r\n' },
  { name: 'frames of HTTP/2', bytes: '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80' },
  { name: 'CR in the status line', bytes: `HTTP/1.1 200 OK\r\rx: y\r\ncontent-length: 0\r\n\r\n` },
  { name: 'NUL in a value', bytes: `${ok}a: b\0c\r\ncontent-length: 0\r\n\r\n` },
  { name: 'a blank before the colon', bytes: `${ok}content-length : 5\r\n\r\nhello` },
  { name: 'two lengths', bytes: `${ok}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!` },
  {
    name: 'a length beside chunks',
    bytes: `${ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  { name: 'chunked not last', bytes: `${ok}transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n` },
  { name: 'a size with a sign', bytes: `${chunked}+5\r\nhello\r\n0\r\n\r\n` },
  { name: 'a size that overflows', bytes: `${chunked}fffffffffffffff5\r\nhello\r\n0\r\n\r\n` },
  { name: 'a chunk that is too long', bytes: `${chunked}5\r\nhello!\r\n0\r\n\r\n` },
  { name: 'a bad extension', bytes: `${chunked}5;a="\r\nhello\r\n0\r\n\r\n` },
  { name: 'a length in the trailers', bytes: `${chunked}0\r\ncontent-length: 5\r\n\r\nhello` },
  {
    name: 'a switch unasked',
    bytes: 'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  },
  {
    name: 'too many fields',
    bytes: `${ok}${'a:\r\n'.repeat(1300)}content-length: 0\r\n\r\n`,
    settings: { maxHeaderSize: 2000 },
  },
];
