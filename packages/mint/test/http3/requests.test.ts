import { describe, expect, test } from 'vitest';
import { InvalidRequestError, Http3Connection } from '../../src/index.ts';
import type { RequestHead } from '../../src/index.ts';
import { Driven, framesOf } from './drive.ts';
import { control, settings } from './peer-frames.ts';

const get: RequestHead = { method: 'GET', target: '/users', headers: ['Accept', 'text/plain'] };

function written(request: RequestHead, altUsed?: string): unknown {
  const connection = new Http3Connection<string>({ authority: 'a.example', altUsed });
  connection.open('', request, 0, false);
  return framesOf(connection.take());
}

describe('the greeting', () => {
  test('is the type of the control stream, and SETTINGS that offer no dynamic table', () => {
    const connection = new Http3Connection({
      authority: 'a.example',
      maxHeaderSize: 1000,
      maxFields: 10,
    });
    const bytes = connection.greeting();
    // MAX_FIELD_SECTION_SIZE 1320, QPACK_MAX_TABLE_CAPACITY 0, QPACK_BLOCKED_STREAMS 0, and one that means nothing.
    expect(bytes.toString('hex')).toBe('00' + '040a' + '064528' + '0100' + '0700' + '453700');
  });
});

describe('a request', () => {
  test('has its pseudo-fields first, and names in lower case', () => {
    expect(written(get)).toEqual([
      [
        1,
        [
          [':method', 'GET'],
          [':scheme', 'https'],
          [':authority', 'a.example'],
          [':path', '/users'],
          ['accept', 'text/plain'],
        ],
      ],
    ]);
  });

  test('names the alternative service that it is sent to', () => {
    expect(JSON.stringify(written(get, 'alt.example:8443'))).toContain(
      '["accept","text/plain"],["alt-used","alt.example:8443"]',
    );
  });

  test('is the same the second and the third time, when its fields were kept', () => {
    const connection = new Http3Connection<string>({ authority: 'a.example' });
    const request = { ...get, headers: Object.freeze(['x-a', '1', 'authorization', 'secret']) };
    const sent = [1, 2, 3].map(() => {
      connection.open('', request, 0, false);
      return connection.take().toString('hex');
    });
    expect(new Set(sent).size).toBe(1);
  });

  test('has every fourth stream', () => {
    const connection = new Http3Connection<string>({ authority: 'a.example' });
    expect([1, 2, 3].map(() => connection.open('', get, 0, false).id)).toEqual([0, 4, 8]);
  });

  test('with very many fields has a HEADERS frame of any length', () => {
    const long = 'x'.repeat(20_000);
    const frames = written({ ...get, headers: ['x-long', long] }) as [number, [string, string][]][];
    expect(frames).toHaveLength(1);
    expect(frames[0]?.[1].at(-1)).toEqual(['x-long', long]);
  });

  test('has its body in DATA, and trailers behind it', () => {
    const connection = new Http3Connection<string>({ authority: 'a.example' });
    connection.open('', { ...get, method: 'POST' }, -1, true);
    connection.data(Buffer.from('one'));
    connection.beginData(3);
    const bytes = [connection.take(), Buffer.from('two')];
    connection.trailers([]);
    connection.trailers(['X-Sum', '7']);
    const frames = framesOf(Buffer.concat([...bytes, connection.take()]));
    expect(frames.slice(1)).toEqual([
      [0, 'one'],
      [0, 'two'],
      [1, [['x-sum', '7']]],
    ]);
    expect(JSON.stringify(frames[0])).toContain('["expect","100-continue"]');
  });

  test('that cannot be sent changes nothing', () => {
    const connection = new Http3Connection<string>({ authority: 'a.example' });
    const bad = { ...get, headers: ['x', 'a\nb'] };
    expect(() => connection.open('', bad, 0, false)).toThrow(InvalidRequestError);
    expect(() => connection.trailers(['content-length', '1'])).toThrow(InvalidRequestError);
    expect(connection.take()).toHaveLength(0);
    expect(connection.open('', get, 0, false).id).toBe(0);
  });

  test('is not larger than the server takes', () => {
    const driven = new Driven().feed(3, control(settings([[0x6, 1000]])));
    expect(driven.said).toEqual([{ event: 'settings', stream: undefined }]);
    const large = { headers: ['x-large', 'x'.repeat(1000)] };
    expect(() => driven.open(large)).toThrow(/at most 1000 bytes/);
    driven.open();
  });

  test('declares the length of its body', () => {
    const { connection } = new Driven();
    connection.open('', { ...get, method: 'POST' }, 5, false);
    expect(connection.declaredLength).toBe(5);
  });
});
