import { expect, onTestFinished, test } from 'vitest';
import {
  encodeFieldSection,
  encodeHttp3Frame,
  encodeHttp3Settings,
  encodeVarint,
  startHttp3Server,
} from '../../src/testing/index.ts';
import type { FieldList, Http3Peer, Http3Server } from '../../src/testing/index.ts';
import type { Http3ServerOptions } from '../../src/testing/index.ts';
import { connectQuic, failureOf } from '../support/dial-quic.ts';
import type { RawClient } from '../support/dial-quic.ts';
import { eventually } from '../support/eventually.ts';
import { authority, describeQuic } from '../support/quic.ts';

const tls = authority.issue(['localhost']);

function start(
  script?: (peer: Http3Peer) => unknown,
  options: Partial<Http3ServerOptions> = {},
): Promise<Http3Server> {
  return startHttp3Server(script, { tls, ...options });
}

/** A client that has sent its SETTINGS. */
async function greet(server: Http3Server): Promise<RawClient> {
  const client = await connectQuic({ port: server.port });
  client.session.write(2, Buffer.concat([encodeVarint(0), encodeHttp3Settings({})]), false);
  return client;
}

function request(client: RawClient, id: number, body?: string, rest: FieldList = []): void {
  const fields: FieldList = [[':method', 'POST'], [':path', `/${id}`], ...rest];
  const head = encodeHttp3Frame('HEADERS', encodeFieldSection(fields));
  const data = body === undefined ? [] : [encodeHttp3Frame('DATA', Buffer.from(body))];
  client.session.write(id, Buffer.concat([head, ...data]), body !== undefined);
}

/** All that comes on a stream until its end. */
async function answerOf(client: RawClient, id: number): Promise<string> {
  let text = '';
  await eventually(() => {
    text += client.read(id);
    expect(text.endsWith(']')).toBe(true);
  });
  return text;
}

describeQuic('a scripted HTTP/3 server', () => {
  test('reads requests with their bodies, and sends frames', async () => {
    await using server = await start(async (peer) => {
      await peer.handshake({ maxFieldSectionSize: 100 });
      const { stream, fields } = await peer.readRequest();
      expect(fields.get(':path')).toBe('/0');
      const body = await peer.readBody(stream);
      peer.respond(stream, 103);
      peer.answer(stream, `got ${body.toString()}`);
    });
    const client = await greet(server);
    request(client, 0, 'hello');
    const head = (status: string): string =>
      encodeHttp3Frame('HEADERS', encodeFieldSection([[':status', status]])).toString('latin1');
    const data = encodeHttp3Frame('DATA', Buffer.from('got hello')).toString('latin1');
    expect(await answerOf(client, 0)).toBe(`${head('103')}${head('200')}${data}[end]`);
    const settings = Buffer.concat([
      encodeVarint(0),
      encodeHttp3Settings({ maxFieldSectionSize: 100 }),
    ]);
    expect(client.read(3)).toBe(settings.toString('latin1'));
  });

  test('gives out requests one by one, and ends when the connection does', async () => {
    const seen: number[] = [];
    await using server = await start(async (peer) => {
      await peer.handshake();
      for await (const { stream } of peer.requests()) seen.push(stream);
      seen.push(-1);
    });
    const client = await greet(server);
    for (const id of [0, 4, 8]) request(client, id, '');
    await eventually(() => expect(seen).toEqual([0, 4, 8]));
    client.session.close(0x100, 'done');
    const peer = await server.peer();
    expect(await peer.closed).toMatchObject({ by: 'peer', code: 0x100, reason: 'done' });
    await eventually(() => expect(seen).toEqual([0, 4, 8, -1]));
  });

  test('resets, stops, and sees what the client resets and stops', async () => {
    await using server = await start(async (peer) => {
      await peer.handshake();
      for await (const { stream } of peer.requests()) {
        if (stream === 0) peer.reset(0, 'H3_REQUEST_REJECTED');
        if (stream === 4) peer.stopSending(4);
        if (stream === 8) peer.respond(8);
      }
    });
    const client = await greet(server);
    for (const id of [0, 4, 8]) request(client, id);
    expect(await answerOf(client, 0)).toBe(`[reset ${0x10b}]`);
    await eventually(() => expect(client.session.write(4, Buffer.of(1), false)).toBe(-2));
    expect(client.session.code).toBe(0x100);
    await eventually(() => expect(client.read(8)).not.toBe(''));
    client.session.reset(8, 0x10c);
    client.session.stop(8, 0x10c);
    const peer = await server.peer();
    await peer.until(() => peer.resets.has(8) && peer.stops.has(8));
    expect(peer.resets.get(8)).toBe(0x10c);
  });

  test('sends raw bytes on any stream, and opens further ones', async () => {
    await using server = await start(async (peer) => {
      await peer.established();
      peer.control(Buffer.of(0, 7, 1));
      peer.raw(peer.openStream(2), Buffer.from('encoder'));
      peer.raw(peer.openStream(0x21), Buffer.from('grease'), { endStream: true });
    });
    const client = await greet(server);
    await eventually(() => expect(client.events).toContain('readable 11'));
    expect(client.read(3)).toBe('\x00\x07\x01');
    expect(client.read(7)).toBe('\x02encoder');
    expect(client.read(11)).toBe('\x21grease[end]');
  });

  test('reads no more when it is paused, and waits for windows of the client', async () => {
    await using server = await start((peer) => peer.pause(), { streamWindow: 65_536 });
    const client = await greet(server);
    expect(client.session.write(0, Buffer.alloc(100_000), false)).toBeLessThan(100_000);
    const peer = await server.peer();
    await peer.roundTrip();
    expect(peer.bytesRead).toBe(0);
    peer.raw(0, Buffer.alloc(2_000_000), { endStream: true });
    await eventually(() => expect(peer.unsent(0)).toBeLessThan(1_000_000));
    let length = 0;
    await eventually(() => {
      length += client.read(0).length;
      expect(length).toBe(2_000_000 + '[end]'.length);
    });
    peer.resume();
    expect(peer.bytesRead).toBeGreaterThan(0);
  });

  test('closes with a code of HTTP/3 or of QUIC, or vanishes', async () => {
    await using server = await start(() => {});
    const [first, second, third] = [await greet(server), await greet(server), await greet(server)];
    (await server.peer(0)).close('H3_EXCESSIVE_LOAD', 'too much');
    expect(await first.closed).toMatchObject({ by: 'peer', code: 0x107, reason: 'too much' });
    (await server.peer(1)).closeTransport(0xa);
    expect(await second.closed).toMatchObject({ by: 'peer', code: 0xa, isApplication: false });
    (await server.peer(2)).vanish();
    expect(third.session.isClosed).toBe(false);
  });

  test('refuses connections', async () => {
    await using server = await start(undefined, { refuse: 2 });
    const error = await failureOf({ port: server.port });
    expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'CONNECTION_REFUSED' });
    expect(server.peers).toHaveLength(0);
  });

  test('ends like a killed process: nothing listens there any more', async () => {
    const server = await start(() => {});
    const client = await greet(server);
    await server.kill();
    onTestFinished(() => server.close());
    expect(client.session.isClosed).toBe(false);
    expect(await failureOf({ port: server.port })).toMatchObject({ reason: 'ECONNREFUSED' });
  });

  test('rejects its close with what its script threw', async () => {
    let hasThrown = false;
    const server = await start(async (peer) => {
      await peer.handshake();
      hasThrown = true;
      throw new Error('expected more');
    });
    await greet(server);
    await eventually(() => expect(hasThrown).toBe(true));
    await expect(server.close()).rejects.toThrow('expected more');
  });

  test('closes its connections when it closes, which its script may not wait for', async () => {
    const server = await start((peer) => peer.readRequest());
    const client = await greet(server);
    await server.peer();
    await server.close();
    expect(await client.closed).toMatchObject({ by: 'peer', code: 0x100 });
  });
});
