/**
 * The handshake of a WebSocket, over a connection of a pool: an upgrade of HTTP/1.1 (RFC 6455, 4), or a stream
 * of HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220).
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { OpenResponse } from '@linnet/finch';
import { upgradeByFinch } from '../adapter/finch.ts';
import { WebSocketError } from '../errors/index.ts';
import type { ReqRequest } from '../message/request.ts';
import { ReqResponse } from '../message/response.ts';

/** The response of a server, and the stream that carries the WebSocket, if the server opened it. */
export interface Handshake {
  readonly response: ReqResponse;
  readonly stream: Duplex | undefined;
}

/** How much is read of the body of a server that opens no WebSocket. */
const longestRefusal = 64 * 1024;

/** The value that RFC 6455 joins to the key. */
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The proof that a server has understood a key (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + magic)
    .digest('base64');
}

/** Asks for a WebSocket. Rejects with the errors of Finch, and with WebSocketError. */
export async function shakeHands(request: ReqRequest): Promise<Handshake> {
  const { headers, url } = request;
  // HTTP/2 and HTTP/3 need no key; which of them it will be is known when a connection is there.
  const key = randomBytes(16).toString('base64');
  headers.set('sec-websocket-version', '13').set('sec-websocket-key', key);
  const answer = await upgradeByFinch(request, 'websocket');
  if (!answer.switched)
    return { response: await refusalOf(answer.response, url), stream: undefined };
  const { status, stream } = answer;
  // A connection that is lost before ws has it is found closed then.
  stream.on('error', () => {});
  if (status === 101 && answer.headers.get('sec-websocket-accept') !== acceptOf(key)) {
    stream.destroy();
    const cause = new Error('sec-websocket-accept is not that of the key');
    throw new WebSocketError({ url, reason: 'handshake', cause });
  }
  return { response: new ReqResponse({ status: 101, headers: answer.headers, url }), stream };
}

async function refusalOf(answer: OpenResponse, url: string): Promise<ReqResponse> {
  const { status, headers } = answer;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of answer.body) {
    pieces.push(piece);
    length += piece.length;
    if (length >= longestRefusal) break;
  }
  return new ReqResponse({ status, headers, url, body: new Uint8Array(Buffer.concat(pieces)) });
}
