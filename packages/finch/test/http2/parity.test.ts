/** What Finch's and hackney's own suites ask of HTTP/2, through an instance and over one real server. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@linnet/mint/testing';
import { exit, processInfo, self, spawn } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, type ResponsePart } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { nextPart } from '../support/async-parts.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { recordEvents } from '../support/record-events.ts';

const authority = createAuthority();
const tls = authority.issue(['localhost']);

const sum = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/**
 * An instance whose pools speak HTTP/2, and a server: `/echo` sends the body back as it comes,
 * `/sum` its length and checksum, `/wait` answers when `release` is called, `/trailers` ends with
 * trailers, `/protocol` tells the version.
 */
async function startH2({ keyLogFile }: { readonly keyLogFile?: string } = {}) {
  const waiting: (() => void)[] = [];
  const server = await startHttpServer(
    async (request, answer) => {
      const url = new URL(request.url ?? '/', 'https://localhost');
      if (url.pathname === '/echo') {
        request.pipe(answer);
        return;
      }
      if (url.pathname === '/sum') {
        const hash = createHash('sha256');
        let length = 0;
        for await (const chunk of request) {
          length += (chunk as Buffer).length;
          hash.update(chunk as Buffer);
        }
        answer.end(`${length} ${hash.digest('hex')}`);
        return;
      }
      request.resume();
      if (url.pathname === '/wait') {
        waiting.push(() => answer.end('waited'));
      } else if (url.pathname === '/trailers') {
        answer.setHeader('trailer', 'x-end');
        answer.write('with ');
        answer.addTrailers({ 'x-end': 'yes' });
        answer.end('trailers');
      } else if (url.pathname === '/protocol') {
        answer.end(request.httpVersion);
      } else if (url.pathname === '/chunks') {
        answer.write('chunk');
        waiting.push(() => answer.end('last'));
      } else {
        answer.setHeader('x-query', url.search);
        answer.end('Hello world!');
      }
    },
    { tls, http2: {} },
  );
  onTestFinished(() => server.close());
  const { finch } = await startApp({
    pools: {
      default: {
        connOpts: {
          tls: { ca: authority.ca },
          ...(keyLogFile === undefined ? {} : { keyLogFile }),
        },
      },
    },
  });
  return {
    finch,
    server,
    url: server.url,
    waits: (count: number) => eventually(() => expect(waiting).toHaveLength(count)),
    release: () => {
      for (const answer of waiting.splice(0)) answer();
    },
    idle: () =>
      expect(finch.getStats()).toMatchObject({ inUse: 0, inFlight: 0, queued: 0, connecting: 0 }),
  };
}

describe('requests', () => {
  test('have their answer, whole, over HTTP/2 [F151] [F152] [F161] [H180]', async () => {
    const { finch, url, idle } = await startH2();
    const answer = await finch.get(`${url}/?a=1&b=2`);
    expect(answer.text()).toBe('Hello world!');
    expect(answer.headers.get('x-query')).toBe('?a=1&b=2');
    expect((await finch.get(`${url}/protocol`)).text()).toBe('2.0');
    idle();
  });

  test('carry bodies larger than any window, of every kind [F17] [F18] [F19] [F115] [F116] [H177] [H178] [H186] [H187] [H188] [H198]', async () => {
    const { finch, url, server, idle } = await startH2();
    const large = Buffer.alloc(2_000_000, 'x');
    const pieces = Array.from({ length: 200 }, (_, index) => Buffer.alloc(10_000, index));
    const bodies = {
      'just beyond the first window': [Buffer.alloc(65_538, 'y'), Buffer.alloc(65_538, 'y')],
      bytes: [large, large],
      text: [large.toString(), large],
      list: [pieces, Buffer.concat(pieces)],
      generator: [
        function* () {
          yield* pieces;
        },
        Buffer.concat(pieces),
      ],
      stream: [new Blob(pieces).stream(), Buffer.concat(pieces)],
      empty: [new Uint8Array(0), Buffer.alloc(0)],
      'an empty stream': [[], Buffer.alloc(0)],
    } as const;
    for (const [name, [body, bytes]] of Object.entries(bodies)) {
      const { status, body: received } = await finch.post(`${url}/sum`, body as never);
      expect(status, name).toBe(200);
      expect(received.toString(), name).toBe(`${bytes.length} ${sum(bytes)}`);
    }
    const echoed = await finch.post(`${url}/echo`, large);
    expect(sum(echoed.body)).toBe(sum(large));
    expect(server.connections).toBe(1);
    idle();
  });

  test('wait side by side on one connection [F153]', async () => {
    const { finch, url, server, waits, release } = await startH2();
    const fifty = Array.from({ length: 50 }, () => finch.get(`${url}/wait`));
    await waits(50);
    release();
    for (const answer of await Promise.all(fifty)) expect(answer.text()).toBe('waited');
    expect(server.connections).toBe(1);
  });

  test('leave the keys of their session in the file that is named [F154]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'finch-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const keyLogFile = join(folder, 'keys');
    const { finch, url } = await startH2({ keyLogFile });
    await finch.get(url);
    await eventually(() => expect(readFileSync(keyLogFile, 'utf8')).toMatch(/SECRET/));
  });

  test('of two callers who go on for long keep neither waiting [H173]', async () => {
    const { finch, url, server } = await startH2();
    const work = async (): Promise<number> => {
      let done = 0;
      for (; done < 200; done++) {
        const { status } = await finch.post(`${url}/echo`, Buffer.alloc(20_000));
        expect(status).toBe(200);
      }
      return done;
    };
    expect(await Promise.all([work(), work()])).toEqual([200, 200]);
    expect(server.connections).toBe(1);
  });

  test('do not lose what comes before trailers [H174] [H175]', async () => {
    const { finch, url, server } = await startH2();
    for (let index = 0; index < 20; index++) {
      const [one, other] = await Promise.all([finch.get(`${url}/trailers`), finch.get(url)]);
      expect(one.text()).toBe('with trailers');
      expect(one.trailers.get('x-end')).toBe('yes');
      expect(other.text()).toBe('Hello world!');
      expect([...other.trailers]).toEqual([]);
    }
    expect(server.connections).toBe(1);
  });
});

describe('streams', () => {
  const collect = (part: ResponsePart, acc: readonly ResponsePart['type'][]) => [...acc, part.type];

  test('hand on status, headers, data and trailers [F41] [F52] [F56] [F64] [H179] [H183]', async () => {
    const { finch, url } = await startH2();
    expect(await finch.stream(`${url}/trailers`, [], collect)).toEqual([
      'status',
      'headers',
      'data',
      'data',
      'trailers',
    ]);
    const request = Finch.build('POST', `${url}/echo`, {}, ['aaaa', 'bbbb', 'cccc']);
    const text = await finch.streamWhile(request, '', (part, acc) => ({
      cont: part.type === 'data' ? acc + Buffer.from(part.data).toString() : acc,
    }));
    expect(text).toBe('aaaabbbbcccc');
  });

  test('that halt cancel their stream and no other [F53] [F57]', async () => {
    const { finch, url, server, waits, release, idle } = await startH2();
    const other = finch.get(`${url}/wait`);
    await waits(1);
    for (const until of ['status', 'headers', 'data'] as const) {
      const seen = await finch.streamWhile(`${url}/chunks`, [] as readonly string[], (part, acc) =>
        part.type === until ? { halt: [...acc, until] } : { cont: [...acc, part.type] },
      );
      expect(seen.at(-1)).toBe(until);
    }
    release();
    expect((await other).text()).toBe('waited');
    expect(server.connections).toBe(1);
    idle();
  });

  test('take a body that is a function of the accumulator [F54]', async () => {
    const { finch, url } = await startH2();
    const request = Finch.build(
      'POST',
      `${url}/echo`,
      {},
      {
        stream: (acc: string) =>
          acc.split('x').length <= 3 ? { data: 'piece ', acc: `${acc}x` } : { done: acc },
      },
    );
    const end = await finch.streamWhile(request, '', (part, acc) => ({
      cont: part.type === 'data' ? acc + Buffer.from(part.data).toString() : acc,
    }));
    // The response may begin before the body has ended.
    expect(end.replaceAll('x', '')).toBe('piece piece piece ');
    expect(end.split('x')).toHaveLength(4);
  });

  test('end with what their function throws or wrongly returns; the connection goes on [F55] [F155] [F156]', async () => {
    const { finch, url, server, idle } = await startH2();
    const failure = new Error('of the caller');
    await inProcess(async () => {
      for (const when of ['status', 'data']) {
        const outcome = finch.stream(url, 0, (part) => {
          if (part.type === when) throw failure;
          return 1;
        });
        expect(await rejection(outcome)).toBe(failure);
      }
      expect(processInfo(self())?.messageQueueLength).toBe(0);
    });
    const wrong = finch.streamWhile(url, 0, () => 'bad' as never);
    expect(await rejection(wrong)).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST' });
    expect((await finch.get(url)).status).toBe(200);
    expect(server.connections).toBe(1);
    idle();
  });

  test('come as messages to the process that asked [F171] [H201]', async () => {
    const { finch, url } = await startH2();
    const parts = await inProcess(async () => {
      const ref = finch.asyncRequest(url);
      const seen: string[] = [];
      for (let type = ''; type !== 'done' && type !== 'error';) {
        ({ type } = await nextPart(ref));
        seen.push(type);
      }
      return seen;
    });
    expect(parts).toEqual(['status', 'headers', 'data', 'done']);
  });
});

describe('telemetry', () => {
  test('tells of an HTTP/2 request what it tells of one over HTTP/1.1 [F192] [F193] [F194] [F195] [F196] [F197]', async () => {
    const { finch, url } = await startH2();
    const events = recordEvents();
    await finch.get(url, { headers: { 'x-sent': '1' } });
    expect(events.names.filter((name) => !name.startsWith('pool.'))).toEqual([
      'request.start',
      'queue.start',
      'connect.start',
      'connect.stop',
      'connection.opened',
      'queue.stop',
      'send.start',
      'send.stop',
      'recv.start',
      'recv.stop',
      'request.stop',
    ]);
    expect(events.first('connect.start')).toMatchObject({ name: finch.name, scheme: 'https' });
    expect(events.first('connection.opened').protocol).toBe('http2');
    const received = events.first('recv.stop');
    expect(received.status).toBe(200);
    expect(received.headers.get('x-query')).toBe('');
    expect(events.first('request.stop')).toMatchObject({ status: 200, attempts: 1 });
    expect(events.wrongKeys).toEqual([]);

    events.clear();
    await inProcess(async () => {
      const ref = finch.asyncRequest(url);
      for (let type = ''; type !== 'done';) ({ type } = await nextPart(ref));
    });
    expect(events.names).toContain('connection.reused');
    expect(events.names.filter((name) => name.endsWith('.stop'))).toEqual([
      'queue.stop',
      'send.stop',
      'recv.stop',
      'request.stop',
    ]);
    expect(events.wrongKeys).toEqual([]);
  });

  test('tells that a receiving request broke when its caller exits [F198]', async () => {
    const { finch, url, server } = await startH2();
    const events = recordEvents();
    const caller = spawn(async () => {
      await finch.stream(url, 0, () => exit({ shutdown: 'cancel' }));
    });
    void caller;
    await eventually(() => expect(events.names).toContain('recv.exception'));
    expect(events.wrongKeys).toEqual([]);
    expect((await finch.get(url)).status).toBe(200);
    expect(server.connections).toBe(1);
  });
});
