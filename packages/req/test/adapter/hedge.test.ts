import { expect, test } from 'vitest';
import { rejection, startReq } from '../support/client.ts';
import { startServer } from '../support/server.ts';

/** Never answers the first so many requests. */
const startSlow = (silent: number) =>
  startServer((_, response, index) => {
    if (index >= silent) response.end(String(index));
  });

test('a request without an answer is sent again beside itself, and the first answer taken', async () => {
  const req = await startReq({ hedge: { delay: 5 }, decode: 'text' });
  const server = await startSlow(1);
  expect((await req.get(server.url)).body).toBe('1');
  expect(server.seen).toHaveLength(2);
});

test('no more are sent than max, and none when the answer comes in time', async () => {
  const req = await startReq({ hedge: { delay: 1, max: 3 }, decode: 'text' });
  const server = await startSlow(3);
  expect((await req.get(server.url)).body).toBe('3');
  expect(server.seen).toHaveLength(4);
  const quick = await startSlow(0);
  await req.get(quick.url, { hedge: { delay: 10_000 } });
  expect(quick.seen).toHaveLength(1);
});

test('a POST is not hedged', async () => {
  const req = await startReq({ hedge: { delay: 1 } });
  const server = await startSlow(1);
  const error = await rejection(req.post(server.url, { timeout: 50 }));
  expect(error).toMatchObject({ code: 'ERR_REQ_TIMEOUT' });
  expect(server.seen).toHaveLength(1);
});

test('when all fail the error is that of the last, and the signal ends all', async () => {
  const req = await startReq({ hedge: { delay: 1000, max: 2 }, retry: false });
  let attempts = 0;
  const server = await startServer((_, response) => {
    attempts += 1;
    response.destroy();
  });
  expect(await rejection(req.get(server.url))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  expect(attempts).toBeGreaterThanOrEqual(3);
  const silent = await startSlow(9);
  const controller = new AbortController();
  const waiting = rejection(
    req.get(silent.url, { signal: controller.signal, hedge: { delay: 1 } }),
  );
  setTimeout(() => controller.abort(), 20);
  expect(await waiting).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
});

test('the body of a hedged stream can be read, and ended by the signal', async () => {
  const req = await startReq({ hedge: { delay: 5 } });
  const server = await startServer((_, response, index) => {
    if (index > 0) response.writeHead(200).write('part');
  });
  const controller = new AbortController();
  const { body } = await req.get(server.url, { into: 'stream', signal: controller.signal });
  const read = async () => {
    for await (const _chunk of body) controller.abort();
  };
  expect(await rejection(read())).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
});
