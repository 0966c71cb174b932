/** One session of node:http2, and nothing else. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { check, postBody, type Send, type Target } from './client.ts';

export async function prepareNodeHttp2(target: Target): Promise<Send> {
  const { origin, path, method, ca } = target;
  const session = connect(origin, ca === undefined ? {} : { ca });
  await once(session, 'remoteSettings');
  const headers = {
    ':method': method,
    ':path': path,
    ...(method === 'POST' ? { 'content-length': String(postBody.length) } : undefined),
  };
  const options = { endStream: method === 'GET' };
  return () =>
    new Promise((resolve, reject) => {
      const stream = session.request(headers, options);
      const chunks: Buffer[] = [];
      let status: number | undefined;
      stream.on('response', (fields) => {
        status = fields[':status'];
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => {
        const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
        try {
          check(target, status, target.body === 'text' ? body.toString().length : body.length);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      if (method === 'POST') stream.end(postBody);
    });
}
