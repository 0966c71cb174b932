/** Opens a WebSocket: the steps of a call, with a connection that changes its protocol in place of Finch. */
import { once } from 'node:events';
import type { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Caller } from '../caller.ts';
import { ReqOptionsError, WebSocketError } from '../errors/index.ts';
import type { RequestInput } from '../message/request.ts';
import { ReqResponse } from '../message/response.ts';
import type { Adapter } from '../pipeline/step.ts';
import { Bridge } from './bridge.ts';
import type { WebSocketSettings } from './settings.ts';
import { openTunnel } from './tunnel.ts';
import { ReqWebSocket } from './web-socket.ts';

/** Where the adapter leaves the open way. */
const way = Symbol('way of a WebSocket');

/** What ws offers and understands. */
const deflate = 'permessage-deflate; client_max_window_bits';

/** Resolves when the WebSocket is open. */
export async function openWebSocket(
  caller: Caller,
  first: RequestInput,
  settings: WebSocketSettings,
): Promise<ReqWebSocket> {
  const { url, options } = first;
  const { signal } = options;
  const response = await caller.call(
    {
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
    },
    adapterFor(settings),
  );
  const stream = response.private.get(way) as Duplex | undefined;
  if (stream === undefined) {
    throw new WebSocketError({ url: response.url, reason: 'refused', status: response.status });
  }
  return await overWay(stream, response, settings, signal);
}

/** Sends by an upgrade; a way that is open is a response with status 101. */
function adapterFor(settings: WebSocketSettings): Adapter {
  const { subprotocols = [], perMessageDeflate = true } = settings;
  return async ({ url, headers: given, signal }) => {
    const headers = given.clone();
    if (subprotocols.length > 0) headers.set('sec-websocket-protocol', subprotocols.join(', '));
    if (perMessageDeflate) headers.set('sec-websocket-extensions', deflate);
    if (!/^https?:/i.test(url)) {
      throw new ReqOptionsError({
        option: 'url',
        value: url,
        allowed: 'a ws, wss, http or https URL',
      });
    }
    const {
      status,
      headers: answered,
      body,
      stream,
    } = await openTunnel({ url, headers, settings, signal });
    const response = new ReqResponse({
      status: stream === undefined ? status : 101,
      headers: answered,
      body,
      url,
    });
    if (stream !== undefined) response.private.set(way, stream);
    return response;
  };
}

/** Gives the way to ws. Rejects when the server's answer is not to what was offered. */
async function overWay(
  stream: Duplex,
  { url, headers }: ReqResponse,
  settings: WebSocketSettings,
  signal: AbortSignal | undefined,
): Promise<ReqWebSocket> {
  const { subprotocols = [], perMessageDeflate = true, maxPayload = 16 * 1024 * 1024 } = settings;
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
    return opened;
  } catch (cause) {
    bridge.destroy();
    throw new WebSocketError({ url, reason: 'handshake', cause });
  }
}
