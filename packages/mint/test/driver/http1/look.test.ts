/** Between two requests on a connection its socket is looked at. */
import { expect, test } from 'vitest';
import type { WireRequest } from '../../../src/index.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import type { Http1Peer } from '../../../src/testing/index.ts';
import { send } from '../exchange-log.ts';
import type { ExchangeLog } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

const requests: readonly { readonly what: string; readonly request: Partial<WireRequest> }[] = [
  { what: 'GET', request: { method: 'GET' } },
  { what: 'POST', request: { method: 'POST', body: 'hello' } },
  { what: 'a large PUT', request: { method: 'PUT', body: Buffer.alloc(300_000) } },
  { what: 'a stream', request: { method: 'POST', body: [Buffer.from('streamed')] } },
];

/** Sends a second request inside the end of the first response, to a server that answers once in its own way. */
async function secondOf(
  request: Partial<WireRequest>,
  answer: (peer: Http1Peer) => Promise<void>,
): Promise<{ readonly second: ExchangeLog; readonly received: string }> {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await answer(peer);
    await peer.closed;
  });
  using open = await openWire(server.port);
  const first = send(open.wire);
  const second = await new Promise<ExchangeLog>((resolve) => {
    first.atEnd = () => resolve(send(open.wire, request));
  });
  await second.done;
  const peer = await server.peer(0);
  await peer.closed;
  return { second, received: peer.received };
}

test.each(requests)(
  '[W19] gives nobody a response that nobody asked for: $what',
  { repeats: 10 },
  async ({ request }) => {
    const { second, received } = await secondOf(request, async (peer) => {
      await peer.write(response('mine'));
      await peer.write(response('foreign'));
    });
    expect(second.error).toMatchObject({ requestSent: false, reused: true, bytesReceived: 0 });
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  },
);

test.each(requests)(
  '[W20] does not write to a connection that the server closed without saying so: $what',
  { repeats: 10 },
  async ({ request }) => {
    const { second, received } = await secondOf(request, async (peer) => {
      await peer.write(response('bye'));
      peer.end();
    });
    expect(second.error).toMatchObject({
      code: 'ERR_MINT_CONNECTION_CLOSED',
      requestSent: false,
      reused: true,
    });
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  },
);

test('a request that was not sent leaves its body untouched', async () => {
  let pulled = 0;
  const body = {
    *[Symbol.iterator]() {
      pulled++;
      yield 'piece';
    },
  };
  const { second } = await secondOf({ method: 'POST', body }, async (peer) => {
    await peer.write(response('bye'));
    peer.end();
  });
  expect(second.error).toMatchObject({ requestSent: false });
  expect(pulled).toBe(0);
});

test('an abort before the request is written leaves the connection as it was', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port);
  await send(open.wire).done;
  const given = new Error('not wanted');
  const log = send(open.wire);
  log.exchange?.abort(given);
  expect(log.error).toBe(given);
  expect(open.wire.usable).toBe(true);
  expect((await send(open.wire).done).body).toBe('ok');
  expect((await server.peer(0)).received.match(/HTTP\/1\.1/g)).toHaveLength(2);
});
