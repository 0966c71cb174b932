/** Networks and servers as QUIC meets them, and loopback is not. */
import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { quicPackage } from '../../../src/quic/load.ts';
import type { Quiche } from '../../../src/quic/quiche-binding.ts';
import { QuicheBackend } from '../../../src/quic/quiche.ts';
import { connectQuic } from '../../support/dial-quic.ts';
import { eventually, turn } from '../../support/eventually.ts';
import { describeQuic, startQuicServer } from '../../support/quic.ts';
import { UdpRelay } from '../../support/udp-relay.ts';

/** The bytes of a datagram that every network carries on which QUIC may be used (RFC 9000, 14). */
const leastPayload = 1200;

const token = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10n;

type Configure = Quiche['Config']['withBoringSslCtx'];

/** What the binding can do beside what the package uses of it. */
interface Resettable extends Omit<Quiche, 'Config'> {
  readonly Config: {
    withBoringSslCtx(
      ...args: Parameters<Configure>
    ): ReturnType<Configure> & { setStatelessResetToken(token: bigint): void };
  };
}

/** QUIC whose connections can be reset with the token. */
async function resettable(): Promise<QuicheBackend> {
  const { native } = (await import(quicPackage)) as { readonly native: { quiche: Resettable } };
  const { Config, Connection, Shutdown } = native.quiche;
  const withBoringSslCtx: Configure = (...args) => {
    const config = Config.withBoringSslCtx(...args);
    config.setStatelessResetToken(token);
    return config;
  };
  return new QuicheBackend({ Config: { withBoringSslCtx }, Connection, Shutdown });
}

/** What looks like a packet, and ends with the token (RFC 9000, 10.3). */
function statelessReset(): Buffer {
  const end = Buffer.from(token.toString(16).padStart(32, '0'), 'hex');
  return Buffer.concat([Buffer.of(0x40), Buffer.alloc(30, 7), end]);
}

describeQuic('a network', () => {
  test('that carries no larger datagrams than it must carries requests of any size', async () => {
    const server = await startQuicServer();
    await using relay = await UdpRelay.start(server.port, { largest: leastPayload });
    const client = await connectQuic({ port: relay.port });
    const all = Buffer.alloc(100_000, 'x');
    let sent = client.session.write(0, all, true);
    await eventually(() => {
      if (sent < all.length) sent += client.session.write(0, all.subarray(sent), true);
      expect(server.peers[0]?.received.get(0)?.length).toBe(all.length);
    });
  });
});

describeQuic('a server', () => {
  test('that was started anew and does not know the connection ends it at once, and gives no sign of life before', async () => {
    const server = await startQuicServer({ backend: await resettable() });
    const client = await connectQuic(server);
    let signsOfLife = 0;
    client.onActivity = () => (signsOfLife += 1);
    await client.session.ping();
    await server.kill();
    const another = createSocket('udp4').bind(server.port, '127.0.0.1');
    onTestFinished(() => void another.close());
    await once(another, 'listening');
    client.session.write(0, Buffer.from('hello'), true);
    const [, { port }] = (await once(another, 'message')) as [Buffer, RemoteInfo];
    // What the first server had sent is taken.
    await turn(3);
    signsOfLife = 0;
    // One of another connection, as of a server that has forgotten its keys, too.
    another.send(Buffer.alloc(47, 0x55), port, '127.0.0.1');
    another.send(statelessReset(), port, '127.0.0.1');
    expect(await client.closed).toEqual({
      by: 'gone',
      code: 0,
      isApplication: false,
      reason: 'stateless_reset',
    });
    expect(signsOfLife).toBe(0);
  });
});
