/**
 * What the HTTP/2 server of the soak does with a request, and to its connection:
 * about half of it is good. As with `behaviours.ts`, responses name their
 * behaviour, and bodies start with the path of their request.
 */
import type { Socket } from 'node:net';
import { reset } from './behaviours.ts';
import type { H2Session } from './h2-session.ts';
import type { H2Stream } from './h2-stream.ts';
import type { Random } from './random.ts';

export interface AnsweringStream {
  readonly stream: H2Stream;
  readonly session: H2Session;
  readonly socket: Socket;
  readonly random: Random;
  /** What responses say in `alt-svc`. */
  readonly announced: string | undefined;
  /** Runs something later, unless the connection is gone by then. */
  readonly later: (ms: number, act: () => void) => void;
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
export function answerStream({
  stream,
  session,
  socket,
  random,
  announced,
  later,
}: AnsweringStream): Behaviour {
  const drawn = random.weighted(behaviours);
  const isHead = stream.method === 'HEAD';
  // What follows the head of a response to HEAD is no body: such a request gets a plain answer.
  const behaviour = isHead && !forHead.has(drawn) ? 'h2-plain' : drawn;
  const body = `${stream.path}\n${'x'.repeat(random.between(0, 2000))}`;
  const head = (fields: Record<string, number> = {}, status = 200): void =>
    stream.respond(
      [
        [':status', String(status)],
        ['x-behaviour', behaviour],
        ['x-received', String(stream.received)],
        ...(announced === undefined ? [] : [['alt-svc', announced] as const]),
        ...Object.entries(fields).map(([name, value]) => [name, String(value)] as const),
      ],
      isHead,
    );
  const length = { 'content-length': body.length };
  const longer = { 'content-length': body.length + 1 };
  const whole = (): void => {
    head(length);
    stream.end(body);
  };
  const code = random.between(0, highestCode);
  const repeat = (times: number, ms: number, act: (turn: number) => void, turn = 0): void => {
    if (turn === times) return;
    stream.later(ms, () => {
      act(turn);
      repeat(times, ms, act, turn + 1);
    });
  };
  const leaveIn = (ms: number): void => later(ms, () => socket.destroy());
  switch (behaviour) {
    case 'h2-plain':
      whole();
      break;
    case 'h2-late':
      stream.later(random.between(1, 60), whole);
      break;
    case 'h2-slow': {
      head(length);
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
      stream.respond([
        [':status', '103'],
        ['link', '</style.css>'],
      ]);
      stream.later(random.between(0, 5), whole);
      break;
    case 'h2-trailers':
      head();
      stream.end(body, [['x-trailer', '1']]);
      break;
    case 'h2-not-found':
      head(length, random.pick([404, 500]));
      stream.end(body);
      break;
    case 'h2-then-goaway':
      // And stays for as long as the client does.
      whole();
      session.goaway(0);
      break;
    case 'h2-then-wind-down':
      whole();
      session.windDown();
      break;
    case 'h2-then-limit':
      whole();
      session.settings({ maxConcurrentStreams: random.pick([0, 1, 2, 5, 100, 2 ** 32 - 1]) });
      // Not for good: somebody else may be told otherwise.
      later(200, () => session.settings({ maxConcurrentStreams: 100 }));
      break;
    case 'h2-reset':
      stream.reset(code);
      break;
    case 'h2-refused':
      stream.reset(refusedStream);
      break;
    case 'h2-reset-in-body':
      head(random.pick([{}, longer]));
      stream.write(body);
      stream.later(random.between(0, 5), () => stream.reset(code));
      break;
    case 'h2-half-body':
      head(longer);
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
      session.goaway(0, Math.max(0, stream.id - 2));
      leaveIn(200);
      break;
    case 'h2-socket-reset':
      reset(socket);
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
