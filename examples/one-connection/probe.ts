/** Looks at a server over one connection: what it speaks, how it is secured, what it answers. */
import { connect, type ConnectionOptions } from '@linnet/mint';

/** What there is to say of a server, line by line. */
export async function* probe(url: URL, options: ConnectionOptions = {}): AsyncGenerator<string> {
  await using connection = await connect(url.origin, { connectTimeout: 3000, ...options });
  const { protocol, info } = connection;
  yield `${protocol} with ${info.remoteAddress ?? 'a unix socket'}`;
  if (info.tls !== undefined)
    yield `${info.tls.version ?? 'TLS'}, ALPN ${String(info.tls.alpnProtocol)}`;

  const { status, headers, body } = await connection.request(
    { method: 'GET', target: url.pathname + url.search, headers: ['user-agent', 'linnet-probe'] },
    { signal: AbortSignal.timeout(5000) },
  );
  yield `${status}, ${body.length} bytes`;
  for (const [name, value] of headers) yield `  ${name}: ${value}`;
  if (protocol === 'http2') {
    await connection.ping();
    yield `takes ${connection.wire.limit} requests at once, and answered a PING`;
  }
}
