/**
 * Frames that are signed: behind each come a number, which no other frame of its direction has, and the
 * first 16 bytes of an HMAC over both. The keys are made from the cookie and both greetings, one for each
 * direction, so that neither a frame of another connection nor one that is sent back is taken.
 *
 * Source: RFC 2104 §5 (truncated output); RFC 6347 §4.1.2.6 (numbers that were seen).
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { readU32, writeU32 } from './frame.ts';
import { agreedOn, type Greeting } from './greeting.ts';
import { SeenNumbers } from './seen-numbers.ts';

const numberBytes = 8;
const macBytes = 16;
const trailerBytes = numberBytes + macBytes;

/** What a frame that has come in is; `'seen'` is one that came before, or that is too old to tell. */
export type Verified = Uint8Array | 'seen' | 'forged';

type Role = 'opener' | 'answerer';

/** Signs the frames of one connection, and checks those of the other side. */
export class FrameSigner {
  readonly #ownKey: KeyObject;
  readonly #theirKey: KeyObject;
  readonly #seen = new SeenNumbers();
  #last = 0;

  constructor(cookie: string, role: Role, opener: Greeting, answerer: Greeting) {
    const other = role === 'opener' ? 'answerer' : 'opener';
    this.#ownKey = keyOf(cookie, role, opener, answerer);
    this.#theirKey = keyOf(cookie, other, opener, answerer);
  }

  /** A copy of the frame with its signature; the same frame is signed anew each time it is sent. */
  sign(frame: Uint8Array): Uint8Array<ArrayBuffer> {
    const signed = new Uint8Array(frame.length + trailerBytes);
    signed.set(frame);
    const number = ++this.#last;
    writeU32(signed, frame.length, Math.floor(number / 2 ** 32));
    writeU32(signed, frame.length + 4, number >>> 0);
    const end = frame.length + numberBytes;
    signed.set(macOf(this.#ownKey, signed.subarray(0, end)), end);
    return signed;
  }

  /** The frame without its signature, as a view, if the other side has signed it. */
  verify(signed: Uint8Array): Verified {
    const length = signed.length - trailerBytes;
    if (length < 0) return 'forged';
    const end = length + numberBytes;
    const mac = macOf(this.#theirKey, signed.subarray(0, end));
    if (!timingSafeEqual(mac, signed.subarray(end))) return 'forged';
    const number = readU32(signed, length) * 2 ** 32 + readU32(signed, length + 4);
    return this.#seen.add(number) ? signed.subarray(0, length) : 'seen';
  }
}

const macOf = (key: KeyObject, bytes: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(bytes).digest().subarray(0, macBytes);

function keyOf(cookie: string, sender: Role, opener: Greeting, answerer: Greeting): KeyObject {
  const material = JSON.stringify(['frames', sender, ...agreedOn(opener, answerer)]);
  return createSecretKey(createHmac('sha256', cookie).update(material).digest());
}
