import fc from 'fast-check';
import { expect, test } from 'vitest';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import type { Http1Peer } from '../../../src/testing/index.ts';
import { ExchangeLog } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

const heads = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 200 OK\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n',
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n',
  '',
];
const fields = [
  '',
  'connection: close\r\n',
  'connection: keep-alive\r\n',
  'content-length: 5\r\n',
  'content-length: 3\r\n',
  'transfer-encoding: chunked\r\n',
  'transfer-encoding: gzip\r\n',
  'keep-alive: timeout=1\r\n',
];
const bodies = ['', 'hello', '5\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\nx: y\r\n\r\n', '\x00'];

/** What a server may say: well-formed for the most part, then cut, repeated, or with a byte changed. */
const speech = fc
  .record({
    head: fc.constantFrom(...heads),
    fields: fc.array(fc.constantFrom(...fields), { maxLength: 3 }),
    body: fc.constantFrom(...bodies),
    repeat: fc.boolean(),
    cut: fc.option(fc.nat(120), { nil: undefined, freq: 3 }),
    change: fc.option(fc.tuple(fc.nat(120), fc.nat(255)), { nil: undefined, freq: 3 }),
  })
  .map((parts) => {
    let text = `${parts.head}${parts.fields.join('')}\r\n${parts.body}`;
    if (parts.repeat) text += text;
    if (parts.change !== undefined) {
      const [at, byte] = parts.change;
      text = text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + 1);
    }
    return text.slice(0, parts.cut);
  });

const scenario = fc.record({
  speeches: fc.array(speech, { minLength: 1, maxLength: 3 }),
  pieces: fc.integer({ min: 1, max: 40 }),
  after: fc.constantFrom('end', 'reset', 'silence'),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'CONNECT'),
  body: fc.constantFrom('none', 'text', 'stream'),
  special: fc.constantFrom('no', 'expect', 'trailers'),
  upgrade: fc.boolean(),
  /** Whether the next request is sent from inside the end of the one before. */
  atOnce: fc.boolean(),
  /** At which of the handler's calls something happens, and what. */
  at: fc.nat(8),
  deed: fc.constantFrom('nothing', 'abort', 'destroy', 'pause', 'throw'),
});

async function speak(peer: Http1Peer, text: string, pieces: number): Promise<void> {
  for (let index = 0; index < text.length; index += pieces) {
    if (peer.socket.destroyed) return;
    await Promise.race([peer.write(text.slice(index, index + pieces)), peer.closed]);
  }
}

test('every exchange ends exactly once and every wire closes exactly once, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      await using server = await startHttp1Server(async (peer) => {
        for (const text of given.speeches) {
          await Promise.race([peer.readUntil('\r\n\r\n'), peer.closed]).catch(() => {});
          await speak(peer, text, given.pieces);
        }
        if (given.after === 'end') peer.end();
        if (given.after === 'reset') peer.resetConnection();
      });
      using open = await openWire(server.port);
      const logs: ExchangeLog[] = [];
      let calls = 0;
      const disturb = (log: ExchangeLog): void => {
        calls += 1;
        if (calls !== given.at + 1) return;
        if (given.deed === 'abort') log.exchange?.abort(new Error('enough'));
        if (given.deed === 'destroy') open.wire.destroy();
        if (given.deed === 'pause') {
          log.greedy = false;
          setImmediate(() => {
            log.greedy = true;
            log.exchange?.resume();
          });
        }
        if (given.deed === 'throw') throw new Error('a bug in the handler');
      };
      const next = (): ExchangeLog => {
        const log = new ExchangeLog(open.wire);
        logs.push(log);
        for (const method of ['onInformational', 'onHeaders'] as const) {
          const original = log[method].bind(log);
          log[method] = (...args) => {
            original(...args);
            disturb(log);
          };
        }
        const onData = log.onData.bind(log);
        log.onData = (...args) => {
          onData(...args);
          disturb(log);
          return log.greedy;
        };
        if (given.atOnce) {
          log.atEnd = () => {
            if (logs.length < 3) next();
          };
        }
        const bodies = { none: undefined, text: 'hello', stream: ['hel', 'lo'] };
        log.exchange = open.wire.send(
          {
            method: given.method,
            target: given.method === 'CONNECT' ? 'a:1' : '/',
            headers: [],
            body: given.method === 'POST' ? bodies[given.body] : undefined,
            upgrade: given.upgrade && given.method === 'GET' ? 'x' : undefined,
            expectContinue: given.special === 'expect' ? 1 : undefined,
            trailers: given.special === 'trailers' ? () => ['a', 'b'] : undefined,
          },
          log,
        );
        return log;
      };
      while (logs.length < 3) {
        next();
        await Promise.race([Promise.all(logs.map((log) => log.done)), quiet()]);
        for (const log of logs) {
          log.socket?.destroy();
          if (log.endings === 0) log.exchange?.abort(new Error('no answer'));
        }
      }
      open.wire.destroy();
      await open.closed;
      await quiet(5);
      expect(logs.map((log) => log.endings)).toEqual([1, 1, 1]);
      expect(open.closings).toHaveLength(1);
      expect(open.wire.usable).toBe(false);
      // No event comes after the one that ends.
      for (const log of logs) {
        expect(['end', 'error', 'upgrade']).toContain(log.events.at(-1)?.type);
      }
    }),
    // A scenario that hangs is to show itself, not to stop the test.
    { numRuns: 400, timeout: 5000 },
  );
}, 120_000);

async function quiet(turns = 200): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('a response that was broken off never looks complete', async () => {
  const whole = [
    response('hello'),
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...whole),
      fc.nat(100),
      fc.boolean(),
      async (text, at, reset) => {
        const length = at % text.length;
        await using server = await startHttp1Server(async (peer) => {
          await peer.readRequest();
          await peer.write(text.slice(0, length));
          if (reset) peer.resetConnection();
          else peer.end();
        });
        using open = await openWire(server.port);
        const log = new ExchangeLog(open.wire);
        open.wire.send({ method: 'GET', target: '/', headers: [] }, log);
        await log.done;
        expect(log.error?.name).toBe('ConnectionClosedError');
      },
    ),
    { numRuns: 100, timeout: 5000 },
  );
});
