/** What ends the connection, with which code, and what becomes of the requests on it. */
import { expect, test } from 'vitest';
import { ProtocolError } from '../../../src/index.ts';
import { codeOf } from '../../../src/http3/codes.ts';
import type { ErrorName } from '../../../src/http3/codes.ts';
import { encodeHttp3Frame, encodeHttp3Settings, encodeVarint } from '../../../src/testing/index.ts';
import type { Http3Peer } from '../../../src/testing/index.ts';
import { describeQuic } from '../../support/quic.ts';
import { meet } from './world.ts';

type Breach = (peer: Http3Peer, stream: number) => void;

const breaches: readonly (readonly [what: string, code: ErrorName, breach: Breach])[] = [
  ['DATA first', 'H3_FRAME_UNEXPECTED', (peer, id) => peer.data(id, 'a')],
  [
    'a frame that is cut off',
    'H3_FRAME_ERROR',
    (peer, id) => {
      peer.respond(id);
      peer.raw(id, encodeHttp3Frame('DATA', Buffer.from('a'), 20), { endStream: true });
    },
  ],
  [
    'a section that refers to a dynamic table',
    'QPACK_DECOMPRESSION_FAILED',
    (peer, id) => peer.headers(id, Buffer.from('03811011', 'hex')),
  ],
  ['PUSH_PROMISE', 'H3_ID_ERROR', (peer, id) => peer.frame(id, 'PUSH_PROMISE', encodeVarint(0))],
  ['a push', 'H3_ID_ERROR', (peer) => void peer.openStream(1)],
  ['a second control stream', 'H3_STREAM_CREATION_ERROR', (peer) => void peer.openStream(0)],
  [
    'SETTINGS for a second time',
    'H3_FRAME_UNEXPECTED',
    (peer) => peer.control(encodeHttp3Settings({})),
  ],
  [
    'the end of the control stream',
    'H3_CLOSED_CRITICAL_STREAM',
    (peer) => peer.control(Buffer.alloc(0), { endStream: true }),
  ],
  ['a reset of the control stream', 'H3_CLOSED_CRITICAL_STREAM', (peer) => peer.reset(3)],
  [
    'GOAWAY that takes one back',
    'H3_ID_ERROR',
    (peer) => {
      peer.goaway(4);
      peer.goaway(8);
    },
  ],
  [
    'an instruction for a dynamic table',
    'QPACK_ENCODER_STREAM_ERROR',
    (peer) => peer.raw(peer.openStream(2), Buffer.from('3fbd01', 'hex')),
  ],
  [
    'a flood of frames that mean nothing',
    'H3_EXCESSIVE_LOAD',
    (peer, id) => peer.raw(id, Buffer.alloc(2 * 40_000).fill(Buffer.from('2100', 'hex'))),
  ],
];

describeQuic('a server that breaks the protocol', () => {
  test.each(breaches)('by %s is told %s', async (_, code, breach) => {
    await using world = await meet();
    const log = world.send();
    const tunnel = world.send({ method: 'CONNECT', target: 'db.example:5432' });
    const { stream } = await world.peer.readRequest();
    world.peer.respond((await world.peer.readRequest()).stream);
    await tunnel.done;
    breach(world.peer, stream);
    await log.done;
    expect(log.error).toBeInstanceOf(ProtocolError);
    expect(log.error).toMatchObject({ reason: code, requestSent: true });
    expect(await world.open.closed).toBeInstanceOf(ProtocolError);
    expect(world.open.closings).toHaveLength(1);
    expect(tunnel.socket?.destroyed).toBe(true);
    const end = await world.peer.closed;
    expect(end).toMatchObject({ by: 'peer', isApplication: true, code: codeOf(code) });
    expect(end.reason).not.toBe('');
    expect(world.send().error).toMatchObject({ requestSent: false });
  });

  test('before it has said anything of itself is told H3_MISSING_SETTINGS', async () => {
    await using world = await meet({ settings: false });
    const log = world.send();
    await world.peer.readRequest();
    world.peer.control(
      Buffer.concat([encodeVarint(0), encodeHttp3Frame('GOAWAY', encodeVarint(0))]),
    );
    expect((await log.done).error).toMatchObject({ reason: 'H3_MISSING_SETTINGS' });
  });
});
