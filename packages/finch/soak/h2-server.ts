/** HTTP/2 on one connection of the misbehaving server. */
import type { Socket } from 'node:net';
import { encodeFrame, encodeSettings } from '@linnet/mint/testing';
import { answerStream, badH2Behaviours } from './h2-behaviours.ts';
import { H2Session } from './h2-session.ts';
import type { Random } from './random.ts';

export interface Http2Options {
  readonly random: Random;
  /** What responses say in `alt-svc`. */
  readonly announced: string | undefined;
  /** Runs something later, unless the connection is gone by then. */
  readonly later: (ms: number, act: () => void) => void;
  /** A request was answered. */
  readonly onAnswered: (behaviour: string, isBad: boolean) => void;
  /** The client has sent what it must not send. */
  readonly onComplaint: (what: string) => void;
}

const unlimited = 2 ** 32 - 1;

export function serveHttp2(socket: Socket, options: Http2Options): void {
  const { random, announced, later, onAnswered, onComplaint } = options;
  const settings = {
    maxConcurrentStreams: random.pick([0, 1, 2, 10, 100, 100, unlimited, unlimited]),
    // A window of 0 never opens.
    initialWindowSize: random.pick([0, 10, 1000, 65_535, 65_535, 65_535, 65_535, 65_535]),
  };
  const session = new H2Session(socket, settings, {
    onRequest: (stream) => {
      const behaviour = answerStream({ stream, session, socket, random, announced, later });
      onAnswered(behaviour, behaviour in badH2Behaviours);
    },
    onComplaint,
  });
}

/** Frames that nobody may send, and some that nobody expects. */
const garbage: readonly (() => Buffer)[] = [
  () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n', 'latin1'),
  () => encodeFrame('DATA', 0, 0, Buffer.from('no stream')),
  () => encodeFrame('DATA', 1, 1, Buffer.from('no head')),
  () => encodeFrame('HEADERS', 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
  () => encodeFrame('HEADERS', 4, 2, Buffer.from([0x88])),
  () => encodeFrame('WINDOW_UPDATE', 0, 0, Buffer.alloc(4)),
  () => encodeFrame('WINDOW_UPDATE', 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
  () => encodeFrame('SETTINGS', 0, 0, Buffer.alloc(5)),
  () => encodeFrame('SETTINGS', 0, 3),
  () => encodeFrame('PUSH_PROMISE', 4, 1, Buffer.from([0, 0, 0, 2, 0x88])),
  () => encodeFrame('RST_STREAM', 0, 99, Buffer.alloc(4)),
  () => encodeFrame('PING', 0, 0, Buffer.alloc(7)),
  () => encodeFrame('CONTINUATION', 4, 1, Buffer.from([0x88])),
  () => encodeFrame('GOAWAY', 0, 0, Buffer.alloc(3)),
  () => Buffer.concat(Array.from({ length: 200 }, () => encodeFrame(0x42, 0, 0, Buffer.alloc(20)))),
  () => encodeFrame('DATA', 0, 1, Buffer.alloc(100), 16_777_215),
];

/** Greets as a server does, and then sends what makes no sense when the first request comes. */
export function serveGarbage(socket: Socket, random: Random): void {
  const bytes = random.pick(garbage)();
  socket.write(encodeSettings({ maxConcurrentStreams: 100 }));
  let isFirst = true;
  socket.on('data', () => {
    if (isFirst) socket.write(bytes);
    isFirst = false;
  });
  socket.setTimeout(2000, () => socket.destroy());
}
