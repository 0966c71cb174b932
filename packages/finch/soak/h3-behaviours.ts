/**
 * What the HTTP/3 server of the soak does with a request, and to its connection:
 * about half of it is good. As with `behaviours.ts`, responses name their
 * behaviour, and bodies start with the path of their request.
 */
import { encodeHttp3Frame, type Http3Frame, type Http3Peer } from '@linnet/mint/testing';
import type { Random } from './random.ts';

export interface AnsweringPeer {
  readonly peer: Http3Peer;
  readonly request: Http3Frame;
  /** How many bytes of body came. */
  readonly received: number;
  readonly random: Random;
  /** Runs something later, unless the connection is gone by then. */
  readonly later: (ms: number, act: () => void) => void;
}

const goodBehaviours = {
  'h3-plain': 34,
  'h3-late': 6,
  'h3-slow': 4,
  'h3-large': 3,
  'h3-interim': 3,
  'h3-trailers': 4,
  'h3-not-found': 2,
  /** And then announces its end. */
  'h3-then-goaway': 2,
} as const;

export const badH3Behaviours = {
  'h3-reset': 6,
  'h3-rejected': 6,
  'h3-reset-in-body': 4,
  'h3-half-body': 3,
  'h3-length-short': 2,
  'h3-stall': 4,
  'h3-stall-in-body': 3,
  'h3-goaway-unseen': 2,
  'h3-close': 1,
  'h3-vanish': 1,
  'h3-garbage': 2,
} as const;

/** A whole response, slower than most limits allow. */
const trickle = { 'h3-trickle': 1 } as const;

type Behaviour = keyof typeof goodBehaviours | keyof typeof badH3Behaviours | 'h3-trickle';

const behaviours = { ...goodBehaviours, ...badH3Behaviours, ...trickle };

/** Those that send no body. */
const forHead: ReadonlySet<Behaviour> = new Set([
  'h3-reset',
  'h3-rejected',
  'h3-stall',
  'h3-goaway-unseen',
  'h3-close',
  'h3-vanish',
  'h3-garbage',
]);

/** Codes of RFC 9114, 8.1, some that have no name, and none that have a meaning of their own for a request. */
const codes = [
  0x100, 0x101, 0x102, 0x104, 0x107, 0x109, 0x10c, 0x10d, 0x10e, 0x17, 0x1f2d,
] as const;

/** Frames that must not come where they do. */
const garbage: readonly ((stream: number) => Buffer)[] = [
  () => encodeHttp3Frame('DATA', Buffer.from('no head')),
  () => encodeHttp3Frame('SETTINGS'),
  () => encodeHttp3Frame('PUSH_PROMISE', Buffer.from([0, 0, 0])),
  () => encodeHttp3Frame('HEADERS', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
  () => encodeHttp3Frame('HEADERS', Buffer.from([0, 0, 0x80])),
  () => encodeHttp3Frame('GOAWAY', Buffer.from([0])),
];

/** Does it; and says what. */
export function answerH3({ peer, request, received, random, later }: AnsweringPeer): Behaviour {
  const { stream, fields } = request;
  const isHead = fields.get(':method') === 'HEAD';
  const drawn = random.weighted(behaviours);
  const behaviour = isHead && !forHead.has(drawn) ? 'h3-plain' : drawn;
  const body = `${fields.get(':path')}\n${'x'.repeat(random.between(0, 2000))}`;
  const head = (more: Record<string, number> = {}, status = 200): void =>
    peer.respond(
      stream,
      status,
      [
        ['x-behaviour', behaviour],
        ['x-received', String(received)],
        ...Object.entries(more).map(([name, value]) => [name, String(value)] as const),
      ],
      { endStream: isHead },
    );
  const end = (text = body): void => {
    if (!isHead) peer.data(stream, text, { endStream: true });
  };
  const length = { 'content-length': body.length };
  const longer = { 'content-length': body.length + 1 };
  const whole = (): void => {
    head(length);
    end();
  };
  const repeat = (times: number, ms: number, act: (turn: number) => void, turn = 0): void => {
    if (turn === times) return;
    later(ms, () => {
      act(turn);
      repeat(times, ms, act, turn + 1);
    });
  };
  switch (behaviour) {
    case 'h3-plain':
      whole();
      break;
    case 'h3-late':
      later(random.between(1, 60), whole);
      break;
    case 'h3-slow': {
      head(length);
      const quarter = Math.ceil(body.length / 4);
      repeat(4, 20, (part) =>
        peer.data(stream, body.slice(part * quarter, (part + 1) * quarter), {
          endStream: part === 3,
        }),
      );
      break;
    }
    case 'h3-large':
      head();
      end(body + 'y'.repeat(1_500_000));
      break;
    case 'h3-interim':
      peer.respond(stream, 103, [['link', '</style.css>']]);
      later(random.between(0, 5), whole);
      break;
    case 'h3-trailers':
      head();
      peer.data(stream, body);
      peer.headers(stream, [['x-trailer', '1']], { endStream: true });
      break;
    case 'h3-not-found':
      head(length, random.pick([404, 500]));
      end();
      break;
    case 'h3-then-goaway':
      whole();
      peer.goaway(stream + 4);
      break;
    case 'h3-reset':
      peer.reset(stream, random.pick(codes));
      break;
    case 'h3-rejected':
      peer.reset(stream, 'H3_REQUEST_REJECTED');
      break;
    case 'h3-reset-in-body':
      head(random.pick([{}, longer]));
      peer.data(stream, body);
      later(random.between(0, 5), () => peer.reset(stream, random.pick(codes)));
      break;
    case 'h3-half-body':
      head(longer);
      end();
      break;
    case 'h3-length-short':
      head({ 'content-length': Math.max(0, body.length - 2) });
      end();
      break;
    case 'h3-stall':
      break;
    case 'h3-stall-in-body':
      head();
      peer.data(stream, body);
      break;
    case 'h3-goaway-unseen':
      // As if it had not seen this one and what came after it.
      peer.goaway(stream);
      later(200, () => peer.close('H3_NO_ERROR'));
      break;
    case 'h3-close':
      peer.close(random.pick(codes));
      break;
    case 'h3-vanish':
      peer.vanish();
      break;
    case 'h3-garbage':
      peer.raw(stream, random.pick(garbage)(stream));
      break;
    case 'h3-trickle':
      head({ 'content-length': 40 });
      repeat(40, 50, (turn) => peer.data(stream, 't', { endStream: turn === 39 }));
      break;
  }
  return behaviour;
}
