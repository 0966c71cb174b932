import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { connect, MintError } from '../../../src/index.ts';
import { startHttp3Server } from '../../../src/testing/index.ts';
import type { Http3Peer } from '../../../src/testing/index.ts';
import { ChaosNetwork, randomOf } from '../../support/chaos-proxy.ts';
import { failureOf } from '../../support/dial-quic.ts';
import { authority, describeQuic } from '../../support/quic.ts';

const tls = { ca: authority.ca };

/** Answers each request with its body. */
async function echo(peer: Http3Peer): Promise<void> {
  await peer.handshake();
  for await (const { stream } of peer.requests()) {
    void peer
      .readBody(stream)
      .then((body) => peer.answer(stream, body))
      .catch(() => {});
  }
}

describeQuic('a bad network', () => {
  test('loses no request, and changes none', async () => {
    await using server = await startHttp3Server(echo, { tls: authority.issue(['localhost']) });
    await using network = await ChaosNetwork.start(server.port, 12, {
      drop: 0.03,
      duplicate: 0.02,
      corrupt: 0.03,
      truncate: 0.01,
      garbage: 0.01,
      reorder: 0.05,
    });
    const random = randomOf(34);
    const options = { protocols: ['http3'], family: 4, tls, connectTimeout: 20_000 } as const;
    for (let round = 0; round < 4; round++) {
      await using connection = await connect(`https://localhost:${network.port}`, options);
      const bodies = Array.from({ length: 50 }, () =>
        Buffer.alloc(Math.floor(random() * 20_000), `${random()}`),
      );
      const answers = await Promise.all(
        bodies.map((body) => connection.request({ method: 'POST', target: '/', body })),
      );
      expect(answers.every(({ body }, index) => body.equals(bodies[index] as Buffer))).toBe(true);
    }
    expect(Math.min(...Object.values(network.counts))).toBeGreaterThan(0);
  });

  test('that answers with garbage costs a dial its time, and nothing else', async () => {
    const random = randomOf(56);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    socket.on('message', (datagram, { port }) => {
      for (const answer of nonsense(datagram, random)) socket.send(answer, port, '127.0.0.1');
    });
    const { port } = socket.address();
    const dials = Array.from({ length: 40 }, () => failureOf({ port, connectTimeout: 100 }));
    for (const error of await Promise.all(dials)) expect(error).toBeInstanceOf(MintError);
  });
});

/** What is nearly an answer to a client's first datagram. */
function nonsense(datagram: Buffer, random: () => number): Buffer[] {
  const pick = (limit: number): number => Math.floor(random() * limit);
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => pick(256)));
  const idLength = datagram[5] ?? 0;
  const ownId = datagram.subarray(7 + idLength, 7 + idLength + (datagram[6 + idLength] ?? 0));
  const to = Buffer.concat([Buffer.of(ownId.length), ownId]);
  const from = Buffer.concat([Buffer.of(8), bytes(8)]);
  const flipped = Buffer.from(datagram);
  for (let flips = pick(20); flips >= 0; flips--) flipped[pick(flipped.length)] = pick(256);
  return [
    bytes(pick(1400)),
    Buffer.alloc(0),
    datagram.subarray(0, pick(datagram.length)),
    flipped,
    // Version negotiation, Retry, an Initial, and a short header.
    Buffer.concat([Buffer.of(0x80 | pick(128), 0, 0, 0, 0), to, from, bytes(4 * pick(10))]),
    Buffer.concat([Buffer.of(0xf0, 0, 0, 0, 1), to, from, bytes(pick(60))]),
    Buffer.concat([Buffer.of(0xc0 | pick(16), 0, 0, 0, 1), to, from, bytes(pick(1200))]),
    Buffer.concat([Buffer.of(0x40 | pick(64)), ownId, bytes(pick(200))]),
  ];
}
