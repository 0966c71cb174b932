/** What would be a second request on the wire is refused, by whatever function it is sent. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { eventually, inProcess } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch } from '../../src/index.ts';
import type { BodyInput, HeadersInput, Request } from '../../src/index.ts';
import { nextPart } from '../support/async-parts.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';

/** A server that notes what reaches it, and an instance. */
async function start() {
  const server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('OK'));
    await peer.closed;
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp();
  return { finch, server, url: `http://127.0.0.1:${server.port}` };
}

async function* pieces() {
  yield 'a body ';
  await Promise.resolve();
  yield 'in pieces';
}

interface Parts {
  readonly method?: string;
  readonly headers?: HeadersInput;
  readonly body?: BodyInput;
}

/** The ways to send a request; building it is part of each. */
const ways: [string, (finch: Finch, build: () => Request) => Promise<unknown>][] = [
  ['finch.request', async (finch, build) => finch.request(build())],
  ['finch.open', async (finch, build) => finch.open(build())],
  ['finch.stream', async (finch, build) => finch.stream(build(), 0, () => 0)],
  [
    'finch.asyncRequest',
    (finch, build) =>
      inProcess(async () => {
        const ref = finch.asyncRequest(build());
        while ((await nextPart(ref)).type !== 'done') {
          // The others do not matter here.
        }
      }),
  ],
];

describe.each(ways)('%s', (_, send) => {
  test.each<[string, Parts]>([
    ['the method', { method: 'GET / HTTP/1.1\r\nx: y\r\n\r\nGET' }],
    ['the method of an upload', { method: 'POST\r\nx: y', body: pieces() }],
    ['a value', { headers: { a: 'b\r\nx: y' } }],
    ['a value of an upload', { headers: { a: 'b\nx: y' }, body: pieces() }],
    ['a name', { headers: [['a: b\r\nx', 'y']] }],
  ])('refuses CR or LF in %s [H132] [H133] [H134] [H135] [H136]', async (...given) => {
    const [, { method = 'POST', headers, body }] = given;
    const { finch, server, url } = await start();

    expect(
      await rejection(send(finch, () => Finch.build(method, url, headers, body))),
    ).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST' });

    expect(server.peers).toEqual([]);
    expect((await finch.get(url)).text()).toBe('OK');
  });

  test('sends a value with all other white space around it as it should be [H136]', async () => {
    const { finch, server, url } = await start();

    await send(finch, () => Finch.build('POST', url, { a: '  b\t' }, pieces()));

    const peer = await server.peer(0);
    await eventually(() => expect(peer.received).toContain('in pieces'));
    expect(peer.received).toContain('\r\na: b\r\n');
  });
});
