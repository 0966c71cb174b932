/**
 * What the HTTP/2 server of the soak does with a request, and to its connection:
 * about half of it is good. As with `behaviours.ts`, responses name their
 * behaviour, and bodies start with the path of their request.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Random } from './random.ts';

export interface AnsweringStream {
  readonly stream: ServerHttp2Stream;
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly method: string;
  readonly path: string;
  /** How many bytes of body came. */
  readonly received: number;
  readonly random: Random;
  /** Runs something later, unless the stream is closed by then. */
  later(ms: number, act: () => void): void;
}

const goodBehaviours = {
  'h2-plain': 30,
  'h2-late': 6,
  'h2-slow': 4,
  'h2-large': 3,
  'h2-interim': 3,
  'h2-trailers': 4,
  'h2-not-found': 2,
  /** And then says something of the connection. */
  'h2-then-goaway': 2,
  'h2-then-wind-down': 1,
  'h2-then-limit': 4,
} as const;

export const badH2Behaviours = {
  'h2-reset': 6,
  'h2-refused': 6,
  'h2-reset-in-body': 4,
  'h2-half-body': 3,
  'h2-length-short': 2,
  'h2-stall': 4,
  'h2-stall-in-body': 3,
  'h2-goaway-error': 1,
  'h2-goaway-unseen': 2,
  'h2-socket-reset': 1,
} as const;

/** A whole response, slower than most limits allow. */
const trickle = { 'h2-trickle': 1 } as const;

type Behaviour = keyof typeof goodBehaviours | keyof typeof badH2Behaviours | 'h2-trickle';

const behaviours = { ...goodBehaviours, ...badH2Behaviours, ...trickle };

/** Any of RFC 9113, 7, and a few that nobody has named. */
const highestCode = 0x10;
const refusedStream = 7;

const forHead: ReadonlySet<Behaviour> = new Set([
  'h2-plain',
  'h2-late',
  'h2-then-goaway',
  'h2-then-wind-down',
  'h2-then-limit',
  'h2-reset',
  'h2-refused',
  'h2-stall',
  'h2-goaway-error',
  'h2-goaway-unseen',
  'h2-socket-reset',
]);

/** Does it; and says what. */
export function answerStream(answering: AnsweringStream): Behaviour {
  const { stream, session, socket, random } = answering;
  const drawn = random.weighted(behaviours);
  // What follows the head of a response to HEAD is no body: such a request gets a plain answer.
  const behaviour = answering.method === 'HEAD' && !forHead.has(drawn) ? 'h2-plain' : drawn;
  const body = `${answering.path}\n${'x'.repeat(random.between(0, 2000))}`;
  const head = (fields: Record<string, string | number> = {}): void =>
    stream.respond({
      ':status': 200,
      'x-behaviour': behaviour,
      'x-received': answering.received,
      ...fields,
    });
  const whole = (): void => {
    head({ 'content-length': body.length });
    if (answering.method !== 'HEAD') stream.end(body);
  };
  const code = random.between(0, highestCode);
  const repeat = (times: number, ms: number, act: (turn: number) => void, turn = 0): void => {
    if (turn === times) return;
    answering.later(ms, () => {
      act(turn);
      repeat(times, ms, act, turn + 1);
    });
  };
  const leaveIn = (ms: number): void => {
    setTimeout(() => {
      session.destroy();
      // Which leaves the socket open for as long as a write is under way.
      setTimeout(() => socket.destroy(), 500);
    }, ms);
  };
  switch (behaviour) {
    case 'h2-plain':
      whole();
      break;
    case 'h2-late':
      answering.later(random.between(1, 60), whole);
      break;
    case 'h2-slow': {
      head({ 'content-length': body.length });
      const quarter = Math.ceil(body.length / 4);
      repeat(4, 20, (part) => {
        stream.write(body.slice(part * quarter, (part + 1) * quarter));
        if (part === 3) stream.end();
      });
      break;
    }
    case 'h2-large':
      head();
      stream.end(body + 'y'.repeat(1_500_000));
      break;
    case 'h2-interim':
      stream.additionalHeaders({ ':status': 103, link: '</style.css>' });
      answering.later(random.between(0, 5), whole);
      break;
    case 'h2-trailers':
      stream.respond(
        { ':status': 200, 'x-behaviour': behaviour, 'x-received': answering.received },
        { waitForTrailers: true },
      );
      stream.once('wantTrailers', () => stream.sendTrailers({ 'x-trailer': '1' }));
      stream.end(body);
      break;
    case 'h2-not-found':
      head({ ':status': random.pick([404, 500]), 'content-length': body.length });
      stream.end(body);
      break;
    case 'h2-then-goaway':
      whole();
      session.goaway(0);
      // node:http2 does not notice any more when the client is gone.
      leaveIn(2000);
      break;
    case 'h2-then-wind-down':
      whole();
      session.close();
      break;
    case 'h2-then-limit': {
      whole();
      const maxConcurrentStreams = random.pick([0, 1, 2, 5, 100, 2 ** 32 - 1]);
      session.settings({ maxConcurrentStreams });
      // Not for good: somebody else may be told otherwise.
      setTimeout(() => {
        if (!session.destroyed) session.settings({ maxConcurrentStreams: 100 });
      }, 200);
      break;
    }
    case 'h2-reset':
      stream.close(code);
      break;
    case 'h2-refused':
      stream.close(refusedStream);
      break;
    case 'h2-reset-in-body':
      // node:http2 ends the body before it resets the stream: the length says that there is more.
      head({ 'content-length': body.length + 1 });
      stream.write(body);
      answering.later(random.between(0, 5), () => stream.close(Math.max(1, code)));
      break;
    case 'h2-half-body':
      head({ 'content-length': body.length + 1 });
      stream.end(body);
      break;
    case 'h2-length-short':
      head({ 'content-length': Math.max(0, body.length - 2) });
      stream.end(body);
      break;
    case 'h2-stall':
      break;
    case 'h2-stall-in-body':
      head();
      stream.write(body);
      break;
    case 'h2-goaway-error':
      session.goaway(Math.max(1, code));
      leaveIn(200);
      break;
    case 'h2-goaway-unseen':
      // As if it had not seen this one and what came after it.
      session.goaway(0, Math.max(0, (stream.id ?? 1) - 2));
      leaveIn(200);
      break;
    case 'h2-socket-reset':
      socket.destroy();
      break;
    case 'h2-trickle':
      head({ 'content-length': 40 });
      repeat(40, 50, (turn) => {
        stream.write('t');
        if (turn === 39) stream.end();
      });
      break;
  }
  return behaviour;
}
