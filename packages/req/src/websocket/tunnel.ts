/**
 * The way to a WebSocket: a connection that changes its protocol, by an upgrade of HTTP/1.1 (RFC 6455, 4)
 * or a stream of HTTP/2 (RFC 8441).
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  connect,
  InvalidRequestError,
  type Connection,
  type ConnectionOptions,
  type Fields,
} from '@linnet/mint';
import { ReqCancelledError, WebSocketError } from '../errors/index.ts';
import type { HeaderList } from '../header-list.ts';
import type { WebSocketSettings } from './settings.ts';

/** What is asked for. */
export interface TunnelRequest {
  /** http or https. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly settings: WebSocketSettings;
  readonly signal: AbortSignal | undefined;
}

/** What the server answered; `stream` when it opened the way. */
export interface TunnelAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly stream: Duplex | undefined;
}

/** How much is read of an answer that opens no way. */
const longestRefusal = 64 * 1024;

/** The value that RFC 6455 joins to the key. */
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The proof that a server has understood a key (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + magic)
    .digest('base64');
}

/** Opens a connection and asks. Rejects with WebSocketError or ReqCancelledError. */
export async function openTunnel(request: TunnelRequest): Promise<TunnelAnswer> {
  const { url, settings } = request;
  const connection = await dial(request, settings.connection?.protocols);
  try {
    return await ask(connection, request);
  } catch (error) {
    await connection.close();
    if (!isWithoutConnect(error)) throw error;
  }
  // The server speaks HTTP/2, and no WebSockets on it.
  const other = await dial(request, ['http1']);
  try {
    return await ask(other, request);
  } catch (cause) {
    await other.close();
    if (cause instanceof WebSocketError || cause instanceof ReqCancelledError) throw cause;
    throw new WebSocketError({ url, reason: 'connect', cause });
  }
}

function isWithoutConnect(error: unknown): boolean {
  return error instanceof InvalidRequestError && error.option === 'upgrade';
}

async function dial(
  { url, settings, signal }: TunnelRequest,
  protocols: ConnectionOptions['protocols'],
): Promise<Connection> {
  try {
    return await connect(new URL(url).origin, {
      ...settings.connection,
      ...(protocols === undefined ? undefined : { protocols }),
      ...(signal === undefined ? undefined : { signal }),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw new ReqCancelledError(signal.reason);
    throw new WebSocketError({ url, reason: 'connect', cause });
  }
}

/** Sends the request for the change of the protocol on an open connection. */
async function ask(connection: Connection, request: TunnelRequest): Promise<TunnelAnswer> {
  const { url, headers, signal } = request;
  const isHttp2 = connection.protocol === 'http2';
  // Whether a server has extended CONNECT is in its SETTINGS, which come before its answer to a PING.
  if (isHttp2) await connection.ping();
  const key = randomBytes(16).toString('base64');
  const fields = [...headers].flat();
  fields.push('sec-websocket-version', '13');
  if (!isHttp2) fields.push('sec-websocket-key', key);
  const { pathname, search } = new URL(url);
  const answer = await exchange(connection, fields, pathname + search, signal);
  if (answer.stream === undefined) {
    await connection.close();
    return answer;
  }
  answer.stream.once('close', () => void connection.close());
  const accept = answer.headers.find(([name]) => name === 'sec-websocket-accept')?.[1];
  if (isHttp2 || accept === acceptOf(key)) return answer;
  answer.stream.destroy();
  const cause = new Error('sec-websocket-accept is not that of the key');
  throw new WebSocketError({ url, reason: 'handshake', cause });
}

function exchange(
  connection: Connection,
  headers: readonly string[],
  target: string,
  signal: AbortSignal | undefined,
): Promise<TunnelAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let head: Pick<TunnelAnswer, 'status' | 'headers'> = { status: 0, headers: [] };
    const end = (): void => signal?.removeEventListener('abort', onAbort);
    const sent = connection.send(
      { method: 'GET', target, headers, upgrade: 'websocket' },
      {
        onInformational() {},
        onHeaders(status, fields) {
          head = { status, headers: pairsOf(fields) };
        },
        onData(bytes, from, to) {
          if (length < longestRefusal) chunks.push(Buffer.from(bytes.subarray(from, to)));
          length += to - from;
          return true;
        },
        onEnd() {
          end();
          resolve({ ...head, body: Buffer.concat(chunks), stream: undefined });
        },
        onError(error) {
          end();
          reject(error);
        },
        onUpgrade(status, fields, stream) {
          end();
          resolve({ status, headers: pairsOf(fields), body: new Uint8Array(), stream });
        },
      },
    );
    const onAbort = (): void => sent.abort(new ReqCancelledError(signal?.reason));
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function pairsOf({ list }: Fields): (readonly [string, string])[] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    pairs.push([(list[index] ?? '').toLowerCase(), list[index + 1] ?? '']);
  }
  return pairs;
}
