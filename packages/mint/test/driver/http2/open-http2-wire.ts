/**
 * HTTP/2 servers of node:http2, and wires to them.
 */
import { once } from 'node:events';
import { createSecureServer, createServer } from 'node:http2';
import type {
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
  Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createHttp2Wire, dial, TlsIdentity } from '../../../src/index.ts';
import type { Http2WireOptions, Wire } from '../../../src/index.ts';
import { createAuthority } from '../../../src/testing/index.ts';

export type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => unknown;

export interface Http2TestServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Http2Server;
  readonly sessions: readonly ServerHttp2Session[];
  /** What the client trusts, of a server with TLS. */
  readonly ca: string | undefined;
}

/** Starts a server that calls `listener` with each stream; with TLS or in the clear. */
export async function startHttp2Server(
  listener: StreamListener,
  options: { readonly tls?: boolean; readonly settings?: Settings } = {},
): Promise<Http2TestServer> {
  const { tls = false, settings = {} } = options;
  const authority = tls ? createAuthority() : undefined;
  const server =
    authority === undefined
      ? createServer({ settings })
      : createSecureServer({ settings, ...authority.issue(['127.0.0.1', 'localhost']) });
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session.on('error', () => {})));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    void listener(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    server,
    sessions,
    ca: authority?.ca,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A wire, with how often and with what its listeners were called. */
export interface OpenHttp2Wire extends Disposable {
  readonly wire: Wire;
  readonly closings: (Error | undefined)[];
  /** Fulfilled with what `onClosed` was called with first. */
  readonly closed: Promise<Error | undefined>;
  /** How often `onChange` was called. */
  changes: number;
  /** Waits until the condition holds; it is looked at after every change. */
  until(condition: (wire: Wire) => boolean): Promise<void>;
}

export type OpenHttp2WireOptions = Partial<Http2WireOptions> & { readonly ca?: string | undefined };

/** Dials 127.0.0.1 and speaks HTTP/2 over it: over TLS when it is told what to trust. */
export async function openHttp2Wire(
  port: number,
  options: OpenHttp2WireOptions = {},
): Promise<OpenHttp2Wire> {
  const { ca, ...wireOptions } = options;
  const scheme = ca === undefined ? 'http' : 'https';
  const origin = `${scheme}://127.0.0.1:${port}`;
  const { socket } = await dial(
    {
      origin,
      address: { host: '127.0.0.1', port },
      tls: ca === undefined ? undefined : new TlsIdentity({ ca }),
    },
    ca === undefined ? {} : { alpnProtocols: ['h2'] },
  ).result;
  return watch(
    createHttp2Wire(socket, { origin, scheme, authority: `127.0.0.1:${port}`, ...wireOptions }),
  );
}

/** Counts what a wire says. */
export function watch(wire: Wire): OpenHttp2Wire {
  const closings: (Error | undefined)[] = [];
  let watchers: (() => void)[] = [];
  let close!: (error: Error | undefined) => void;
  const open: OpenHttp2Wire = {
    wire,
    closings,
    closed: new Promise((resolve) => {
      close = resolve;
    }),
    changes: 0,
    async until(condition) {
      while (!condition(wire)) await new Promise<void>((resolve) => watchers.push(resolve));
    },
    [Symbol.dispose]: () => wire.destroy(),
  };
  const wake = (): void => {
    const woken = watchers;
    watchers = [];
    for (const watcher of woken) watcher();
  };
  wire.onChange = () => {
    open.changes += 1;
    wake();
  };
  wire.onClosed = (error) => {
    closings.push(error);
    close(error);
    wake();
  };
  return open;
}
