/** RST_STREAM with every code, at every point of a response. */
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../../src/index.ts';
import type { ErrorCode, Http2Peer } from '../../../../src/testing/index.ts';
import { errorNames } from '../../../../src/http2/codes.ts';
import { EndlessBody } from '../../../support/endless-body.ts';
import { expectBody, failure, meet } from './world.ts';

const codes: readonly ErrorCode[] = [...errorNames, 14, 99, 2 ** 32 - 1];

/** What came of the response before the reset. */
const moments: Record<string, (peer: Http2Peer, id: number) => void> = {
  'before the head': () => {},
  'after a 103': (peer, id) => peer.respond(id, 103),
  'after the head': (peer, id) => peer.respond(id),
  'within the body': (peer, id) => {
    peer.respond(id, 200, [['content-length', '10']]);
    peer.data(id, 'hello');
  },
};

describe.each(Object.entries(moments))('RST_STREAM %s', (moment, begin) => {
  // NO_ERROR, too: a response ends with END_STREAM, and nothing else says that it is whole.
  test.each(codes)('[M32] with %s is a typed error of its own request only', async (code) => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open();
    begin(world.peer, id);
    world.peer.reset(id, code);
    const error = await failure(log);
    expect(error.name).toMatch(/^(StreamResetError|ProtocolError)$/);
    // A server that has answered has not refused.
    const isAnswered = moment === 'after the head' || moment === 'within the body';
    expect(error).toMatchObject({ requestSent: isAnswered || code !== 'REFUSED_STREAM' });
    world.peer.answer(other.id, 'other');
    await expectBody(other.log, 'other');
    await world.serves();
  });
});

describe('RST_STREAM', () => {
  test('[M32] [D8] with NO_ERROR before content-length is reached is an error', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.respond(id, 200, [['content-length', '10']]);
    world.peer.data(id, 'hello');
    world.peer.reset(id, 'NO_ERROR');
    expect(await failure(log)).toBeInstanceOf(ProtocolError);
    await world.serves();
  });
  test.each([
    'PROTOCOL_ERROR',
    'REFUSED_STREAM',
    'HTTP_1_1_REQUIRED',
    'ENHANCE_YOUR_CALM',
  ] as const)('the error names the code %s', async (code) => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.reset(id, code);
    expect((await failure(log)).message).toContain(code);
  });

  test.each(['NO_ERROR', 'CANCEL'] as const)(
    '[M32] with %s after a whole response that did not wait for the body leaves the response right',
    async (code) => {
      await using world = await meet({ settings: { initialWindowSize: 5 } });
      const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(100) });
      world.peer.answer(id, 'enough');
      world.peer.reset(id, code);
      await expectBody(log, 'enough');
      await world.peer.roundTrip();
      await world.serves();
    },
  );

  test('[M32] after it what still comes on the stream is ignored', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.reset(id);
    world.peer.windowUpdate(id, 100);
    world.peer.reset(id, 'INTERNAL_ERROR');
    await failure(log);
    await world.peer.roundTrip();
    await world.serves();
  });

  test('stops an upload at once, and lets go of its source', async () => {
    await using world = await meet();
    const body = new EndlessBody();
    const { log, id } = await world.open({ method: 'POST', body });
    await world.peer.next('DATA', { stream: id });
    world.peer.reset(id, 'CANCEL');
    await failure(log);
    await world.peer.roundTrip();
    expect(body.released).toBe(true);
    const then = body.pulled;
    await world.serves();
    expect(body.pulled).toBe(then);
  });

  test('of a hundred requests under way fails each with its own error', async () => {
    await using world = await meet();
    const streams = [];
    for (let index = 0; index < 100; index += 1) streams.push(await world.open());
    for (const { id } of streams) world.peer.reset(id, 'REFUSED_STREAM');
    for (const { log } of streams) expect(await failure(log)).toMatchObject({ requestSent: false });
    await world.serves();
  });
});
