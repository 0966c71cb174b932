/** Responses that are malformed (RFC 9113, 8), and right ones that are unusual. */
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../../src/index.ts';
import {
  encodeFields,
  encodeIndexed,
  encodeInserted,
  encodeTableSize,
} from '../../../../src/testing/index.ts';
import type { FieldList, Http2Peer } from '../../../../src/testing/index.ts';
import { expectBody, failure, meet } from './world.ts';

type Misbehaviour = (peer: Http2Peer, id: number) => void;

/** Sends the response with exactly these fields, and a body. */
const fields =
  (list: FieldList): Misbehaviour =>
  (peer, id) => {
    peer.headers(id, list);
    peer.data(id, 'body', { endStream: true });
  };

const ok: FieldList = [[':status', '200']];

/** Malformed responses: an error of the request, and no other one (RFC 9113, 8.1.1). */
const malformed: Record<string, Misbehaviour> = {
  '[M27] no :status': fields([['a', 'b']]),
  '[M27] no fields at all': fields([]),
  '[M27] :status twice': fields([...ok, ...ok]),
  '[M27] :status after a field': fields([['a', 'b'], ...ok]),
  '[M27] an empty :status': fields([[':status', '']]),
  '[M27] a :status that is no number': fields([[':status', 'abc']]),
  '[M27] a :status of two digits': fields([[':status', '20']]),
  '[M27] a :status of four digits': fields([[':status', '2000']]),
  '[M27] a :status with text': fields([[':status', '200 OK']]),
  '[M27] an unknown pseudo-field': fields([...ok, [':unknown', 'x']]),
  '[M27] a pseudo-field of requests': fields([...ok, [':path', '/']]),
  'a name in upper case': fields([...ok, ['X-Upper', 'x']]),

  'a name with a space': fields([...ok, ['x y', 'x']]),
  'an empty name': fields([...ok, ['', 'x']]),
  'a value with a line break': fields([...ok, ['x', 'a\r\nb: c']]),
  'a value with NUL': fields([...ok, ['x', 'a\0b']]),
  'a connection field': fields([...ok, ['connection', 'keep-alive']]),
  'a transfer-encoding field': fields([...ok, ['transfer-encoding', 'chunked']]),
  'a keep-alive field': fields([...ok, ['keep-alive', 'timeout=5']]),
  'an upgrade field': fields([...ok, ['upgrade', 'h2c']]),
  'a proxy-connection field': fields([...ok, ['proxy-connection', 'close']]),
  '[D8] content-length above what comes': fields([...ok, ['content-length', '10']]),

  '[D8] content-length without any body': (peer, id) =>
    peer.respond(id, 200, [['content-length', '10']], { endStream: true }),
  'two contradicting content-lengths': fields([
    ...ok,
    ['content-length', '4'],
    ['content-length', '5'],
  ]),
  'a content-length that is no number': fields([...ok, ['content-length', '4x']]),
  'a negative content-length': fields([...ok, ['content-length', '-4']]),
  'a content-length beyond all bounds': fields([...ok, ['content-length', '9'.repeat(30)]]),
  '[D8] trailers before content-length is reached': (peer, id) => {
    peer.respond(id, 200, [['content-length', '10']]);
    peer.data(id, 'body');
    peer.headers(id, [['grpc-status', '0']], { endStream: true });
  },
  '[M28] a 103 with END_STREAM': (peer, id) => peer.respond(id, 103, [], { endStream: true }),
  '[M28] a 103 after the final head': (peer, id) => {
    peer.respond(id);
    peer.respond(id, 103);
    peer.data(id, 'body', { endStream: true });
  },
  'a 101, which only HTTP/1 has': (peer, id) => {
    peer.respond(id, 101);
    peer.answer(id, 'body');
  },
  '[M29] a second final head': (peer, id) => {
    peer.respond(id);
    peer.respond(id);
    peer.data(id, 'body', { endStream: true });
  },
  '[M29] trailers without END_STREAM': (peer, id) => {
    peer.respond(id);
    peer.data(id, 'body');
    peer.headers(id, [['grpc-status', '0']]);
  },
  '[M29] DATA after trailers without END_STREAM': (peer, id) => {
    peer.respond(id);
    peer.headers(id, [['grpc-status', '0']]);
    peer.data(id, 'body', { endStream: true });
  },
  '[M29] a pseudo-field in trailers': (peer, id) => {
    peer.respond(id);
    peer.data(id, 'body');
    peer.headers(id, ok, { endStream: true });
  },
};

describe('a malformed response is a typed error of its request, and of no other one:', () => {
  test.each(Object.entries(malformed))('%s', async (_name, misbehave) => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open();
    misbehave(world.peer, id);
    await failure(log);
    expect(log.kinds).not.toContain('end');
    world.peer.answer(other.id, 'other');
    await expectBody(other.log, 'other');
    await world.serves();
  });
});

/** More of a body than there may be: an error of its stream alone. */
const excessive: Record<string, Misbehaviour> = {
  '[D8] content-length below what comes': fields([...ok, ['content-length', '2']]),
  '[D8] DATA after content-length was reached': (peer, id) => {
    peer.respond(id, 200, [['content-length', '4']]);
    peer.data(id, 'body');
    peer.data(id, 'more', { endStream: true });
  },
  'a body with 204': (peer, id) => {
    peer.respond(id, 204);
    peer.data(id, 'body', { endStream: true });
  },
  'a body with 304': (peer, id) => {
    peer.respond(id, 304);
    peer.data(id, 'body', { endStream: true });
  },
};

describe('a body that is too long is a typed error, never a response:', () => {
  test.each(Object.entries(excessive))('%s', async (_name, misbehave) => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open();
    misbehave(world.peer, id);
    expect(await failure(log)).toBeInstanceOf(ProtocolError);
    expect(log.kinds).not.toContain('end');
    await world.goesOn(other);
  });

  test('a body with the response to HEAD', async () => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open({ method: 'HEAD' });
    world.peer.respond(id);
    world.peer.data(id, 'body', { endStream: true });
    expect(await failure(log)).toBeInstanceOf(ProtocolError);
    await world.goesOn(other);
  });
});

/** What no decoder can go on after (RFC 7541). */
const garbage: Record<string, Uint8Array> = {
  'an index that is in no table': encodeIndexed(200),
  'index 0': Buffer.from([0x80]),
  'an index beyond all bounds': Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]),
  'an integer without an end': Buffer.from([0xff, ...Buffer.alloc(50, 0xff)]),
  'a string longer than the block': Buffer.from([0, 10, 0x61]),
  'a Huffman code with EOS in it': Buffer.from([0, 0x84, 0xff, 0xff, 0xff, 0xff, 1, 0x61]),
  'a Huffman code with long padding': Buffer.from([0, 0x82, 0x1f, 0xff, 1, 0x61]),
  'a table larger than allowed': encodeTableSize(1_000_000),
  'a change of the table within a block': Buffer.concat([encodeFields(ok), encodeTableSize(0)]),
  'a block that ends within a field': encodeFields([['name', 'value']]).subarray(0, 7),
};

describe('[M26] HPACK garbage costs the connection, with typed errors for all its requests:', () => {
  test.each(Object.entries(garbage))('%s', async (_name, block) => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open();
    world.peer.headers(id, Buffer.concat([block]));
    await failure(log);
    await failure(other.log);
    await world.closed;
    await world.peer.closed;
    world.endedWith('COMPRESSION_ERROR');
  });
});

describe('a right response comes through whole:', () => {
  test('[M28] [D6] interim responses apart from the final one', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.respond(id, 103, [['link', 'a']]);
    world.peer.respond(id, 100);
    world.peer.respond(id, 103, [['link', 'b']]);
    world.peer.answer(id, 'body', [['x', 'final']]);
    await expectBody(log, 'body');
    expect(log.events.slice(0, 4)).toMatchObject([
      { type: 'informational', status: 103, headers: ['link', 'a'] },
      { type: 'informational', status: 100 },
      { type: 'informational', status: 103, headers: ['link', 'b'] },
      { type: 'headers', status: 200, headers: ['x', 'final'] },
    ]);
  });

  test.each(['with', 'without'])('[M29] [D7] trailers %s a body', async (how) => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.respond(id, 200, [['trailer', 'grpc-status']]);
    if (how === 'with') world.peer.data(id, 'body');
    world.peer.headers(
      id,
      [
        ['grpc-status', '0'],
        ['x', 'y'],
      ],
      { endStream: true },
    );
    await expectBody(log, how === 'with' ? 'body' : '');
    expect(log.events.at(-1)).toMatchObject({
      type: 'end',
      trailers: ['grpc-status', '0', 'x', 'y'],
    });
    expect(log.events[0]).toMatchObject({ headers: ['trailer', 'grpc-status'] });
  });

  test('[M29] END_STREAM in an empty DATA frame, and in the head', async () => {
    await using world = await meet();
    const first = await world.open();
    world.peer.respond(first.id);
    world.peer.data(first.id, '', { endStream: true });
    await expectBody(first.log, '');
    const second = await world.open();
    world.peer.respond(second.id, 204, [], { endStream: true });
    await second.log.done;
    expect(second.log.kinds).toEqual(['headers', 'end']);
  });

  test('[D8] does not take content-length for a fault where no body is due', async () => {
    await using world = await meet();
    const head = await world.open({ method: 'HEAD' });
    world.peer.respond(head.id, 200, [['content-length', '10']], { endStream: true });
    await expectBody(head.log, '');
    const notModified = await world.open();
    world.peer.respond(notModified.id, 304, [['content-length', '10']], { endStream: true });
    await notModified.log.done;
    expect(notModified.log.status).toBe(304);
    expect(notModified.log.error).toBeUndefined();
    await world.serves();
  });

  test('repeated fields, in order, with set-cookie apart', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.answer(id, 'OK', [
      ['a', '1'],
      ['set-cookie', 'x=1'],
      ['a', '2'],
      ['set-cookie', 'y=2'],
      ['empty', ''],
    ]);
    await expectBody(log, 'OK');
    const [first] = log.events;
    expect(first).toMatchObject({
      headers: ['a', '1', 'set-cookie', 'x=1', 'a', '2', 'set-cookie', 'y=2', 'empty', ''],
    });
  });

  test('bytes above 127 in a value', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.answer(id, 'OK', [['x', 'caf\xe9 \xc3\xa9']]);
    await expectBody(log, 'OK');
    expect(log.events[0]).toMatchObject({ headers: ['x', 'caf\xe9 \xc3\xa9'] });
  });

  test('the dynamic table of fields is shared by all streams, also by those that were given up', async () => {
    await using world = await meet();
    const first = await world.open();
    const second = await world.open();
    first.log.exchange?.abort(new Error('enough'));
    await world.peer.next('RST_STREAM', { stream: first.id });
    world.peer.headers(
      first.id,
      Buffer.concat([encodeIndexed(8), encodeInserted('x-shared', 'value')]),
    );
    world.peer.headers(second.id, Buffer.concat([encodeIndexed(8), encodeIndexed(62)]), {
      endStream: true,
    });
    await expectBody(second.log, '');
    expect(second.log.events[0]).toMatchObject({ headers: ['x-shared', 'value'] });
  });

  test('the dynamic table may shrink and grow between blocks', async () => {
    await using world = await meet();
    for (const size of [0, 4096, 100, 4096]) {
      const { log, id } = await world.open();
      const block = Buffer.concat([
        encodeTableSize(size),
        encodeIndexed(8),
        encodeInserted('x', `${size}`),
      ]);
      world.peer.headers(id, block, { endStream: true });
      await expectBody(log, '');
      expect(log.events[0]).toMatchObject({ headers: ['x', `${size}`] });
    }
  });
});

describe('on a stream that has ended more is refused, and nobody is harmed:', () => {
  const more: Record<string, Misbehaviour> = {
    HEADERS: (peer, id) => peer.respond(id),
    trailers: (peer, id) => peer.headers(id, [['a', 'b']], { endStream: true }),
    DATA: (peer, id) => peer.data(id, 'more'),
    RST_STREAM: (peer, id) => peer.reset(id),
  };

  test.each(Object.entries(more))('%s', async (_frame, misbehave) => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.answer(id, 'whole');
    await expectBody(log, 'whole');
    const other = await world.open();
    misbehave(world.peer, id);
    await world.peer.roundTrip();
    expect(log.endings).toBe(1);
    world.peer.answer(other.id, 'other');
    await expectBody(other.log, 'other');
    await world.serves();
  });
});
