import { expect, test } from 'vitest';
import { connectQuic } from '../../support/dial-quic.ts';
import { eventually, turn } from '../../support/eventually.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { describeQuic, startQuicServer, udpSockets } from '../../support/quic.ts';
import type { RawPeer } from '../../support/quic.ts';

/** Answers each stream, when it has come to its end, with what came. */
const echo = (peer: RawPeer) => ({
  onReadable: (id: number): void => {
    if (peer.finished.has(id)) peer.driver.write(id, Buffer.from(`echo ${peer.text(id)}`), true);
  },
});

const text = (data: string): Buffer => Buffer.from(data);

describeQuic('a QUIC connection', () => {
  test('carries bytes both ways on a stream, to the end of each', async () => {
    const server = await startQuicServer({ script: echo });
    const client = await connectQuic(server);
    expect(client.session.write(0, text('hello'), true)).toBe(5);
    await eventually(() => expect(client.events).toContain('readable 0'));
    expect(client.read(0)).toBe('echo hello[end]');
  });

  test('knows its ends and its TLS session', async () => {
    const server = await startQuicServer();
    const { session } = await connectQuic(server);
    expect(session.info).toMatchObject({
      localAddress: '127.0.0.1',
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      tls: { version: 'TLSv1.3', authorized: true, alpnProtocol: 'h3', servername: 'localhost' },
    });
  });

  test('sends an end alone', async () => {
    const server = await startQuicServer({ script: echo });
    const client = await connectQuic(server);
    client.session.write(0, text('first'), false);
    await eventually(() => expect(server.peers[0]?.text(0)).toBe('first'));
    expect(client.session.write(0, text(''), true)).toBe(0);
    await eventually(() => expect(client.read(0)).toBe('echo first[end]'));
  });

  test('takes what the window allows, and says when it takes more', async () => {
    const server = await startQuicServer({
      streamWindow: 70_000,
      script: (peer) => {
        peer.unread.add(0);
        return {};
      },
    });
    const client = await connectQuic(server);
    const all = Buffer.alloc(200_000, 'x');
    let sent = client.session.write(0, all, true);
    const more = (): void => {
      while (client.events.includes('writable 0')) {
        client.events.splice(client.events.indexOf('writable 0'), 1);
        sent += client.session.write(0, all.subarray(sent), true);
      }
    };
    await eventually(() => {
      more();
      expect(sent).toBe(70_000);
    });
    const peer = server.peers[0] as RawPeer;
    peer.unread.delete(0);
    await eventually(() => expect(peer.driver.isEstablished).toBe(true));
    await eventually(() => {
      peer.readAll(0);
      more();
      expect(peer.finished).toContain(0);
    });
    expect(peer.received.get(0)).toEqual(all);
  });

  test('has the peer wait for a stream that is not read, and not for others', async () => {
    const server = await startQuicServer({
      script: (peer) => {
        const rest = new Map([
          [0, 200_000],
          [4, 1000],
        ]);
        const send = (id: number): void => {
          const length = rest.get(id) ?? 0;
          rest.set(id, length - peer.driver.write(id, Buffer.alloc(length), true));
        };
        return { onReadable: send, onWritable: send };
      },
    });
    const client = await connectQuic({ ...server, streamWindowSize: 65_536 });
    client.session.write(0, text('a'), true);
    client.session.write(4, text('b'), true);
    await eventually(() => expect(client.events).toContain('readable 4'));
    await eventually(() => expect(client.read(4).length).toBe(1000 + '[end]'.length));
    await client.session.ping();
    let first = '';
    await eventually(() => {
      first += client.read(0);
      expect(first.length).toBe(200_000 + '[end]'.length);
    });
  });

  test('tells of a reset with its code, in each direction', async () => {
    const server = await startQuicServer({
      script: (peer) => ({ onReadable: (id) => peer.driver.reset(id, 0x102) }),
    });
    const client = await connectQuic(server);
    client.session.write(0, text('a'), false);
    await eventually(() => expect(client.events).toContain('readable 0'));
    expect(client.read(0)).toBe('[reset 258]');
    client.session.reset(0, 0x10c);
    await eventually(() => expect(server.peers[0]?.resets.get(0)).toBe(0x10c));
  });

  test('tells the writer of a stream that the peer stopped it', async () => {
    const server = await startQuicServer({
      script: (peer) => ({ onReadable: (id) => peer.driver.stop(id, 0x100) }),
    });
    const client = await connectQuic(server);
    client.session.write(0, text('a'), false);
    await eventually(() => expect(client.session.write(0, text('b'), false)).toBe(-2));
    expect(client.session.code).toBe(0x100);
  });

  test('tells a writer that waits for the window that the peer stopped it', async () => {
    const server = await startQuicServer({
      streamWindow: 65_536,
      script: (peer) => {
        peer.unread.add(0);
        return { onReadable: (id) => peer.driver.stop(id, 0x100) };
      },
    });
    const client = await connectQuic(server);
    expect(client.session.write(0, Buffer.alloc(200_000), true)).toBeLessThan(200_000);
    await eventually(() => expect(client.events).toContain('writable 0'));
    await eventually(() => expect(client.session.write(0, text('b'), false)).toBe(-2));
  });

  test('drops what comes on a stream that it has stopped', async () => {
    const server = await startQuicServer({ script: echo });
    const client = await connectQuic(server);
    client.session.write(0, text('hello'), true);
    client.session.stop(0, 0x10c);
    await client.session.ping();
    expect(client.read(0)).toBe('');
    client.session.write(4, text('more'), true);
    await eventually(() => expect(client.read(4)).toBe('echo more[end]'));
  });

  test('counts the streams that it may open, and says when there are more', async () => {
    const server = await startQuicServer({ streams: 2, script: echo });
    const client = await connectQuic(server);
    await eventually(() => expect(client.session.streamsLeft).toBe(2));
    client.session.write(0, text('a'), true);
    client.session.write(4, text('b'), true);
    expect(client.session.streamsLeft).toBe(0);
    expect(client.session.write(8, text('c'), true)).toBe(0);
    await eventually(() => expect(client.read(0) + client.read(4)).toContain('echo'));
    await eventually(() => {
      client.read(0);
      client.read(4);
      expect(client.events.some((event) => event.startsWith('capacity'))).toBe(true);
    });
    client.session.write(8, text('c'), true);
    await eventually(() => expect(client.read(8)).toBe('echo c[end]'));
  });

  test('tells of streams that the peer opens', async () => {
    const server = await startQuicServer({
      script: (peer) => {
        let isGreeted = false;
        return {
          onTurn: () => {
            if (isGreeted || !peer.driver.isEstablished) return;
            isGreeted = true;
            peer.driver.write(3, text('control'), false);
          },
        };
      },
    });
    const client = await connectQuic(server);
    await eventually(() => expect(client.events).toContain('readable 3'));
    expect(client.read(3)).toBe('control');
  });

  test('tells of each of many streams', async () => {
    const server = await startQuicServer({ script: echo });
    const client = await connectQuic(server);
    const ids = Array.from({ length: 100 }, (_, index) => index * 4);
    for (const id of ids) client.session.write(id, text(`${id}`), true);
    const told = (): Set<string> =>
      new Set(client.events.filter((event) => event.startsWith('readable')));
    await eventually(() => expect(told().size).toBe(100));
    expect(told()).toEqual(new Set(ids.map((id) => `readable ${id}`)));
  });

  test('measures a round trip', async () => {
    const server = await startQuicServer();
    const { session } = await connectQuic(server);
    expect(await session.ping()).toBeGreaterThan(0);
    expect(await Promise.all([session.ping(), session.ping()])).toHaveLength(2);
  });

  test('tells of signs of life', async () => {
    const server = await startQuicServer();
    const client = await connectQuic(server);
    let signs = 0;
    await client.session.ping();
    client.onActivity = () => (signs += 1);
    await client.session.ping();
    expect(signs).toBeGreaterThan(0);
  });
});

describeQuic('the end of a QUIC connection', () => {
  test('tells the peer the code and the reason', async () => {
    const server = await startQuicServer();
    const client = await connectQuic(server);
    client.session.close(0x10c, 'no more');
    expect(client.session.isClosed).toBe(true);
    const end = { by: 'local', code: 0x10c, isApplication: true, reason: 'no more' };
    expect(await client.closed).toEqual(end);
    expect(await server.peers[0]?.closed).toEqual({ ...end, by: 'peer' });
  });

  test.each([
    { isApplication: true, code: 0x107 },
    { isApplication: false, code: 0x1 },
  ])('is heard of from the peer: %o', async ({ isApplication, code }) => {
    const server = await startQuicServer();
    const client = await connectQuic(server);
    // The peer has seen the end of the handshake, before which there is no code of HTTP/3.
    await client.session.ping();
    server.peers[0]?.driver.closeWith(isApplication, code, 'why');
    expect(await client.closed).toEqual({ by: 'peer', isApplication, code, reason: 'why' });
  });

  test('comes once nothing was heard for the idle time', async () => {
    const server = await startQuicServer();
    const client = await connectQuic({ ...server, idleTimeout: 100 });
    expect(await client.closed).toMatchObject({ by: 'idle', code: 0 });
  });

  test('does not come for idleness as long as it is referenced', async () => {
    const server = await startQuicServer();
    const client = await connectQuic({ ...server, idleTimeout: 200, keepAliveInterval: 20 });
    client.session.ref();
    const other = await connectQuic({ ...server, idleTimeout: 200 });
    await other.closed;
    await client.session.ping();
    client.session.unref();
    expect(await client.closed).toMatchObject({ by: 'idle' });
  });

  test('does not come for idleness when the program was too busy to read what had come', async () => {
    let wasBusy = false;
    const keepBusy = (): void => {
      for (const end = performance.now() + 250; performance.now() < end;);
      wasBusy = true;
    };
    /** Behind what was sent in this turn, which takes some ticks. */
    const afterTicks = (count: number, run: () => void): void => {
      process.nextTick(() => (count === 0 ? run() : afterTicks(count - 1, run)));
    };
    const server = await startQuicServer({
      script: () => ({ onReadable: () => afterTicks(5, keepBusy) }),
    });
    const client = await connectQuic({ ...server, idleTimeout: 200 });
    await client.session.ping();
    client.session.write(0, text('hello'), false);
    await eventually(() => expect(wasBusy).toBe(true));
    await turn();
    expect(client.session.isClosed).toBe(false);
  });

  test('is soon noticed when nothing listens any more, and not before that was verified', async () => {
    const server = await startQuicServer();
    const clock = new ManualClock();
    const client = await connectQuic({ ...server, clock });
    await server.kill();
    client.session.write(0, text('hello'), true);
    const pinging = client.session.ping();
    await eventually(() => {
      client.session.schedule();
      expect(clock.pending).toBe(1);
    });
    expect(client.session.isClosed).toBe(false);
    clock.advance(1000);
    expect(await client.closed).toMatchObject({ by: 'gone', reason: 'ECONNREFUSED' });
    await expect(pinging).rejects.toMatchObject({ code: 'ERR_MINT_CONNECTION_CLOSED' });
  });

  test('makes all that follows harmless', async () => {
    const server = await startQuicServer();
    const { session, events } = await connectQuic(server);
    session.close(0x100, '');
    session.close(0x101, '');
    expect(session.write(0, text('a'), true)).toBe(0);
    expect(session.read(0, Buffer.alloc(10))).toBe(-1);
    session.reset(0, 1);
    session.stop(0, 1);
    session.ref();
    session.unref();
    session.schedule();
    await expect(session.ping()).rejects.toThrow('closed');
    await turn(3);
    expect(events.filter((event) => event === 'close')).toHaveLength(1);
  });

  test('leaves no socket and no timer behind', async () => {
    const server = await startQuicServer();
    const clock = new ManualClock();
    const client = await connectQuic({ ...server, clock });
    client.session.ref();
    await client.session.ping();
    expect(clock.pending).toBe(1);
    client.session.close(0x100, '');
    expect(clock.pending).toBe(0);
    // That of the server is left.
    await eventually(() => expect(udpSockets()).toBe(1));
  });
});
