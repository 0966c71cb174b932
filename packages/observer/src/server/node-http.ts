/** Between the messages of node:http and those of fetch. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** How long a viewer may take to read what was sent, in ms; then its connection is closed. */
const longestWrite = 30_000;

/** Undefined for a request that is none, such as one with a target that is no path. */
export function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '', headers, rawHeaders } = incoming;
  try {
    if (!url.startsWith('/')) return undefined;
    const fields = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      fields.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    }
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : null;
    const init = { method, headers: fields, signal, body, duplex: 'half' as const };
    return new Request(`http://${headers.host ?? 'localhost'}${url}`, init);
  } catch {
    return undefined; // a method, a host or a header that fetch does not know
  }
}

/** Writes a response no faster than it is read; `patience` is how long that may take, in ms. */
export async function writeResponse(
  response: Response,
  outgoing: ServerResponse,
  patience: number = longestWrite,
): Promise<void> {
  const { body, status, headers } = response;
  outgoing.writeHead(status, [...headers].flat());
  if (body === null) {
    outgoing.end();
    return;
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  outgoing.once('close', cancel);
  for (;;) {
    const { done, value } = await reader.read();
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) await drained(outgoing, patience);
  }
  outgoing.end();
}

/** Destroys the connection of a viewer that does not read. */
async function drained(outgoing: ServerResponse, patience: number): Promise<void> {
  const limit = AbortSignal.timeout(patience);
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  outgoing.once('close', onClose);
  try {
    await once(outgoing, 'drain', { signal: AbortSignal.any([limit, closed.signal]) });
  } catch {
    outgoing.destroy();
  } finally {
    outgoing.off('close', onClose);
  }
}
