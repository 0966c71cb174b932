/** Faults that attacks and bug reports have shown, on HTTP/2: see the numbers. */
import { describe, expect, test } from 'vitest';
import { literals } from '../../support/h2-hpack.ts';
import type { HeaderList } from '../../support/h2-hpack.ts';
import { expectBody, failure, meet } from './hostile/world.ts';

const many = (count: number, name: string, value = ''): HeaderList =>
  Array.from({ length: count }, () => [name, value] as const);

describe('[W1] interim responses', () => {
  test('of which each is small, but not all together, are too large, for their request only', async () => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open();
    for (let sent = 0; sent < 100; sent += 1) {
      world.peer.respond(id, 103, many(990, 'a'), { parts: 1 });
    }
    expect(await failure(log)).toMatchObject({
      name: 'ResponseTooLargeError',
      option: 'maxHeaderSize',
    });
    expect(log.events.length).toBeLessThan(20);
    await world.peer.next('RST_STREAM', { stream: id });
    await world.goesOn(other);
  });

  test('of more fields than a section may have are refused', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    const block = literals([[':status', '103'], ...many(20_000, 'a')]);
    world.peer.headers(id, block, { parts: Math.ceil(block.length / 16_000) });
    expect(await failure(log)).toMatchObject({ name: 'ResponseTooLargeError' });
    await world.serves();
  });

  test('of more fields than a section may have are refused as trailers, too', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.respond(id);
    const block = literals(many(20_000, 'a'));
    world.peer.headers(id, block, {
      parts: Math.ceil(block.length / 16_000),
      endStream: true,
    });
    expect(await failure(log)).toMatchObject({ name: 'ResponseTooLargeError' });
    await world.serves();
  });
});

describe('[W9] white space around a value', () => {
  test.each(['a=1 ', ' a=1', '\ta=1\t '])(
    'is not part of it, nor is it lost: %j',
    async (value) => {
      await using world = await meet();
      const { log, id } = await world.open();
      world.peer.respond(id, 200, [['set-cookie', value]]);
      world.peer.headers(id, [['x-sum', value]], { endStream: true });
      await expectBody(log, '');
      expect(log.events[0]).toMatchObject({ headers: ['set-cookie', 'a=1'] });
      expect(log.events.at(-1)).toMatchObject({ trailers: ['x-sum', 'a=1'] });
    },
  );
});

test('[W10] a 204 with DATA fails alone; a POST in flight beside it goes on', async () => {
  await using world = await meet();
  const post = await world.open({ method: 'POST', body: 'body' });
  const { log, id } = await world.open();
  world.peer.respond(id, 204);
  world.peer.data(id, 'body', { endStream: true });
  expect(await failure(log)).toMatchObject({ name: 'ProtocolError', reason: 'unexpected_body' });
  world.peer.answer(post.id, 'answer');
  await expectBody(post.log, 'answer');
});

test('[W12] a CONNECT that succeeds may declare a length, which means nothing', async () => {
  await using world = await meet();
  const log = world.send({ method: 'CONNECT', target: 'db.example:5432' });
  const { stream } = await world.peer.readRequest();
  world.peer.respond(stream, 200, [['content-length', '3']]);
  world.peer.data(stream, 'more than three', { endStream: true });
  await log.done;
  expect(log.kinds).toEqual(['upgrade']);
  let text = '';
  for await (const chunk of log.socket ?? []) text += String(chunk);
  expect(text).toBe('more than three');
  log.socket?.destroy();
});

describe('[W15] a server that wants HTTP/1.1', () => {
  test('says so of one request', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.reset(id, 'HTTP_1_1_REQUIRED');
    expect(await failure(log)).toMatchObject({
      name: 'StreamResetError',
      http2Code: 'HTTP_1_1_REQUIRED',
    });
    await world.serves();
  });

  test('says so of the connection', async () => {
    await using world = await meet();
    const { log } = await world.open();
    world.peer.goaway(0, 'HTTP_1_1_REQUIRED');
    expect(await failure(log)).toMatchObject({
      name: 'ConnectionClosedError',
      reason: 'goaway',
      http2Code: 'HTTP_1_1_REQUIRED',
      requestSent: false,
    });
    await world.closed;
  });
});

describe('[W20] a connection that ends', () => {
  test('before the turn in which a request was made is over has not sent the request', async () => {
    await using world = await meet();
    world.peer.end();
    // The end is there before anything is written.
    const closing = new Promise((resolve) => {
      world.peer.socket.once('finish', resolve);
    });
    await closing;
    const log = world.send();
    const error = await failure(log);
    expect(error).toMatchObject({ name: 'ConnectionClosedError' });
    await world.closed;
    const came = world.peer.came('HEADERS').length;
    expect(error).toMatchObject({ requestSent: came > 0 });
  });
});
