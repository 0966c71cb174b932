import { expect, test } from 'vitest';
import { SocksHandshake } from '../../../src/dial/proxy/socks-handshake.ts';

function handshake(host = 'api.test', username = '', password = ''): SocksHandshake {
  return new SocksHandshake({ host, port: 443, username, password });
}

/** Gives it these answers, one for each step; returns what it sent last. */
function answered(
  on: SocksHandshake,
  ...answers: readonly (readonly number[])[]
): Buffer | undefined {
  let sent: Buffer | undefined = on.greeting();
  for (const answer of answers) {
    expect(on.needs).toBe(answer.length);
    sent = on.take(Buffer.from(answer));
  }
  return sent;
}

test('offers no authentication, and credentials where there are some', () => {
  expect(handshake().greeting()).toEqual(Buffer.of(5, 1, 0));
  expect(handshake('api.test', 'ann').greeting()).toEqual(Buffer.of(5, 2, 0, 2));
});

test('sends credentials only when they are asked for', () => {
  const asked = answered(handshake('api.test', 'ann', 's\u00e9'), [5, 2]);
  expect(asked).toEqual(Buffer.from('\u0001\u0003ann\u0003s\u00e9'));
  const notAsked = answered(handshake('api.test', 'ann', 's'), [5, 0]);
  expect(notAsked?.subarray(0, 4)).toEqual(Buffer.of(5, 1, 0, 3));
});

test.each([
  ['a name', 'api.test', Buffer.from('\u0003\u0008api.test')],
  ['an IPv4 address', '10.2.3.4', Buffer.of(1, 10, 2, 3, 4)],
  ['an IPv6 address', '2001:db8::a:1', Buffer.from('0420010db80000000000000000000a0001', 'hex')],
  [
    'an IPv6 address in full',
    '1:2:3:4:5:6:7:8',
    Buffer.from('0400010002000300040005000600070008', 'hex'),
  ],
  ['the address ::', '::', Buffer.from(`04${'0'.repeat(32)}`, 'hex')],
  ['an address that ends in zeros', 'fe80::', Buffer.from(`04fe80${'0'.repeat(28)}`, 'hex')],
  [
    'an IPv4 address in IPv6',
    '::ffff:1.2.3.4',
    Buffer.from(`04${'0'.repeat(20)}ffff01020304`, 'hex'),
  ],
  ['an address with a zone', 'fe80::1%eth0', Buffer.from(`04fe80${'0'.repeat(27)}1`, 'hex')],
])('asks for a tunnel to %s', (_title, host, address) => {
  const request = answered(handshake(host), [5, 0]);
  expect(request).toEqual(Buffer.concat([Buffer.of(5, 1, 0), address, Buffer.of(1, 187)]));
});

test.each([
  [
    'IPv4',
    [
      [0, 1, 127],
      [0, 0, 1, 0, 80],
    ],
  ],
  ['IPv6', [[0, 4, 1], Array<number>(17).fill(1)]],
  [
    'a name',
    [
      [0, 3, 4],
      [...Buffer.from('host'), 0, 80],
    ],
  ],
  [
    'an empty name',
    [
      [0, 3, 0],
      [0, 80],
    ],
  ],
])('is open after a reply with %s, and not a byte before', (_title, [kind = [], rest = []]) => {
  const on = handshake('api.test', 'ann', 's');
  expect(answered(on, [5, 2], [1, 0], [5, 0], kind)).toBeUndefined();
  expect(on.isOpen).toBe(false);
  on.take(Buffer.from(rest));
  expect(on).toMatchObject({ isOpen: true, failure: undefined, needs: 0 });
});

test.each([
  ['bad_answer', 'version 4', [[4, 0]]],
  ['bad_answer', 'method 1', [[5, 1]]],
  // Credentials were not offered.
  ['bad_answer', 'method 2', [[5, 2]]],
  [
    'bad_answer',
    'version 0',
    [
      [5, 0],
      [0, 0],
    ],
  ],
  [
    'refused',
    'ConnectionRefused',
    [
      [5, 0],
      [5, 5],
    ],
  ],
  // Tor has codes of its own.
  [
    'refused',
    'reply 240',
    [
      [5, 0],
      [5, 240],
    ],
  ],
  [
    'bad_answer',
    'address type 9',
    [
      [5, 0],
      [5, 0],
      [0, 9, 1],
    ],
  ],
])('%s: %s', (reason, detail, answers) => {
  const on = handshake();
  expect(answered(on, ...answers)).toBeUndefined();
  expect(on).toMatchObject({ isOpen: false, failure: { reason, detail } });
});

test('tells missing credentials from wrong ones', () => {
  const without = handshake();
  answered(without, [5, 0xff]);
  expect(without.failure).toEqual({ reason: 'authentication_required' });
  const refused = handshake('api.test', 'ann', 's');
  answered(refused, [5, 0xff]);
  expect(refused.failure).toEqual({ reason: 'authentication_failed' });
  const wrong = handshake('api.test', 'ann', 's');
  answered(wrong, [5, 2], [1, 1]);
  expect(wrong.failure).toEqual({ reason: 'authentication_failed' });
});
