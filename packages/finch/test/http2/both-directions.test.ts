/** A stream whose writer and reader take turns: whose time `receiveTimeout` counts. */
import { TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

const size = 256 * 1024;

/** A server that sends `size` bytes, and ends when `end` is called. */
async function startBoth() {
  const clock = new TestClock().install(onTestFinished);
  let end = (): void => {};
  const server = await startHttpServer(
    (request, answer) => {
      request.on('error', () => {}).resume();
      answer.write('x'.repeat(size));
      end = () => answer.end();
    },
    { http2: {} },
  );
  onTestFinished(() => server.close());
  const { finch } = await startApp({ pools: { default: { protocols: ['http2'] } } });
  const lease = await finch.checkout(server.url);
  onTestFinished(() => void lease.release());
  const stream = lease.openStream('POST', '/', null, { receiveTimeout: 1000 });
  await stream.write('begun');
  const { body } = await stream.response;
  const reader = body[Symbol.asyncIterator]();
  let left = size;
  const read = async (): Promise<void> => {
    left -= (await reader.next()).value?.length ?? left;
  };
  const readAll = async (): Promise<void> => {
    while (left > 0) await read();
  };
  return { clock, stream, reader, read, readAll, end: () => end() };
}

test('a writer who takes his time is no silence of the server, also after the reader caught up', async () => {
  const { clock, stream, reader, read, readAll, end } = await startBoth();
  await read();
  await clock.advance(5000);
  await readAll();

  await clock.advance(5000);

  await stream.write('more');
  stream.end();
  end();
  expect(await reader.next()).toMatchObject({ done: true });
});

test('a server that is silent when the writer is done ends by receiveTimeout', async () => {
  const { clock, stream, reader, readAll } = await startBoth();
  await readAll();
  stream.end();
  await new Promise((resolve) => setImmediate(resolve));

  await clock.advance(1000);

  expect(await rejection(reader.next())).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
});
