/** A server that does not meet the expectation of `100-continue` (RFC 9110, 10.1.1). */
import { Readable } from 'node:stream';
import { response, startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer } from '@linnet/mint/testing';
import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { answering, startH2App } from '../support/h2-app.ts';
import { recordEvents } from '../support/record-events.ts';

const expecting = { headers: { expect: '100-continue' } };

/** One piece each; what can be read but once must not have been begun by the first attempt. */
const bodies: Record<string, () => string | Uint8Array | Readable | AsyncIterable<string>> = {
  text: () => 'the body',
  bytes: () => Buffer.from('the body'),
  'a stream': () => Readable.from(['the ', 'body'], { objectMode: false }),
  'a generator': async function* () {
    yield 'the ';
    yield 'body';
  },
};

/** Refuses the expectation, as it does on HTTP/1.1, and echoes what comes without one. */
async function startHttp1(refuse: (peer: Http1Peer) => unknown) {
  const requests: string[] = [];
  const server = await startHttp1Server(async (peer) => {
    for (;;) {
      const head = await peer.readUntil('\r\n\r\n').catch(() => undefined);
      if (head === undefined) return;
      requests.push(head);
      if (/^expect:/im.test(head)) {
        await refuse(peer);
      } else {
        const text = await bodyAfter(peer, head);
        await peer.write(response(text));
      }
    }
  });
  onTestFinished(() => server.close());
  const app = await startApp();
  return { ...app, url: `http://127.0.0.1:${server.port}`, requests, server };
}

async function bodyAfter(peer: Http1Peer, head: string): Promise<string> {
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  if (length !== undefined) return peer.read(Number(length));
  const chunks = await peer.readUntil('0\r\n\r\n');
  return chunks.replaceAll(/[0-9a-f]+\r\n(.*?)\r\n/g, '$1').replace('\r\n', '');
}

const failed = 'HTTP/1.1 417 Expectation Failed\r\ncontent-length: 2\r\n\r\nno';

describe.each(Object.entries(bodies))('with %s as the body', (_what, body) => {
  test('a 417 has it sent once more without `expect` [W16]', async () => {
    const { finch, url, requests } = await startHttp1((peer) => peer.write(failed));
    const answer = await finch.post(url, body(), expecting);
    expect([answer.status, answer.text()]).toEqual([200, 'the body']);
    expect(requests).toHaveLength(2);
    expect(requests.map((head) => /^expect:/im.test(head))).toEqual([true, false]);
  });

  test('a 417 and the end of the connection do, too [W16]', async () => {
    const { finch, url, requests } = await startHttp1(async (peer) => {
      await peer.write(failed.replace('content-length', 'connection: close\r\ncontent-length'));
      peer.end();
    });
    expect((await finch.post(url, body(), expecting)).text()).toBe('the body');
    expect(requests).toHaveLength(2);
  });

  test('a 417 over HTTP/2 does, too [W16]', async () => {
    const expects: boolean[] = [];
    const { finch, url, server } = await startH2App({
      script: answering(async (peer, { stream, fields }) => {
        const isExpecting = fields.get('expect') !== undefined;
        expects.push(isExpecting);
        if (isExpecting) {
          peer.respond(stream, 417);
          peer.data(stream, 'no', { endStream: true });
        } else {
          while (!(await peer.next('DATA', { stream })).endStream);
          peer.answer(stream, String(peer.dataLength(stream)));
        }
      }),
    });
    const answer = await finch.post(url, body(), expecting);
    expect([answer.status, answer.text()]).toEqual([200, '8']);
    expect(expects).toEqual([true, false]);
    expect(server.peers).toHaveLength(1);
  });
});

test('a second 417 is the response [W16]', async () => {
  const { finch, url, requests } = await startHttp1((peer) => peer.write(failed));
  const server = await startHttp1Server(async (peer) => {
    for (;;) {
      requests.push(await peer.readUntil('\r\n\r\n'));
      await peer.write(failed);
    }
  });
  onTestFinished(() => server.close().catch(() => {}));
  const answer = await finch.post(`${url.slice(0, url.lastIndexOf(':'))}:${server.port}`, 'body', {
    ...expecting,
  });
  expect([answer.status, answer.text()]).toEqual([417, 'no']);
  expect(requests).toHaveLength(2);
});

test('a 417 to a request without the expectation is the response [W16]', async () => {
  const server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(failed);
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp();
  const answer = await finch.post(`http://127.0.0.1:${server.port}`, 'body');
  expect([answer.status, answer.text()]).toEqual([417, 'no']);
});

test('a 417 to a body that is on its way, and cannot be sent again, is the response [W16]', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { finch, url, requests } = await startHttp1(async (peer) => {
    // Says nothing until the client sends the body all the same.
    await peer.readUntil('first');
    await peer.write(failed);
  });
  const pieces = (async function* () {
    yield 'first';
    await new Promise(() => {});
  })();
  const answer = finch.post(url, pieces, expecting);
  await expect.poll(() => requests.length).toBe(1);
  await clock.advance(1000);
  expect((await answer).status).toBe(417);
  expect(requests).toHaveLength(1);
});

test('the caller of `open` and of `stream` sees nothing of the 417 [W16]', async () => {
  const { finch, url } = await startHttp1((peer) => peer.write(failed));
  const events = recordEvents(['request.stop', 'request.exception']);
  const request = Finch.build('PUT', url, expecting.headers, 'streamed');
  const response = await finch.open(request);
  expect([response.status, await response.text()]).toEqual([200, 'streamed']);
  const parts = await finch.stream(request, [] as string[], (part, acc) => [...acc, part.type]);
  expect(parts.filter((type) => type === 'status')).toHaveLength(1);
  expect(events.of('request.stop').map(({ status }) => status)).toEqual([200, 200]);
});

test('a lease stays on its connection: its response is the 417 [W16]', async () => {
  const { finch, url, requests, server } = await startHttp1((peer) => peer.write(failed));
  await using lease = await finch.checkout(url);
  const answer = await lease.request(Finch.build('POST', url, expecting.headers, 'body'));
  expect(answer.status).toBe(417);
  expect(requests).toHaveLength(1);
  expect(server.peers).toHaveLength(1);
});
