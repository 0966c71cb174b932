import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect } from '@linnet/mint';
import {
  encodeData,
  encodeFrame,
  encodeHeaders,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  FrameDecoder,
  frameFlag,
  type Frame,
  type Settings,
} from '@linnet/mint/testing';
import { eventually } from '@linnet/otp/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { H2Session, type ServerSettings } from '../../soak/h2-session.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

interface Served {
  readonly port: number;
  readonly sessions: H2Session[];
  readonly complaints: string[];
}

/** Answers with what was received in a header, and as many bytes as the path says. */
async function serve(settings: ServerSettings = {}): Promise<Served> {
  const sessions: H2Session[] = [];
  const complaints: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const session = new H2Session(socket, settings, {
      onRequest: (stream) => {
        stream.respond([
          [':status', '200'],
          ['x-received', String(stream.received)],
        ]);
        stream.end('x'.repeat(Number(stream.path.slice(1))), [['x-trailer', '1']]);
      },
      onComplaint: (what) => complaints.push(what),
    });
    sessions.push(session);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, sessions, complaints };
}

interface Client {
  readonly socket: Socket;
  readonly frames: Frame[];
  /** The bytes of bodies that came on a stream. */
  received(stream: number): number;
}

/** A client that says what it is told to. */
async function raw({ port }: Served, settings: Settings = {}): Promise<Client> {
  const frames: Frame[] = [];
  const socket = connectSocket(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const decoder = new FrameDecoder({ onFrame: (frame) => frames.push(frame), onHeaders: () => {} });
  // A server has no preface.
  decoder.decode(preface);
  socket.on('data', (chunk) => decoder.decode(chunk));
  await once(socket, 'connect');
  socket.write(Buffer.concat([preface, encodeSettings(settings)]));
  return {
    socket,
    frames,
    received: (stream) =>
      frames
        .filter((frame) => frame.type === 'DATA' && frame.stream === stream)
        .reduce((sum, { content }) => sum + content.length, 0),
  };
}

function request(stream: number, path: string, endStream = true): Buffer {
  return encodeHeaders(
    stream,
    [
      [':method', endStream ? 'GET' : 'POST'],
      [':scheme', 'http'],
      [':authority', 'localhost'],
      [':path', path],
    ],
    { endStream },
  );
}

/** Waits until the server has dealt with all that was sent. */
async function roundTrip({ socket, frames }: Client): Promise<void> {
  const answers = (): number => frames.filter(({ type, ack }) => type === 'PING' && ack).length;
  const before = answers();
  socket.write(encodeFrame('PING', 0, 0, Buffer.alloc(8)));
  await eventually(() => expect(answers()).toBe(before + 1));
}

describe('the HTTP/2 session of the soak', () => {
  it('sends no more than the window of a stream, and its trailers behind the body', async () => {
    const served = await serve();
    const client = await raw(served, { initialWindowSize: 10 });
    client.socket.write(request(1, '/100'));
    await roundTrip(client);
    expect(client.received(1)).toBe(10);

    client.socket.write(encodeSettings({ initialWindowSize: 30 }));
    await roundTrip(client);
    expect(client.received(1)).toBe(30);

    client.socket.write(encodeWindowUpdate(1, 70));
    await roundTrip(client);
    expect(client.received(1)).toBe(100);
    const last = client.frames.findLast(({ stream }) => stream === 1);
    expect(last).toMatchObject({ type: 'HEADERS', endStream: true });
    expect(served.complaints).toEqual([]);
  });

  it('sends no more than the window of the connection', async () => {
    const client = await raw(await serve(), { initialWindowSize: 1_000_000 });
    client.socket.write(Buffer.concat([request(1, '/60000'), request(3, '/10000')]));
    await roundTrip(client);
    expect(client.received(1)).toBe(60_000);
    expect(client.received(3)).toBe(5535);

    client.socket.write(encodeWindowUpdate(0, 1000));
    await roundTrip(client);
    expect(client.received(3)).toBe(6535);

    // What a stream that is closed has not sent is nobody's.
    client.socket.write(Buffer.concat([encodeReset(3, 'CANCEL'), encodeWindowUpdate(0, 10_000)]));
    await roundTrip(client);
    expect(client.received(3)).toBe(6535);
  });

  it('takes uploads that are larger than its windows', async () => {
    const { port, complaints } = await serve({ initialWindowSize: 1000 });
    await using connection = await connect(`http://127.0.0.1:${port}`, { protocols: ['http2'] });
    const body = 'b'.repeat(200_000);
    const response = await connection.request({ method: 'POST', target: '/5', body });
    expect(response.headers.get('x-received')).toBe('200000');
    expect(response.body.toString()).toBe('xxxxx');
    expect(complaints).toEqual([]);
  });

  it('opens the window of a stream again that a setting has made negative', async () => {
    const served = await serve({ initialWindowSize: 10 });
    const client = await raw(served);
    client.socket.write(Buffer.concat([request(1, '/5', false), encodeData(1, 'x'.repeat(100))]));
    await roundTrip(client);
    client.socket.write(encodeFrame('SETTINGS', frameFlag.ACK));
    await roundTrip(client);
    const updates = client.frames.filter(({ type }) => type === 'WINDOW_UPDATE');
    // From 90 below 0 to as wide as any: a window of 10 bytes would let a body through in minutes.
    expect(updates).toMatchObject([{ stream: 1, increment: 65_535 + 90 }]);
    client.socket.write(encodeData(1, 'x'.repeat(10), { endStream: true }));
    await roundTrip(client);
    expect(client.received(1)).toBe(5);
    expect(served.complaints).toEqual([]);
  });

  it('ends in order once its streams are closed, and ignores new ones', async () => {
    const served = await serve();
    const client = await raw(served, { initialWindowSize: 10 });
    client.socket.write(request(1, '/20'));
    await roundTrip(client);
    served.sessions[0]?.windDown();
    client.socket.write(Buffer.concat([request(3, '/5'), encodeWindowUpdate(1, 10)]));
    await once(client.socket, 'end');
    expect(client.received(1)).toBe(20);
    expect(client.received(3)).toBe(0);
    expect(served.complaints).toEqual([]);
  });

  it.each([
    ['DATA of stream 7, which it has not opened', encodeData(7, 'x')],
    ['HEADERS of stream 2, which is the server', request(2, '/1')],
    ['DATA after the end of a request', Buffer.concat([request(1, '/100'), encodeData(1, 'x')])],
    ['2 streams at a time, of 1', Buffer.concat([request(1, '/1', false), request(3, '/1')])],
    [
      'more than the window of a stream',
      Buffer.concat([request(1, '/1', false), encodeData(1, Buffer.alloc(11))]),
    ],
    [
      'more than the window of the connection',
      Buffer.concat(
        [1, 3].flatMap((stream) => [
          request(stream, '/1', false),
          ...Array.from({ length: 3 }, () => encodeData(stream, Buffer.alloc(16_384))),
        ]),
      ),
    ],
    ['an acknowledgement of no SETTINGS', encodeFrame('SETTINGS', frameFlag.ACK)],
  ])('complains of %s', async (what, bytes) => {
    const large = what.endsWith('connection');
    const served = await serve(
      large ? {} : { maxConcurrentStreams: what.startsWith('2') ? 1 : 9, initialWindowSize: 10 },
    );
    const client = await raw(served, { initialWindowSize: 10 });
    client.socket.write(encodeFrame('SETTINGS', frameFlag.ACK));
    client.socket.write(bytes);
    await once(client.socket, 'close');
    expect(served.complaints).toEqual([expect.stringContaining(`the client sent: ${what}`)]);
  });
});
