/**
 * Differences from llhttp, as node:http drives it, that are as they should be.
 * Each tells its inputs as narrowly as it can: what it does not name is a failure.
 */
import { connectRequest, headRequest } from '../../src/http1/parser.ts';
import { isFieldValue } from '../../src/syntax.ts';
import { readResponse } from '../../test/http1/read-response.ts';
import type { Http1Input } from './generator.ts';
import type { Http1Result } from './result.ts';

interface KnownDifference {
  readonly reason: string;
  readonly applies: (ours: Http1Result, peer: Http1Result, input: Http1Input) => boolean;
}

/** The transfer codings of a response, as the peer gives them. */
function codings({ fields }: Http1Result): string[] {
  return fields.filter(
    (_, at) => at % 2 === 1 && /^transfer-encoding$/i.test(fields[at - 1] ?? ''),
  );
}

/** What a response says of its connection. */
function connectionOf({ fields }: Http1Result): string {
  return fields.filter((_, at) => /^connection$/i.test(fields[at - 1] ?? '')).join();
}

const known: readonly KnownDifference[] = [
  {
    reason:
      'no coding but chunked was offered; others are not read to the end (RFC 9112, 6.1, 6.3)',
    applies: (ours, peer) =>
      ours.reason === 'unsupported_transfer_encoding' && peer.accepted && codings(peer).length > 0,
  },
  {
    reason: 'a tab or an empty element beside chunked is none of its name (RFC 9110, 5.6.1, 5.6.3)',
    applies: (ours, peer, { bytes }) =>
      peer.accepted &&
      ours.status === peer.status &&
      /transfer-encoding:(?! *chunked *\r\n)[\t ,]*chunked[\t ,]*\r\n/i.test(bytes),
  },
  {
    reason: 'a tab after a length is white space (RFC 9110, 5.5, 5.6.3)',
    applies: (ours, peer, { bytes }) =>
      ours.accepted &&
      peer.reason === 'HPE_INVALID_CONTENT_LENGTH' &&
      /content-length:[\t ]*\d+[\t ]*\t[\t ]*\r\n/i.test(bytes),
  },
  {
    reason: 'a folded value is joined by spaces (RFC 9112, 5.2)',
    applies: (ours, peer, { kind, bytes }) =>
      ours.accepted &&
      !peer.accepted &&
      peer.reason === 'HPE_INVALID_HEADER_TOKEN' &&
      readResponse(bytes, { kind, eof: true, obsFold: 'refuse' }).outcome === 'invalid_header',
  },
  {
    reason: 'white space in chunk extensions must be parsed (RFC 9112, 7.1.1; RFC 9110, 5.6.3)',
    applies: (ours, peer, { bytes }) =>
      ours.accepted &&
      ['HPE_INVALID_CHUNK_SIZE', 'HPE_STRICT', 'HPE_INVALID_CHUNK_EXTENSION'].includes(
        peer.reason,
      ) &&
      /[\t ][;=]|[;=][\t ]/.test(bytes),
  },
  {
    reason: 'a switch of protocols that was not asked for is refused (RFC 9110, 7.8, 15.2.2)',
    applies: (ours, peer) => ours.reason === 'unexpected_upgrade' && peer.status === 101,
  },
  {
    reason:
      'only 2xx opens a tunnel, and interim responses may come before (RFC 9110, 9.3.6, 15.2)',
    applies: (_ours, peer, { kind }) =>
      kind === connectRequest && peer.handover && (peer.status < 200 || peer.status > 299),
  },
  {
    reason:
      'one empty line before a status line is skipped: more are for servers to skip, before a request (RFC 9112, 2.2)',
    applies: (ours, peer, { bytes }) =>
      ours.reason === 'invalid_status_line' && peer.accepted && /(^|\r\n)[\r\n]+HTTP\//.test(bytes),
  },
  {
    reason: 'CR without LF ends no line; the llhttp of Node.js 22 takes it for one (RFC 9112, 2.2)',
    applies: (ours, peer, { bytes }) =>
      ours.reason === 'invalid_status_line' && peer.accepted && /\d{3} [^\r\n]*\r\r/.test(bytes),
  },
  {
    reason: 'a reason phrase has no control characters (RFC 9112, 4)',
    applies: (ours, peer, { bytes }) =>
      ours.reason === 'invalid_status_line' &&
      peer.accepted &&
      [...bytes.matchAll(/HTTP\/1\.[01] \d{3} ([^\r\n]*)/g)].some(
        ([, phrase = '']) => !isFieldValue(phrase),
      ),
  },
  {
    reason: 'the length and the coding of an open tunnel are ignored (RFC 9110, 9.3.6)',
    applies: (ours, peer, { kind }) =>
      kind === connectRequest &&
      ours.handover &&
      !peer.accepted &&
      [
        'HPE_INVALID_TRANSFER_ENCODING',
        'HPE_UNEXPECTED_CONTENT_LENGTH',
        'HPE_INVALID_CONTENT_LENGTH',
      ].includes(peer.reason),
  },
  {
    reason: 'an interim response has no transfer coding (RFC 9112, 6.1)',
    applies: (ours, peer, { bytes }) =>
      ours.reason === 'unsupported_transfer_encoding' &&
      peer.accepted &&
      ours.interims.length < peer.interims.length &&
      /HTTP\/1\.[01] 1\d\d[^]*transfer-encoding/i.test(bytes),
  },
  {
    reason: 'a transfer coding of HTTP/1.0 is faulty framing (RFC 9112, 6.1)',
    applies: (ours, peer, { bytes }) =>
      peer.keepAlive && !ours.keepAlive && /HTTP\/1\.0[^]*transfer-encoding/i.test(bytes),
  },
  {
    reason: 'close wins over keep-alive (RFC 9112, 9.3)',
    applies: (ours, peer) =>
      peer.keepAlive &&
      !ours.keepAlive &&
      /close/i.test(connectionOf(ours)) &&
      /keep-alive/i.test(connectionOf(ours)),
  },
  {
    reason: 'a status is of 100 to 999 (RFC 9110, 15)',
    applies: (ours, peer) => ours.reason === 'invalid_status' && peer.status < 100,
  },
  {
    reason: 'fields that frame the message do not come after its body (RFC 9110, 6.5.1)',
    applies: (ours, peer) =>
      ours.reason === 'invalid_transfer_encoding' && peer.accepted && ours.status === peer.status,
  },
  {
    reason: 'the value of an extension is not empty (RFC 9112, 7.1.1)',
    applies: (ours, peer, { bytes }) =>
      ours.reason === 'invalid_chunk_extension' && peer.accepted && /=[;\r]/.test(bytes),
  },
  {
    reason: 'an interim response does not end the stream, even if it says close (RFC 9112, 9.6)',
    applies: (ours, peer) =>
      ours.accepted && peer.reason === 'HPE_CLOSED_CONNECTION' && ours.interims.length > 0,
  },
  {
    reason: 'a response to HEAD needs no length to be complete (RFC 9112, 6.3)',
    applies: (ours, peer, { kind }) => kind === headRequest && ours.keepAlive && !peer.keepAlive,
  },
  {
    reason: 'a 204 that announces a body might be followed by it (RFC 9112, 6.3; RFC 9110, 8.6)',
    applies: (ours, peer) => ours.status === 204 && !ours.keepAlive && peer.keepAlive,
  },
];

/** Why a difference is as it should be; undefined if nobody knows. */
export function reasonFor(
  ours: Http1Result,
  peer: Http1Result,
  input: Http1Input,
): string | undefined {
  return known.find(({ applies }) => applies(ours, peer, input))?.reason;
}
