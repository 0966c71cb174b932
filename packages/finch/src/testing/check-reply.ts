/** What a test may say that a fake answers: a slip is an error at once, and no empty 200. */
import { describeValue, nearestOf } from '@linnet/otp/options';

/** What a reply may have. */
const replyKeys = ['status', 'headers', 'body', 'json', 'trailers', 'delay'] as const;

/** What goes wrong at an origin. */
const faults = ['reset', 'hang', 'truncate', 'garbage'] as const;

/** Checks a reply of a stub. @throws TypeError that says what is wrong with it. */
export function checkReply(reply: unknown): void {
  check(reply, replyKeys);
}

/** Checks a reply of an origin, which may have a fault. @throws TypeError that says what is wrong with it. */
export function checkOriginReply(reply: unknown): void {
  const { fault } = check(reply, [...replyKeys, 'fault']);
  if (fault === undefined || faults.some((known) => known === fault)) return;
  throw new TypeError(`The fault of a reply is ${faults.join(', ')}, not ${describeValue(fault)}`);
}

/** Checks that there are no other options than these. @throws TypeError */
export function checkKeys(what: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const nearest = nearestOf(key, known);
    const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
    throw new TypeError(`${what} has no ${JSON.stringify(key)}${hint}, but ${known.join(', ')}`);
  }
}

function check(reply: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) {
    throw new TypeError(
      `A reply is an object such as { status: 200, body: 'text' }, not ${describeValue(reply)}`,
    );
  }
  checkKeys('A reply', reply, keys);
  const given = reply as Readonly<Record<string, unknown>>;
  const { status = 200, body, json, delay = 0 } = given;
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 999) {
    throw new TypeError(`The status of a reply is from 200 to 999, not ${describeValue(status)}`);
  }
  if (typeof delay !== 'number' || !(delay >= 0)) {
    throw new TypeError(`The delay of a reply is in ms from 0, not ${describeValue(delay)}`);
  }
  if (body !== undefined && !isBody(body)) {
    const problem = `The body of a reply is text, bytes, or pieces of those, not ${describeValue(body)}`;
    throw new TypeError(`${problem}; give a value as json`);
  }
  if (body !== undefined && json !== undefined) {
    throw new TypeError('A reply has a body or json, and not both');
  }
  return given;
}

function isBody(body: unknown): boolean {
  if (typeof body === 'string') return true;
  return (
    typeof body === 'object' &&
    body !== null &&
    (Symbol.iterator in body || Symbol.asyncIterator in body)
  );
}
