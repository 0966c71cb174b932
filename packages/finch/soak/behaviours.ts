/**
 * What the server of the soak does with a request. The good ones are answers
 * that a client has to take; after any of the bad ones it must not say that it
 * has a response.
 *
 * Each response names its behaviour in `x-behaviour`, and its body starts with
 * the path of the request, so that the client can tell an answer that is not
 * its own.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Random } from './random.ts';
import type { ReadRequest } from './request-reader.ts';

export interface Answering {
  readonly socket: Socket;
  readonly request: ReadRequest;
  readonly random: Random;
  /** What responses say in `alt-svc`. */
  readonly announced: string | undefined;
  /** Runs something later, unless the connection is gone by then. */
  later(ms: number, act: () => void): void;
  /** Whether no other request has come since. */
  isLast(): boolean;
}

/** The body of a response that nobody asked for. */
export const poison = 'POISON';

/** How often the server does what: about half of it is good. */
const goodBehaviours = {
  plain: 30,
  chunked: 6,
  'connection-close': 3,
  'until-close': 2,
  slow: 3,
  large: 1,
  interim: 2,
  trailers: 2,
  'not-found': 2,
  'then-closed': 3,
  'keep-alive-hint': 2,
  late: 4,
} as const;

export const badBehaviours = {
  reset: 3,
  'close-unanswered': 2,
  'half-head': 3,
  'reset-in-head': 2,
  'half-body': 4,
  'reset-in-body': 3,
  'half-chunked': 3,
  stall: 4,
  'stall-in-head': 3,
  'stall-in-body': 3,
  garbage: 4,
  'chunk-size-no-number': 3,
  'chunk-size-negative': 2,
  'chunk-too-long': 2,
  'chunk-without-end': 2,
  'two-lengths': 2,
  'length-negative': 2,
  'length-no-number': 2,
  'endless-head': 1,
  'switch-protocols': 1,
} as const;

/** A complete response, and then more than that: the response counts, the connection must not. */
export const surplusBehaviours = {
  'surplus-response': 4,
  'surplus-garbage': 3,
  'late-garbage': 2,
  trickle: 1,
} as const;

type Behaviour =
  | keyof typeof goodBehaviours
  | keyof typeof badBehaviours
  | keyof typeof surplusBehaviours;

const behaviours = { ...goodBehaviours, ...badBehaviours, ...surplusBehaviours };

/** Resets the connection; a Unix socket, or one with TLS, can only be closed at once. */
export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket || socket.remotePort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/** Does it; and says what. */
export function answer(answering: Answering): Behaviour {
  const behaviour = answering.random.weighted(behaviours);
  const { socket, request, random } = answering;
  const write = (text: string): void => void socket.write(text, 'latin1');
  const end = (text: string): void => void socket.end(text, 'latin1');
  const head = (fields: readonly string[], status = '200 OK'): string =>
    [
      `HTTP/1.1 ${status}`,
      `x-behaviour: ${behaviour}`,
      `x-received: ${request.received}`,
      ...(answering.announced === undefined ? [] : [`alt-svc: ${answering.announced}`]),
      ...fields,
      '\r\n',
    ].join('\r\n');
  const body = `${request.path}\n${'x'.repeat(random.between(0, 2000))}`;
  const length = `content-length: ${body.length}`;
  const bare = request.method === 'HEAD';
  const whole = (fields: readonly string[] = [], status?: string): string =>
    head([length, ...fields], status) + (bare ? '' : body);
  const chunked = head(['transfer-encoding: chunked']);
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  // One after the other: timers of several delays may fire in any order once they are late.
  const repeat = (times: number, ms: number, act: (turn: number) => void, turn = 0): void => {
    if (turn === times) return;
    answering.later(ms, () => {
      act(turn);
      repeat(times, ms, act, turn + 1);
    });
  };
  // What follows the head of a response to HEAD is no body: such a request gets a plain answer.
  const kind: Behaviour = bare && needsBody.has(behaviour) ? 'plain' : behaviour;
  switch (kind) {
    case 'plain':
      write(whole());
      break;
    case 'late':
      answering.later(random.between(1, 60), () => write(whole()));
      break;
    case 'chunked':
      write(`${chunked}${chunk(body.slice(0, 40))}`);
      answering.later(random.between(0, 5), () => write(`${chunk(`${body.slice(40)}.`)}0\r\n\r\n`));
      break;
    case 'connection-close':
      end(whole(['connection: close']));
      break;
    case 'until-close':
      end(head(['connection: close']) + body);
      break;
    case 'slow': {
      write(head([length]));
      const quarter = Math.ceil(body.length / 4);
      repeat(4, 20, (part) => write(body.slice(part * quarter, (part + 1) * quarter)));
      break;
    }
    case 'large': {
      const large = body + 'y'.repeat(300_000);
      write(head([`content-length: ${large.length}`]) + large);
      break;
    }
    case 'interim':
      write('HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n');
      answering.later(random.between(0, 5), () => write(whole()));
      break;
    case 'trailers':
      write(`${chunked}${chunk(body)}0\r\nx-trailer: 1\r\n\r\n`);
      break;
    case 'not-found':
      write(whole([], random.pick(['404 Not Found', '500 Internal Server Error'])));
      break;
    case 'then-closed':
      write(whole());
      answering.later(random.between(0, 30), () => socket.end());
      break;
    case 'keep-alive-hint':
      write(whole(['keep-alive: timeout=1']));
      answering.later(1000, () => socket.end());
      break;
    case 'reset':
      reset(socket);
      break;
    case 'close-unanswered':
      socket.end();
      break;
    case 'half-head':
      end(whole().slice(0, random.between(1, 30)));
      break;
    case 'reset-in-head':
      write(whole().slice(0, random.between(1, 30)));
      answering.later(random.between(0, 5), () => reset(socket));
      break;
    case 'half-body':
      end(head([`content-length: ${body.length + 1}`]) + body);
      break;
    case 'reset-in-body':
      write(head([`content-length: ${body.length + 1}`]) + body);
      answering.later(random.between(0, 5), () => reset(socket));
      break;
    case 'half-chunked':
      end(chunked + chunk(body));
      break;
    case 'stall':
      break;
    case 'stall-in-head':
      write(whole().slice(0, random.between(1, 30)));
      break;
    case 'stall-in-body':
      write(head([`content-length: ${body.length + 1}`]) + body);
      break;
    case 'garbage':
      write(random.pick(['\u0000\u0001\u0002\r\n\r\n', 'SSH-2.0-soak\r\n', 'HTTP/9.9 OK\r\n\r\n']));
      break;
    case 'chunk-size-no-number':
      write(`${chunked}xyz\r\n${body}\r\n0\r\n\r\n`);
      break;
    case 'chunk-size-negative':
      write(`${chunked}-5\r\n${body}\r\n0\r\n\r\n`);
      break;
    case 'chunk-too-long':
      write(`${chunked}${'f'.repeat(20)}\r\n${body}\r\n0\r\n\r\n`);
      break;
    case 'chunk-without-end':
      write(`${chunked}${body.length.toString(16)}\r\n${body}surplus\r\n0\r\n\r\n`);
      break;
    case 'two-lengths':
      write(head([length, `content-length: ${body.length + 7}`]) + body);
      break;
    case 'length-negative':
      write(head(['content-length: -1']) + body);
      break;
    case 'length-no-number':
      write(head(['content-length: 12abc']) + body);
      break;
    case 'endless-head':
      write(head([`x-filler: ${'z'.repeat(400_000)}`, length]) + body);
      break;
    case 'switch-protocols':
      write(head(['connection: upgrade', 'upgrade: soak'], '101 Switching Protocols'));
      break;
    case 'surplus-response':
      write(`${whole()}HTTP/1.1 200 OK\r\ncontent-length: ${poison.length}\r\n\r\n${poison}`);
      break;
    case 'surplus-garbage':
      write(`${whole()}surplus`);
      break;
    case 'late-garbage':
      write(whole());
      // Not within the answer to the next request: nobody could tell it from that.
      answering.later(random.between(0, 20), () => {
        if (answering.isLast()) write('surplus\r\n\r\n');
      });
      break;
    case 'trickle':
      // Never silent for long: only a limit on all of it ends this early.
      write(head([`content-length: ${40}`, 'x-trickle: 1']));
      repeat(40, 50, () => write('t'));
      break;
  }
  return kind;
}

const needsBody = new Set<Behaviour>([
  'chunked',
  'until-close',
  'slow',
  'large',
  'trailers',
  'half-body',
  'reset-in-body',
  'half-chunked',
  'stall-in-body',
  'chunk-size-no-number',
  'chunk-size-negative',
  'chunk-too-long',
  'chunk-without-end',
  'two-lengths',
  'length-negative',
  'length-no-number',
  'endless-head',
  'switch-protocols',
  'trickle',
]);
