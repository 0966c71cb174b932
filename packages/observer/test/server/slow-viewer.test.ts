import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { writeResponse } from '../../src/server/node-http.ts';

test('a viewer that does not read is waited for, and then disconnected; nothing piles up', async () => {
  const outgoings: ServerResponse[] = [];
  let made = 0;
  const server = createServer((_request, outgoing) => {
    outgoings.push(outgoing);
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          made++;
          controller.enqueue(new Uint8Array(64 * 1024));
        },
      },
      { highWaterMark: 0 },
    );
    void writeResponse(new Response(body), outgoing, 100);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(server, 'request');
  const [outgoing] = outgoings;
  if (outgoing !== undefined) await once(outgoing, 'close');
  expect(outgoing?.destroyed).toBe(true);
  // What the buffers of the system hold, and one piece.
  expect(made).toBeLessThan(1000);
});
