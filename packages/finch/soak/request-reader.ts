/** Reads requests off a socket: as much of HTTP/1.1 as the client sends. */
import type { Socket } from 'node:net';

export interface ReadRequest {
  readonly method: string;
  readonly path: string;
  /** How many bytes of body came. */
  readonly received: number;
}

/** Calls back for each request, when all of it has come; the first that cannot be read ends it. */
export function readRequests(socket: Socket, handle: (request: ReadRequest) => void): void {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = text.slice(0, end);
      const body = bodyIn(head, text.slice(end + 4));
      if (body === undefined) return;
      text = text.slice(end + 4 + body.taken);
      const [method = '', path = ''] = head.split(' ', 2);
      handle({ method, path, received: body.received });
    }
  });
}

/** The length of the body on the wire and of what it says; undefined while it is not complete. */
function bodyIn(head: string, rest: string): { taken: number; received: number } | undefined {
  if (/^transfer-encoding: *chunked$/im.test(head)) return chunksIn(rest);
  const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  return rest.length < length ? undefined : { taken: length, received: length };
}

function chunksIn(rest: string): { taken: number; received: number } | undefined {
  let at = 0;
  let received = 0;
  for (;;) {
    const line = rest.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(rest.slice(at, line), 16);
    const next = line + 2 + size + 2;
    if (rest.length < next) return undefined;
    received += size;
    at = next;
    if (size === 0) return { taken: at, received };
  }
}
