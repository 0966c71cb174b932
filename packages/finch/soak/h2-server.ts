/** HTTP/2 on one connection of the misbehaving server. */
import {
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { encodeFrame, encodeSettings } from '@linnet/mint/testing';
import { answerStream, badH2Behaviours } from './h2-behaviours.ts';
import type { Random } from './random.ts';

/** What is told of a request that was answered. */
export type OnAnswered = (behaviour: string, isBad: boolean) => void;

const unlimited = 2 ** 32 - 1;

export function serveHttp2(socket: Socket, random: Random, onAnswered: OnAnswered): void {
  const session = performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: random.pick([0, 1, 2, 10, 100, 100, unlimited, unlimited]),
      // A window of 0 never opens.
      initialWindowSize: random.pick([0, 10, 1000, 65_535, 65_535, 65_535, 65_535, 65_535]),
    },
  });
  session.on('error', () => {});
  socket.once('close', () => session.destroy());
  session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    let received = 0;
    const timers = new Set<NodeJS.Timeout>();
    const isOver = (): boolean => stream.destroyed || stream.closed;
    const later = (ms: number, act: () => void): void => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!isOver()) act();
      }, ms);
      timers.add(timer);
    };
    stream.on('error', () => {}).on('data', (chunk: Buffer) => (received += chunk.length));
    stream.once('close', () => {
      for (const timer of timers) clearTimeout(timer);
    });
    stream.on('end', () => {
      if (isOver() || session.destroyed) return;
      const behaviour = answerStream({
        stream,
        session,
        socket,
        method: headers[':method'] as string,
        path: headers[':path'] as string,
        received,
        random,
        later,
      });
      onAnswered(behaviour, behaviour in badH2Behaviours);
    });
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
