import { createAuthority, startHttp1Server, startHttp2Server } from '@linnet/mint/testing';
import { expect, test } from 'vitest';
import { probe } from './probe.ts';

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

test('a server of HTTP/2 is described', async () => {
  const authority = createAuthority();
  await using server = await startHttp2Server(
    async (peer) => {
      await peer.handshake({ maxConcurrentStreams: 7 });
      for await (const { stream, fields } of peer.requests()) {
        peer.answer(stream, 'hello', [['x-path', fields.get(':path') ?? '']]);
      }
    },
    { tls: authority.issue(['localhost']) },
  );
  const lines = await all(probe(new URL('/a?b', server.url), { tls: { ca: authority.ca } }));
  expect(lines).toEqual([
    'http2 with 127.0.0.1',
    'TLSv1.3, ALPN h2',
    '200, 5 bytes',
    '  x-path: /a?b',
    'takes 7 requests at once, and answered a PING',
  ]);
});

test('a server of HTTP/1.1 that breaks the rules is an error that says how', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello');
  });
  await expect(all(probe(new URL(server.url)))).rejects.toMatchObject({
    code: 'ERR_MINT_PROTOCOL',
    reason: 'invalid_content_length',
  });
});
