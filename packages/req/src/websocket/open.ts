/** Opens a WebSocket: the steps of a call, with a request that switches protocols. */
import { once } from 'node:events';
import type { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import { isFinchError } from '@linnet/finch';
import { WebSocket } from 'ws';
import type { Caller } from '../caller.ts';
import { ReqCancelledError, ReqOptionsError, WebSocketError } from '../errors/index.ts';
import type { RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import type { Adapter } from '../adapter/adapter.ts';
import { Bridge } from './bridge.ts';
import { shakeHands } from './handshake.ts';
import type { WebSocketSettings } from './settings.ts';
import { ReqWebSocket } from './web-socket.ts';

/** What ws offers and understands. */
const deflate = 'permessage-deflate; client_max_window_bits';

/** The streams that servers opened for one call, by their responses: all but one are closed. */
type Opened = Map<ReqResponse, Duplex>;

/** Resolves when the WebSocket is open. */
export async function openWebSocket(
  caller: Caller,
  first: RequestInput,
  settings: WebSocketSettings,
): Promise<ReqWebSocket> {
  const { signal } = first.options;
  const opened: Opened = new Map();
  let stream: Duplex | undefined;
  try {
    const response = await caller.call(inputFor(first), adapterFor(settings, opened));
    stream = opened.get(response);
    const { url, status } = response;
    if (stream === undefined) throw new WebSocketError({ url, reason: 'refused', status });
    return await overStream(stream, response, settings, signal);
  } catch (cause) {
    if (!isFinchError(cause)) throw cause;
    if (signal?.aborted === true) throw new ReqCancelledError(signal.reason);
    throw new WebSocketError({ url: first.url, reason: 'connect', cause });
  } finally {
    for (const each of opened.values()) if (each !== stream) each.destroy();
  }
}

/** The call that opens it. */
function inputFor({ url, options }: RequestInput): RequestInput {
  return {
    method: 'GET',
    url: url.replace(/^ws(s?):/i, 'http$1:'),
    options: {
      ...options,
      cache: false,
      compressed: false,
      hedge: false,
      into: undefined,
      expect: undefined,
      httpErrors: 'return',
      decode: 'auto',
    },
  };
}

/** Sends by a switch of protocols; a WebSocket that is open is a response with status 101. */
function adapterFor(settings: WebSocketSettings, opened: Opened): Adapter {
  const { subprotocols = [], perMessageDeflate = true } = settings;
  return async (request) => {
    const { url, headers } = request;
    if (!/^https?:/i.test(url)) {
      throw new ReqOptionsError({
        option: 'url',
        value: url,
        allowed: 'a ws, wss, http or https URL',
      });
    }
    if (subprotocols.length > 0) headers.set('sec-websocket-protocol', subprotocols.join(', '));
    if (perMessageDeflate) headers.set('sec-websocket-extensions', deflate);
    const { response, stream } = await shakeHands(request);
    if (stream !== undefined) opened.set(response, stream);
    return response;
  };
}

/** Gives the stream to ws. Rejects when the server's answer is not to what was offered. */
async function overStream(
  stream: Duplex,
  { url, headers }: ReqResponse,
  settings: WebSocketSettings,
  signal: AbortSignal | undefined,
): Promise<ReqWebSocket> {
  const { subprotocols = [], perMessageDeflate = true } = settings;
  const { maxPayload = 16 * 1024 * 1024, pingInterval = 30_000 } = settings;
  if (stream.destroyed) throw new WebSocketError({ url, reason: 'closed' });
  const names = ['sec-websocket-protocol', 'sec-websocket-extensions'] as const;
  const bridge = new Bridge(
    stream,
    Object.fromEntries(names.map((name) => [name, headers.get(name)])),
  );
  const socket = new WebSocket(
    url.replace(/^http/i, 'ws').replace(/#.*$/s, ''),
    [...subprotocols],
    {
      perMessageDeflate,
      maxPayload,
      // Node takes any duplex stream there; the declarations of ws know sockets only.
      createConnection: (() => bridge) as unknown as typeof createConnection,
    },
  );
  const opened = new ReqWebSocket(socket, url);
  const onAbort = (): void => socket.terminate();
  signal?.addEventListener('abort', onAbort, { once: true });
  void opened.closed.then(() => signal?.removeEventListener('abort', onAbort));
  if (signal?.aborted === true) onAbort();
  try {
    await once(socket, 'open');
    if (typeof pingInterval === 'number') opened.watch(bridge, pingInterval);
    return opened;
  } catch (cause) {
    bridge.destroy();
    throw new WebSocketError({ url, reason: 'handshake', cause });
  }
}
