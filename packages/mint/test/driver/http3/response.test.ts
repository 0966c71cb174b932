import { expect, test } from 'vitest';
import { ProtocolError, ResponseTooLargeError } from '../../../src/index.ts';
import { encodeHttp3Frame } from '../../../src/testing/index.ts';
import { turn } from '../../support/eventually.ts';
import { describeQuic } from '../../support/quic.ts';
import { meet } from './world.ts';

describeQuic('a response', () => {
  test('that is not read holds the server up, and not the others', async () => {
    await using world = await meet({ dial: { streamWindowSize: 100_000 } });
    const log = world.send();
    log.greedy = false;
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream);
    world.peer.data(stream, Buffer.alloc(1_000_000, 'x'), { endStream: true });
    await log.until(() => log.body.length > 0);
    const first = log.body.length;
    await world.serves();
    await world.allDelivered();
    expect(log.body).toHaveLength(first);
    expect(world.peer.unsent(stream)).toBeGreaterThan(700_000);
    while (log.endings === 0) {
      log.exchange?.resume();
      await turn();
    }
    expect(log.body).toHaveLength(1_000_000);
    expect(log.events.at(-1)?.type).toBe('end');
  });

  test('that is paused and resumed in any order comes whole', async () => {
    await using world = await meet();
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    let isEven = false;
    log.onData = (bytes, from, to) => {
      log.events.push({ type: 'data', text: bytes.toString('latin1', from, to) });
      isEven = !isEven;
      if (isEven) setImmediate(() => log.exchange?.resume());
      return !isEven;
    };
    world.peer.respond(stream);
    for (let count = 0; count < 50; count++) world.peer.data(stream, `${count},`);
    world.peer.end(stream);
    await log.done;
    expect(log.body).toBe(Array.from({ length: 50 }, (_, count) => `${count},`).join(''));
  });

  test('to HEAD has no body', async () => {
    await using world = await meet();
    const log = world.send({ method: 'HEAD' });
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream, 200, [['content-length', '5']], { endStream: true });
    expect((await log.done).kinds).toEqual(['headers', 'end']);
  });

  test('that is malformed fails, and ends its stream alone', async () => {
    await using world = await meet();
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream, 200, [['content-length', '3']]);
    world.peer.data(stream, 'four');
    await log.done;
    expect(log.error).toBeInstanceOf(ProtocolError);
    expect(log.error).toMatchObject({ reason: 'content_length_mismatch' });
    await world.serves();
    world.peer.data(stream, '?');
    await world.peer.until(() => world.peer.stops.has(stream));
  });

  test('with too many bytes of fields fails', async () => {
    await using world = await meet({ maxHeaderSize: 1000 });
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream, 200, [['x', 'y'.repeat(1000)]]);
    await log.done;
    expect(log.error).toBeInstanceOf(ResponseTooLargeError);
    expect(log.error).toMatchObject({ option: 'maxHeaderSize', limit: 1000 });
    await world.serves();
  });

  test.each([
    ['as its length says', [['content-length', '2000']] as const],
    ['as is found', []],
  ])('with too large a body fails, %s', async (_, fields) => {
    await using world = await meet({ maxResponseSize: 1000 });
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.answer(stream, 'x'.repeat(2000), fields);
    await log.done;
    expect(log.error).toMatchObject({ option: 'maxResponseSize', limit: 1000 });
    await world.serves();
  });

  test('with a handler that throws fails with what it threw', async () => {
    await using world = await meet();
    for (const method of ['onInformational', 'onHeaders', 'onData'] as const) {
      const log = world.send();
      const bug = new Error(method);
      log[method] = () => {
        throw bug;
      };
      const { stream } = await world.peer.readRequest();
      world.peer.respond(stream, 103);
      world.peer.answer(stream);
      expect((await log.done).error).toBe(bug);
    }
    await world.serves();
  });

  test('and what means nothing beside it are told apart', async () => {
    await using world = await meet();
    const unknown = world.peer.openStream(0x21);
    world.peer.raw(unknown, Buffer.from('whatever'));
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.raw(stream, encodeHttp3Frame(0x21, Buffer.from('whatever')));
    world.peer.answer(stream);
    expect((await log.done).body).toBe('OK');
    await world.allDelivered();
    world.peer.raw(unknown, Buffer.from('more'));
    await world.peer.until(() => world.peer.stops.has(unknown));
  });
});
