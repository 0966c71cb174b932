/** Connections that are no HTTP/2, or end at the wrong moment. */
import { describe, expect, test } from 'vitest';
import { createHttp2Wire, dial } from '../../../../src/index.ts';
import type { Wire } from '../../../../src/index.ts';
import { EndlessBody } from '../../../support/endless-body.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  encodeFields,
  encodeFrame,
  encodeSettings,
  frameFlag,
  response,
  startHttp1Server,
} from '../../../../src/testing/index.ts';
import type { Http1Peer, Script } from '../../../../src/testing/index.ts';
import { uint32 } from '../../../../src/testing/frames.ts';
import { send } from '../../exchange-log.ts';
import { expectBody, failure, meet } from './world.ts';

/** A wire to a server that is none of HTTP/2, or one that says what it says byte by byte. */
async function connect(port: number): Promise<{ wire: Wire; closed: Promise<Error | undefined> }> {
  const origin = `http://127.0.0.1:${port}`;
  const { socket } = await dial({ origin, address: { host: '127.0.0.1', port } }).result;
  const wire = createHttp2Wire(socket, { origin, scheme: 'http', authority: `127.0.0.1:${port}` });
  const closed = new Promise<Error | undefined>((resolve) => (wire.onClosed = resolve));
  return { wire, closed };
}

describe('a server that does not speak HTTP/2', () => {
  const strangers: Record<string, Script<Http1Peer>> = {
    'that answers like HTTP/1.1': async (peer) => {
      await peer.write(response('bad request', [], '400 Bad Request'));
    },
    'that answers like HTTP/1.1 and ends': async (peer) => {
      await peer.write(response('bad request', ['connection: close'], '400 Bad Request'));
      peer.end();
    },
    'that greets like SMTP': async (peer) => {
      await peer.write('220 mail.example ESMTP\r\n');
    },
    'that sends zeros': async (peer) => {
      await peer.write(Buffer.alloc(1000));
    },
    'that sends a TLS alert and ends': async (peer) => {
      await peer.write(Buffer.from([0x15, 3, 3, 0, 2, 2, 80]));
      peer.end();
    },
    'that says nothing and ends': (peer) => {
      peer.end();
    },
    'that resets': (peer) => {
      peer.resetConnection();
    },
    '[M23] whose first frame is GOAWAY': async (peer) => {
      await peer.write(encodeFrame('GOAWAY', 0, 0, Buffer.alloc(8)));
    },
    '[M23] whose first frame is PING': async (peer) => {
      await peer.write(encodeFrame('PING', 0, 0, Buffer.alloc(8)));
    },
    '[M23] whose first frame is an ACK of SETTINGS': async (peer) => {
      await peer.write(encodeFrame('SETTINGS', frameFlag.ACK, 0));
    },
    '[M23] whose first frame is a response': async (peer) => {
      await peer.write(encodeFrame('HEADERS', 5, 1, encodeFields([[':status', '200']])));
    },
    '[M23] whose first frame is unknown': async (peer) => {
      await peer.write(encodeFrame(0xbb, 0, 0, Buffer.alloc(8)));
    },
  };

  test.each(Object.entries(strangers))(
    '%s: every request fails with a typed error, and the connection ends',
    async (_kind, script) => {
      await using server = await startHttp1Server(async (peer, index) => {
        // With the request behind the preface, both before and after the first bytes of the answer.
        await peer.readUntil('SM\r\n\r\n');
        await script(peer, index);
      });
      const { wire, closed } = await connect(server.port);
      const logs = [send(wire), send(wire, { method: 'POST', body: 'body' })];
      for (const log of logs) {
        const error = await failure(log);
        expect(error.name).toMatch(/^(ProtocolError|ConnectionClosedError)$/);
      }
      await closed;
      expect(wire.usable).toBe(false);
      const late = await failure(send(wire));
      expect(late).toMatchObject({ requestSent: false });
      expect(logs.map(({ endings }) => endings)).toEqual([1, 1]);
    },
  );
});

/** All that a well-behaved server says for one request. */
const transcript = Buffer.concat([
  encodeSettings({ maxConcurrentStreams: 10 }),
  encodeFrame('SETTINGS', frameFlag.ACK, 0),
  encodeFrame('WINDOW_UPDATE', 0, 0, uint32(1000)),
  encodeFrame('HEADERS', frameFlag.END_HEADERS, 1, encodeFields([[':status', '103']])),
  encodeFrame('HEADERS', 0, 1, encodeFields([[':status', '200']])),
  encodeFrame('CONTINUATION', frameFlag.END_HEADERS, 1, encodeFields([['a', 'b']])),
  encodeFrame('DATA', 0, 1, Buffer.from('hello ')),
  encodeFrame('DATA', frameFlag.PADDED, 1, Buffer.from('\x02world\0\0')),
  encodeFrame(
    'HEADERS',
    frameFlag.END_HEADERS | frameFlag.END_STREAM,
    1,
    encodeFields([['t', 'x']]),
  ),
]);

describe.each(['ends', 'resets'] as const)('a server that %s the connection', (how) => {
  test('[M34] [D3] at any byte: the request ends once, with its response or a typed error', async () => {
    for (let length = 0; length <= transcript.length; length += 1) {
      await using server = await startHttp1Server(async (peer) => {
        await peer.readUntil('SM\r\n\r\n');
        if (length > 0) await peer.write(transcript.subarray(0, length));
        if (how === 'ends') peer.end();
        else peer.resetConnection();
      });
      const { wire, closed } = await connect(server.port);
      const log = await send(wire).done;
      await closed;
      expect(log.endings).toBe(1);
      const outcome = log.error?.name ?? log.body;
      const whole = length === transcript.length;
      // A reset may overtake what was sent before it.
      const allowed = whole ? ['hello world'] : ['ConnectionClosedError'];
      if (how === 'resets') allowed.push('ConnectionClosedError');
      expect(allowed, `after ${length} bytes`).toContain(outcome);
    }
  });
});

describe('a connection', () => {
  test('[M34] without requests that the server ends is over without an error for anybody', async () => {
    await using world = await meet();
    world.peer.end();
    await world.closed;
  });

  test('[M34] [F177] with requests that the server ends fails all of them', async () => {
    await using world = await meet();
    const streams = [await world.open(), await world.open(), await world.open()];
    world.peer.respond(streams[1]?.id ?? 0);
    world.peer.end();
    for (const { log } of streams) {
      expect(await failure(log)).toMatchObject({
        name: 'ConnectionClosedError',
        requestSent: true,
      });
    }
    expect(await world.closed).toBeInstanceOf(Error);
  });

  test('[D3] that ends amid an upload fails the upload at once, and lets go of its source', async () => {
    await using world = await meet();
    const body = new EndlessBody();
    const { log, id } = await world.open({ method: 'POST', body });
    await world.peer.next('DATA', { stream: id });
    world.peer.resetConnection();
    expect(await failure(log)).toMatchObject({ name: 'ConnectionClosedError', requestSent: true });
    await world.closed;
    await eventually(() => expect(body.released).toBe(true));
  });

  test('[D3] that ends amid an upload whose window is closed fails the upload at once', async () => {
    await using world = await meet({ settings: { initialWindowSize: 0 } });
    const { log } = await world.open({ method: 'POST', body: 'x'.repeat(100_000) });
    world.peer.end();
    expect(await failure(log)).toMatchObject({ name: 'ConnectionClosedError' });
    await world.closed;
  });

  test('[F164] that this side destroys fails what is in flight, with the given error, before that returns', async () => {
    await using world = await meet();
    const streams = [await world.open(), await world.open({ method: 'POST', body: 'body' })];
    world.peer.respond(streams[0]?.id ?? 0);
    world.wire.destroy(new Error('enough'));
    for (const { log } of streams) expect(log.error?.message).toBe('enough');
    expect(await world.closed).toBeUndefined();
  });

  test('[F186] a ping that waits ends with the connection', async () => {
    await using world = await meet();
    world.peer.answersPings = false;
    const pong = world.wire.ping?.();
    await world.peer.next('PING', { ack: false });
    world.peer.resetConnection();
    await expect(pong).rejects.toMatchObject({ name: 'ConnectionClosedError' });
  });

  test('[F183] a ping is answered with a time, many at once each with its own', async () => {
    await using world = await meet();
    const times = await Promise.all(Array.from({ length: 10 }, async () => world.wire.ping?.()));
    for (const time of times) expect(time).toBeGreaterThanOrEqual(0);
    await world.serves();
  });

  test('[D12] never has more than ten pings without an answer, and goes on', async () => {
    await using world = await meet();
    world.peer.answersPings = false;
    const waiting = Array.from({ length: 10 }, async () => world.wire.ping?.());
    await expect(world.wire.ping?.()).rejects.toThrow('Too many PINGs wait for their answer');
    for (let count = 0; count < 10; count += 1) {
      world.peer.ping((await world.peer.next('PING', { ack: false })).payload, true);
    }
    await Promise.all(waiting);
    await world.serves();
    expect(world.peer.came('PING', { ack: false })).toEqual([]);
  });

  test('that is opened while the server is not yet heard of carries requests already', async () => {
    await using world = await meet({ settings: false });
    const { log, id } = await world.open();
    await world.peer.handshake();
    world.peer.answer(id);
    await expectBody(log, 'OK');
  });

  test('over which a response and the end come together delivers the response', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.respond(id);
    world.peer.data(id, 'x'.repeat(16_384));
    world.peer.data(id, 'x'.repeat(16_384), { endStream: true });
    world.peer.end();
    await expectBody(log, 'x'.repeat(32_768));
  });
});
