import { startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer, ScriptedServer } from '@linnet/mint/testing';
import {
  currentPid,
  exit,
  isAlive,
  NoProcessError,
  receive,
  self,
  spawn,
  trapExit,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { Finch, InvalidRequestError, isRequestRef } from '../../src/index.ts';
import type { AsyncPart, AsyncRequestMessage, AsyncRequestRef } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

/** The next part of a request, with bytes as text. */
async function nextPart(ref: AsyncRequestRef): Promise<AsyncPart | { type: string; data: string }> {
  const { part } = await receive((message): message is AsyncRequestMessage =>
    ref.isMessage(message),
  );
  return part.type === 'data' ? { type: 'data', data: Buffer.from(part.data).toString() } : part;
}

/** All parts of a request, to the last one. */
async function allParts(ref: AsyncRequestRef): Promise<unknown[]> {
  const parts: unknown[] = [];
  for (;;) {
    const part = await nextPart(ref);
    parts.push(part);
    if (part.type === 'done' || part.type === 'error') return parts;
  }
}

async function mailboxIsEmpty(): Promise<boolean> {
  return await receive(() => true, { timeout: 0 }).then(
    () => false,
    () => true,
  );
}

/** Sends a chunk now and then and never ends. */
function startEndlessServer() {
  return startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    while (!peer.socket.destroyed) {
      await peer.write('5\r\nchunk\r\n');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });
}

/** The peer of the first connection, when it has got the request. */
async function requested(server: ScriptedServer<Http1Peer>): Promise<Http1Peer> {
  const peer = await server.peer(0);
  await eventually(() => expect(peer.received).toContain('\r\n\r\n'));
  return peer;
}

test('tells its refs from other values [F58] [F59]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  await inProcess(async () => {
    const ref = finch.asyncRequest(server.url);
    expect(isRequestRef(ref)).toBe(true);
    await allParts(ref);
  });
  for (const other of ['not_a_ref', undefined, null, {}, Symbol('ref')]) {
    expect(isRequestRef(other)).toBe(false);
  }
  expect(() => finch.cancelAsyncRequest({} as AsyncRequestRef)).toThrow(InvalidRequestError);
});

test('refuses a body of steps, and what no request can be, at the call [F60]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const body = { stream: (acc: number) => ({ done: acc }) };
  await inProcess(() => {
    expect(() => finch.asyncRequest(Finch.build('POST', server.url, {}, body))).toThrow(
      /only streamWhile has/,
    );
    expect(() => finch.asyncRequest('ftp://example.com')).toThrow(InvalidRequestError);
    expect(() => finch.asyncRequest(server.url, { timeout: 1 } as object)).toThrow(/timeout/);
  });
  expect(() => finch.asyncRequest(server.url)).toThrow(NoProcessError);
  expect(() => finch.asyncRequest(server.url)).toThrow(/^finch\.asyncRequest.* inside spawn\(\)/);
  expect(server.connections).toBe(0);
});

test('sends status, headers, data and done, in this order [F61] [H117] [H169] [H172]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  await inProcess(async () => {
    const ref = finch.asyncRequest(server.url);
    expect(ref.owner).toBe(self());
    const parts = await allParts(ref);
    expect(parts).toMatchObject([
      { type: 'status', status: 200 },
      { type: 'headers' },
      { type: 'data', data: 'OK' },
      { type: 'done' },
    ]);
    expect(await mailboxIsEmpty()).toBe(true);
  });
});

test('sends a body that is made on the way [F62]', async () => {
  await using server = await startHttpServer(async (request, answer) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    answer.end(text);
  });
  const finch = await startFinch();
  await inProcess(async () => {
    const request = Finch.build('POST', server.url, {}, () => ['1', '2', '3']);
    expect(await allParts(finch.asyncRequest(request))).toMatchObject([
      { type: 'status' },
      { type: 'headers' },
      { type: 'data', data: '123' },
      { type: 'done' },
    ]);
  });
});

test('sends each chunk as it comes [F63] [F137]', async () => {
  let more: () => void = () => {};
  await using server = await startHttpServer((_request, answer) => {
    let left = 5;
    more = () => void (left-- > 0 ? answer.write('chunk-data') : answer.end());
    more();
  });
  const finch = await startFinch();
  await inProcess(async () => {
    const ref = finch.asyncRequest(server.url);
    await nextPart(ref);
    await nextPart(ref);
    for (let count = 0; count < 5; count += 1) {
      expect(await nextPart(ref)).toEqual({ type: 'data', data: 'chunk-data' });
      more();
    }
    expect(await nextPart(ref)).toEqual({ type: 'done' });
  });
});

test('is of the process that made it: the end of another one does not matter [H171]', async () => {
  let finish: (() => void) | undefined;
  await using server = await startHttpServer((_request, answer) => {
    answer.write('first ');
    finish = () => answer.end('last');
  });
  const finch = await startFinch();
  let parts: Promise<unknown[]> | undefined;
  const parent = spawn(async () => {
    spawn(() => (parts = allParts(finch.asyncRequest(server.url))));
    await new Promise(() => {});
  });
  await eventually(() => expect(finish).toBeDefined());

  exit(parent, 'kill');
  await eventually(() => expect(isAlive(parent)).toBe(false));
  finish?.();

  const data = (await parts)?.filter((part) => (part as AsyncPart).type === 'data');
  expect(data?.map((part) => (part as { data: unknown }).data).join('')).toBe('first last');
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
});

test('goes through the pool that the tag names [F76]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const request = Finch.build('GET', server.url, {}, null, { poolTag: 'api' });
  const parts = await inProcess(() => allParts(finch.asyncRequest(request)));
  expect(parts).toMatchObject([{}, {}, { type: 'data', data: 'OK' }, { type: 'done' }]);
  expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['api']);
});

test('sends interim responses and trailers as parts', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 103 Early Hints\r\n\r\n');
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-a: b\r\n\r\n');
  });
  const finch = await startFinch();
  const parts = await inProcess(() =>
    allParts(finch.asyncRequest(`http://127.0.0.1:${server.port}`)),
  );
  expect(parts).toMatchObject([
    { type: 'informational', status: 103 },
    { type: 'status', status: 200 },
    { type: 'headers' },
    { type: 'trailers', trailers: [['x-a', 'b']] },
    { type: 'done' },
  ]);
});

test('does not keep the connection when it says done [A1]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  await inProcess(async () => {
    for (let count = 0; count < 3; count += 1) {
      await allParts(finch.asyncRequest(server.url));
      expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 1 });
    }
  });
  expect(server.connections).toBe(1);
});

test('sends an error when the server falls silent [F138]', async () => {
  await using server = await startHttpServer((_request, answer) => void answer.write('first'));
  const finch = await startFinch();
  const parts = await inProcess(() =>
    allParts(finch.asyncRequest(server.url, { receiveTimeout: 30 })),
  );
  expect(parts.at(-1)).toMatchObject({
    type: 'error',
    error: { code: 'ERR_FINCH_RECEIVE_TIMEOUT' },
  });
});

test('does not end the caller when no connection becomes free in time [D21]', async () => {
  await using server = await startHttpServer(() => {});
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  await inProcess(async () => {
    expect(trapExit(false)).toBe(false);
    const first = finch.asyncRequest(server.url);
    const second = finch.asyncRequest(server.url, { poolTimeout: 20 });
    expect(await allParts(second)).toMatchObject([
      { type: 'error', error: { code: 'ERR_FINCH_POOL_TIMEOUT' } },
    ]);
    await finch.cancelAsyncRequest(first);
  });
});

test('sends nothing after a cancel, and takes what came already out of the mailbox [F139]', async () => {
  await using server = await startEndlessServer();
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  await inProcess(async () => {
    const ref = finch.asyncRequest(url);
    const other = finch.asyncRequest(url);
    for (let count = 0; count < 5; count += 1) await nextPart(ref);
    await eventually(async () => expect(server.peers.length).toBe(2));
    for (let count = 0; count < 20; count += 1) await nextPart(other);
    const flushed = finch.cancelAsyncRequest(ref);
    // Gone already when the call returns, not only when its promise resolves.
    await expect(receive((message) => ref.isMessage(message), { timeout: 0 })).rejects.toThrow(
      'no matching message',
    );
    await flushed;
    // Those of another request stay.
    for (let count = 0; count < 20; count += 1) await nextPart(other);
    await expect(receive((message) => ref.isMessage(message), { timeout: 0 })).rejects.toThrow(
      'no matching message',
    );
    await finch.cancelAsyncRequest(other);
    await finch.cancelAsyncRequest(other);
    expect(await mailboxIsEmpty()).toBe(true);
  });
  await Promise.all(server.peers.map((peer) => peer.closed));
  expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, queued: 0 });
});

test('sends nothing after a cancel while the request still waits for a connection', async () => {
  await using server = await startHttpServer(() => {});
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  await inProcess(async () => {
    const holder = finch.asyncRequest(server.url);
    await eventually(() => expect(finch.getPoolStatus(server.url)[0]?.inUse).toBe(1));
    const waiting = finch.asyncRequest(server.url);
    expect(finch.getPoolStatus(server.url)[0]?.queued).toBe(1);
    await finch.cancelAsyncRequest(waiting);
    expect(finch.getPoolStatus(server.url)[0]?.queued).toBe(0);
    await finch.cancelAsyncRequest(holder);
    expect(await mailboxIsEmpty()).toBe(true);
  });
});

test('can be cancelled from plain code', async () => {
  await using server = await startEndlessServer();
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  let ref: AsyncRequestRef | undefined;
  const owner = spawn(async () => {
    ref = finch.asyncRequest(url);
    await receive((message) => message === 'stop');
  });
  const peer = await requested(server);
  expect(currentPid()).toBe(undefined);
  await finch.cancelAsyncRequest(ref as AsyncRequestRef);
  await peer.closed;
  exit(owner, 'kill');
});

for (const [how, label] of [
  ['normal', '[F140]'],
  ['shutdown', '[F141]'],
  ['kill', '[H170]'],
] as const) {
  test(`closes the connection when the calling process ends by ${how} ${label}`, async () => {
    await using server = await startEndlessServer();
    const finch = await startFinch();
    const url = `http://127.0.0.1:${server.port}`;
    const caller = spawn(async () => {
      const ref = finch.asyncRequest(url);
      await nextPart(ref);
      if (how !== 'normal') await new Promise(() => {});
    });
    const peer = await requested(server);
    if (how !== 'normal') exit(caller, how);
    await peer.closed;
    expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, queued: 0 });
  });
}
