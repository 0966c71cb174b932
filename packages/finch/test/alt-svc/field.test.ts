import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAltSvc } from '../../src/alt-svc/field.ts';

/** An alternative that speaks HTTP/3, with what is said of it. */
const h3 = (host: string, port: number, maxAge = 86_400, persist = false) => ({
  host,
  port,
  maxAge,
  persist,
});

describe('the field alt-svc', () => {
  test.each([
    ['names a port of the origin', 'h3=":443"', [h3('', 443)]],
    ['names another host', 'h3="alt.Example.com:8443"', [h3('alt.example.com', 8443)]],
    ['names an IPv6 address', 'h3="[2001:DB8::1]:443"', [h3('2001:db8::1', 443)]],
    ['says for how long', 'h3=":443"; ma=3600', [h3('', 443, 3600)]],
    ['says so in quotes, without blanks', 'h3=":443";ma="60"', [h3('', 443, 60)]],
    ['says it in any case', 'h3=":443"; MA=60; Persist=1', [h3('', 443, 60, true)]],
    ['outlives changes of the network', 'h3=":443"; persist=1', [h3('', 443, 86_400, true)]],
    ['has another value of persist, which is ignored', 'h3=":443"; persist=yes', [h3('', 443)]],
    ['has parameters that nobody knows', 'h3=":443"; v="46,43"; x=y; ma=5', [h3('', 443, 5)]],
    ['escapes in quotes', String.raw`h3="\a.example:4\43"`, [h3('a.example', 443)]],
    ['has blanks and empty elements', ' ,, h3=":443" ;\tma=5 , ,', [h3('', 443, 5)]],
    ['names several, the preferred first', 'h3=":1", h3=":2"', [h3('', 1), h3('', 2)]],
    ['names others, which are left out', 'h2=":443", h3=":444", h3-29=":445"', [h3('', 444)]],
    [
      'has an age beyond all clocks',
      `h3=":443"; ma=${'9'.repeat(40)}`,
      [h3('', 443, 2_147_483_647)],
    ],
    ['has names of ALPN with percent signs', 'w%3Dx%3Ay#z=":443", x%25y=":1"', []],
    ['has HTTP/3 in a spelling that RFC 7838 forbids', 'h%33=":443", H3=":443"', []],
  ])('%s', (_what, field, expected) => {
    expect(parseAltSvc(field)).toEqual(expected);
  });

  test('reads the examples of RFC 7838, 3', () => {
    expect(parseAltSvc('h2=":8000"')).toEqual([]);
    expect(parseAltSvc('h2="new.example.org:80"')).toEqual([]);
    expect(parseAltSvc('w%3Dx%3Ay#z="alt:80"')).toEqual([]);
    expect(parseAltSvc('h2="alt.example.com:8000", h2=":443"')).toEqual([]);
    expect(parseAltSvc('h2=":443"; ma=3600')).toEqual([]);
    expect(parseAltSvc('h2=":443"; ma=2592000; persist=1')).toEqual([]);
    expect(parseAltSvc('h3=":443"; ma=2592000; persist=1')).toEqual([h3('', 443, 2_592_000, true)]);
  });

  test('voids what was known, also beside alternatives', () => {
    expect(parseAltSvc('clear')).toBe('clear');
    expect(parseAltSvc(' clear ')).toBe('clear');
    expect(parseAltSvc('h3=":443", clear')).toBe('clear');
    expect(parseAltSvc('clear, h3=":443"')).toBe('clear');
    // The word is case-sensitive.
    expect(parseAltSvc('Clear')).toBeUndefined();
  });

  test.each([
    '',
    ',',
    '!',
    '@',
    '=',
    ';',
    '.',
    'h3',
    'h3=',
    'h3=:443',
    'h3=443',
    'h3=""',
    'h3="443"',
    'h3=":0"',
    'h3=":65536"',
    'h3=":-1"',
    'h3=":443',
    'h3=":443" ma=5',
    'h3=":443"; ma',
    'h3=":443"; ma=',
    'h3=":443"; ma=-1',
    'h3=":443"; ma=1.5',
    'h3=":443"; x=',
    'h3 =":443"',
    'h3="user@host:443"',
    'h3="a/b:443"',
    'h3="::1:443"',
    '"h3"=":443"',
    `h3="${'a'.repeat(9000)}:443"`,
  ])('says nothing with %j', (field) => {
    expect(parseAltSvc(field)).toBeUndefined();
  });

  test('is read on after an element that does not follow the grammar', () => {
    expect(parseAltSvc('!, h3=":443"')).toEqual([h3('', 443)]);
    expect(parseAltSvc('x y "a, h3=\\":1\\"", h3=":443"')).toEqual([h3('', 443)]);
    expect(parseAltSvc('h3=":443"; ma=x, h3=":444"')).toEqual([h3('', 444)]);
    expect(parseAltSvc('"never ends, h3=":443')).toBeUndefined();
  });

  test('is read to a limit', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `h3=":${index + 1}"`).join(',');
    expect(parseAltSvc(many)).toHaveLength(64);
    expect(parseAltSvc(`${','.repeat(8192)}h3=":443"`)).toBeUndefined();
  });

  test('never makes the reading fail or hang, whatever it is', () => {
    const piece = fc.constantFrom(
      'h3',
      '=',
      '"',
      '":443"',
      ';',
      ',',
      '\\',
      ' ',
      'ma',
      '5',
      'clear',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (field) => {
        const read = parseAltSvc(field);
        if (read === undefined || read === 'clear') return;
        for (const { port, maxAge } of read) {
          expect(port).toBeGreaterThan(0);
          expect(maxAge).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
