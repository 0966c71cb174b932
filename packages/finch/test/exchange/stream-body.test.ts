import { response, startHttp1Server } from '@linnet/mint/testing';
import { self } from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { ConnectionClosedError, Finch, InvalidRequestError } from '../../src/index.ts';
import type { BodyStep, BodySteps, ResponsePart, StreamStep } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

const count = (last: number): BodySteps<number> => ({
  stream: (n): BodyStep<number> => (n < last ? { data: `${n}`, acc: n + 1 } : { done: n }),
});

const carryOn = <Acc>(_part: ResponsePart, acc: Acc): StreamStep<Acc> => ({ cont: acc });

async function startEcho() {
  return await startHttpServer(async (request, answer) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    answer.end(text);
  });
}

test('sends what the body function returns, and hands its accumulator to the response function [F47] [H112]', async () => {
  await using server = await startEcho();
  const finch = await startFinch();
  for (const body of [
    count(3),
    { stream: async (n: number) => Promise.resolve(await count(3).stream(n)) },
  ]) {
    const request = Finch.build('POST', server.url, {}, body);
    const [accs, text] = (await finch.streamWhile<[number[], string] | number>(
      request,
      0,
      (part, acc) => {
        const [seen, body] = typeof acc === 'number' ? [[acc], ''] : acc;
        return {
          cont: [seen, part.type === 'data' ? body + Buffer.from(part.data).toString() : body],
        };
      },
    )) as [number[], string];
    expect([accs, text]).toEqual([[3], '012']);
  }
  expect(server.connections).toBe(1);
});

test('resolves with the accumulator of a body function that halts, and closes the connection [F48]', async () => {
  await using server = await startHttp1Server();
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  const halt = { stream: (): BodyStep<string> => ({ halt: 'halted' }) };
  const request = Finch.build('POST', url, {}, halt);
  expect(await finch.streamWhile(request, '', carryOn)).toBe('halted');
  const peer = await server.peer(0);
  await peer.closed;
  // Not the end of the body: the server must not take the request for complete.
  expect(peer.received).not.toContain('0\r\n\r\n');
  expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, idle: 0 });
});

test('has the accumulator after the last piece when the server resets the upload [F49]', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readUntil('\r\n1\r\n2\r\n');
    peer.resetConnection();
  });
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const body = {
    stream: async (n: number): Promise<BodyStep<number>> => {
      if (n === 3) await stopped;
      return { data: `${n}`, acc: n + 1 };
    },
  };
  const request = Finch.build('POST', url, {}, body);
  const failed = await finch.streamWhile(request, 0, carryOn).catch((error: unknown) => error);
  stop();
  expect(failed).toBeInstanceOf(ConnectionClosedError);
  expect(failed).toMatchObject({ acc: 3 });
  const [peer] = server.peers;
  expect(peer?.received).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
  expect(peer?.received).toMatch(/\r\ntransfer-encoding: chunked\r\n/);
  expect(peer?.received).toMatch(/\r\nuser-agent: /);
  expect(peer?.received).toMatch(new RegExp(`\\r\\nhost: 127\\.0\\.0\\.1:${server.port}\\r\\n`));
  expect(peer?.received).toMatch(/\r\n\r\n1\r\n0\r\n1\r\n1\r\n1\r\n2\r\n$/);
});

test('rejects when the body function returns something else than a step [F50]', async () => {
  await using server = await startHttp1Server();
  const finch = await startFinch();
  const body = { stream: (() => 'oops') as unknown as () => BodyStep<number> };
  const request = Finch.build('POST', `http://127.0.0.1:${server.port}`, {}, body);
  const error = await finch.streamWhile(request, 0, carryOn).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(InvalidRequestError);
  expect((error as Error).message).toContain(
    '{ data: chunk, acc }, { done: acc } or { halt: acc }',
  );
});

test('rejects with what the body function throws [H113]', async () => {
  await using server = await startHttp1Server();
  const finch = await startFinch();
  const thrown = new Error('no more');
  const throws = {
    stream: (): BodyStep<number> => {
      throw thrown;
    },
  };
  const rejects = { stream: (): Promise<BodyStep<number>> => Promise.reject(thrown) };
  for (const body of [throws, rejects]) {
    const request = Finch.build('POST', `http://127.0.0.1:${server.port}`, {}, body);
    await expect(finch.streamWhile(request, 0, carryOn)).rejects.toBe(thrown);
  }
});

test('declares the length that a header gives to a body of steps', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.write(response((await peer.readRequest()).text));
  });
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  const request = Finch.build('PUT', url, { 'content-length': 3 }, count(3));
  const text = await finch.streamWhile<number | string>(request, 0, (part, acc) => ({
    cont: part.type === 'data' ? `${acc}|${Buffer.from(part.data).toString()}` : acc,
  }));
  expect(text).toMatch(/^3\|PUT \/ [^]*\r\ncontent-length: 3\r\n(?:[^]*\r\n)?\r\n012$/);
});

test('runs the body function as the calling process', async () => {
  await using server = await startEcho();
  const finch = await startFinch();
  await finch.request(server.url);
  const [me, seen] = await inProcess(async () => {
    const pids: unknown[] = [];
    const body = {
      stream: (n: number): BodyStep<number> => {
        pids.push(self());
        return count(2).stream(n) as BodyStep<number>;
      },
    };
    await finch.streamWhile(Finch.build('POST', server.url, {}, body), 0, carryOn);
    return [self(), pids];
  });
  expect(seen).toEqual([me, me, me]);
});

test('never runs the two functions at once, and loses no part of an answer that comes early', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readUntil('\r\n\r\n');
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    for (let n = 0; n < 20; n += 1) {
      await peer.readUntil(`x${n}`);
      await peer.write(`3\r\n${String(n).padStart(3, '0')}\r\n`);
    }
    await peer.readUntil('0\r\n\r\n');
    await peer.write('0\r\n\r\n');
  });
  const finch = await startFinch();
  let running = 0;
  const alone = async <T>(result: T): Promise<T> => {
    expect(running++).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return result;
  };
  interface Acc {
    readonly sent: number;
    readonly text: string;
  }
  const body = {
    stream: (acc: Acc): Promise<BodyStep<Acc>> =>
      alone(
        acc.sent < 20
          ? { data: `x${acc.sent}`, acc: { ...acc, sent: acc.sent + 1 } }
          : { done: acc },
      ),
  };
  const request = Finch.build('POST', `http://127.0.0.1:${server.port}`, {}, body);
  const acc = await finch.streamWhile<Acc>(request, { sent: 0, text: '' }, (part, acc) =>
    alone({
      cont:
        part.type === 'data'
          ? { ...acc, text: `${acc.text} ${Buffer.from(part.data).toString()}` }
          : acc,
    }),
  );
  expect(acc.sent).toBe(20);
  expect(acc.text.split(' ').slice(1).map(Number)).toEqual([...Array(20).keys()]);
});

test('does not wait for a body that the server did not want', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readUntil('\r\n\r\n');
    await peer.write('HTTP/1.1 417 Expectation Failed\r\ncontent-length: 2\r\n\r\nno');
  });
  const finch = await startFinch();
  let calls = 0;
  const body = {
    stream: (n: number): BodyStep<number> => {
      calls += 1;
      return { done: n };
    },
  };
  const url = `http://127.0.0.1:${server.port}`;
  const request = Finch.build('POST', url, { expect: '100-continue' }, body);
  const status = await finch.streamWhile(request, 0, (part, acc) => ({
    cont: part.type === 'status' ? part.status : acc,
  }));
  expect([status, calls]).toEqual([417, 0]);
});

test('refuses such a body in functions that have no accumulator', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end());
  const finch = await startFinch();
  const request = Finch.build('POST', server.url, {}, count(3));
  await expect(finch.request(request)).rejects.toThrow(/only streamWhile has/);
  await expect(finch.post(server.url, count(3))).rejects.toThrow(InvalidRequestError);
  await using lease = await finch.checkout(server.url);
  await expect(lease.request(request)).rejects.toThrow(InvalidRequestError);
  expect((await lease.request('/')).status).toBe(200);
});
