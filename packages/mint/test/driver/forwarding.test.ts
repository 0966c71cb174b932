import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { forwarding, createHttp1Wire } from '../../src/index.ts';
import type { Wire, WireRequest } from '../../src/index.ts';
import { response, startHttp1Server } from '../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer } from '../../src/testing/index.ts';
import { ExchangeLog } from './exchange-log.ts';

async function echo(): Promise<ScriptedServer<Http1Peer>> {
  const server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(response('ok'));
    }
  });
  onTestFinished(() => server.close());
  return server;
}

async function wireTo(
  server: ScriptedServer<Http1Peer>,
  authority: string,
  proxyHeaders: string[],
): Promise<Wire> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  const wire = createHttp1Wire(socket, {
    origin: `http://${authority}`,
    authority,
    rewrite: forwarding(authority, proxyHeaders),
  });
  onTestFinished(() => wire.destroy());
  return wire;
}

/** Sends a request, and gives the lines of its head as the proxy received them. */
async function headOf(
  request: WireRequest,
  { authority = 'origin.test', proxyHeaders = [] as string[] } = {},
): Promise<readonly string[]> {
  const server = await echo();
  const wire = await wireTo(server, authority, proxyHeaders);
  const log = new ExchangeLog(wire);
  wire.send(request, log);
  await log.done;
  const { received } = await server.peer(0);
  return received.slice(0, received.indexOf('\r\n\r\n')).split('\r\n');
}

test.each([
  ['GET', '/', 'origin.test', 'GET http://origin.test/ HTTP/1.1'],
  ['GET', '/a?b=c', 'origin.test:8080', 'GET http://origin.test:8080/a?b=c HTTP/1.1'],
  ['GET', '//x/http://y/', 'origin.test', 'GET http://origin.test//x/http://y/ HTTP/1.1'],
  ['POST', '/', '[::1]:8080', 'POST http://[::1]:8080/ HTTP/1.1'],
  ['OPTIONS', '*', 'origin.test', 'OPTIONS http://origin.test HTTP/1.1'],
])('[M45] %s %s of %s becomes %j', async (method, path, authority, line) => {
  const head = await headOf({ method, target: path, headers: [] }, { authority });
  expect(head[0]).toBe(line);
  expect(head).toContain(`host: ${authority}`);
});

test('[M45] sends the headers for the proxy with each request', async () => {
  const server = await echo();
  const wire = await wireTo(server, 'origin.test', ['proxy-authorization', 'Basic eA==']);
  for (let count = 0; count < 3; count++) {
    const log = new ExchangeLog(wire);
    wire.send({ method: 'GET', target: '/', headers: ['x', 'y'] }, log);
    await log.done;
  }
  expect(wire.served).toBe(3);
  const { received } = await server.peer(0);
  expect(received.match(/^proxy-authorization: Basic eA==\r$/gm)).toHaveLength(3);
  expect(received.match(/^x: y\r$/gm)).toHaveLength(3);
});

test("leaves a request's own header for the proxy alone", async () => {
  const head = await headOf(
    { method: 'GET', target: '/', headers: ['Proxy-Authorization', 'Bearer own'] },
    { proxyHeaders: ['proxy-authorization', 'Basic eA==', 'via', 'test'] },
  );
  expect(head.filter((line) => /^proxy-authorization/i.test(line))).toEqual([
    'Proxy-Authorization: Bearer own',
  ]);
  expect(head).toContain('via: test');
});

test('[M45] has the target in absolute form for what undici does not write, too', async () => {
  const head = await headOf(
    { method: 'PUT', target: '/up', headers: [], body: 'x', expectContinue: 1 },
    { proxyHeaders: ['proxy-authorization', 'Basic eA=='] },
  );
  expect(head[0]).toBe('PUT http://origin.test/up HTTP/1.1');
  expect(head).toContain('proxy-authorization: Basic eA==');
});
