/** The connection of a lease as a stream of bytes. */
import { once } from 'node:events';
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { InvalidRequestError, type LentSocket } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';

test('hands the connection out as a stream of bytes, and takes it back', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for await (const _request of peer.requests()) await peer.write(response('x'));
  });
  const finch = await startFinch();
  const lease = await finch.checkout(server.url);
  const socket = lease.socket();
  expect(() => lease.socket()).toThrow(InvalidRequestError);
  await expect(lease.request('/')).rejects.toThrow('serves another request');
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1.1 200 OK/);
  expect(socket.giveBack()).toBe(true);
  expect((await lease.request('/')).status).toBe(200);
  lease.release();
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  expect(() => lease.socket()).toThrow('The lease was released');
});

test('closes a connection that is released while its stream is in the middle of an exchange', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
  });
  const finch = await startFinch();
  const lease = await finch.checkout(server.url);
  const socket = lease.socket();
  const failed = once(socket, 'error');
  socket.write('GET / HTTP/1.1\r\n');
  lease.release();
  expect(await failed).toMatchObject([{ code: 'ERR_FINCH_CONNECTION_CLOSED' }]);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 });
});

test('ends the stream of a lease with the holder', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest().catch(() => {});
  });
  const finch = await startFinch();
  const lent = Promise.withResolvers<LentSocket>();
  const holder = spawn(async () => {
    const lease = await finch.checkout(server.url);
    lent.resolve(lease.socket());
    await new Promise(() => {});
  });
  const failed = once(await lent.promise, 'error');
  exit(holder, 'kill');
  expect(await failed).toMatchObject([{ code: 'ERR_FINCH_CONNECTION_CLOSED' }]);
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 }));
});
