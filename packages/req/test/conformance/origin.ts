/** The server of the comparison: redirects, failures and encodings, and what it was asked as JSON. */
import {
  deflateRawSync,
  deflateSync,
  brotliCompressSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { startServer, type TestServer } from '../support/server.ts';

const text = 'the body, '.repeat(50);

const encoded: Readonly<Record<string, () => Buffer>> = {
  gzip: () => gzipSync(text),
  'deflate-raw': () => deflateRawSync(text),
  deflate: () => deflateSync(text),
  br: () => brotliCompressSync(text),
  zstd: () => zstdCompressSync(text),
  'gzip, br': () => brotliCompressSync(gzipSync(text)),
  truncated: () => gzipSync(text).subarray(0, -10),
  surplus: () => Buffer.concat([gzipSync(text), Buffer.from('surplus')]),
  unknown: () => Buffer.from('in a coding of its own'),
};

export const startOrigin = (): Promise<TestServer> =>
  startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://h');
    const [, kind = '', argument = ''] = pathname.split('/');
    switch (kind) {
      case 'redirect':
        response.writeHead(Number(argument), { location: searchParams.get('to') ?? '/' }).end();
        return;
      case 'circle':
        response.writeHead(302, { location: '/circle' }).end();
        return;
      case 'status':
        response.writeHead(Number(argument), { 'content-type': 'text/plain' }).end('status');
        return;
      case 'later':
        response.writeHead(503, { 'retry-after': '1' }).end();
        return;
      case 'cut':
        response.socket?.destroy();
        return;
      case 'encoded': {
        const name = decodeURIComponent(argument);
        const coding = name.startsWith('deflate')
          ? 'deflate'
          : name === 'truncated' || name === 'surplus'
            ? 'gzip'
            : name;
        response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': coding });
        response.end(encoded[name]?.());
        return;
      }
      default: {
        const { method, url, headers, body } = request;
        if (searchParams.has('cookie')) response.setHeader('set-cookie', 'sid=1');
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ method, url, headers, body: body.toString() }));
      }
    }
  });

/** Whether a body is the text, part of it, or something else. */
export function howDecoded(body: string): 'decoded' | 'partial' | 'as it was sent' {
  if (body === text) return 'decoded';
  return body.length > 0 && text.startsWith(body) ? 'partial' : 'as it was sent';
}
