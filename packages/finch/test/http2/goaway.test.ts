/** A server that goes away: what is under way, what it did not process, and what comes next. */
import { inProcess } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { rejection } from '../support/rejection.ts';
import { nextPart } from '../support/async-parts.ts';
import { answering, startH2App } from '../support/h2-app.ts';

describe('GOAWAY', () => {
  test('does not end what is under way, while new requests go over a new connection [F163] [F190] [E9] [M33]', async () => {
    const { ask, peer, figures } = await startH2App();
    const first = ask('/first');
    const going = await peer(0);
    const { stream } = await going.readRequest();
    going.goaway(stream);
    await going.roundTrip().catch(() => {});

    const second = ask('/second');
    const next = await peer(1);
    const request = await next.readRequest();
    expect(request.fields.get(':path')).toBe('/second');
    next.answer(request.stream, 'second');
    expect((await second).text()).toBe('second');
    going.answer(stream, 'first');
    expect((await first).text()).toBe('first');
    await going.closed;
    await figures({ inUse: 0, idle: 1 });
  });

  test('lets an asynchronous request finish [F176]', async () => {
    const { finch, url, peer } = await startH2App();
    const parts = inProcess(async () => {
      const ref = finch.asyncRequest(`${url}/first`);
      const types: string[] = [];
      for (;;) {
        const part = await nextPart(ref);
        types.push(part.type);
        if (part.type === 'done' || part.type === 'error') return types;
      }
    });
    const going = await peer(0);
    const { stream } = await going.readRequest();
    going.goaway(stream);
    going.answer(stream, 'hello');
    expect(await parts).toEqual(['status', 'headers', 'data', 'done']);
  });

  test('sends those above the last id again over another connection, unnoticed by their callers [D16] [M33]', async () => {
    const { finch, ask, url, peer, server } = await startH2App();
    const first = ask('/first');
    const going = await peer(0);
    const { stream } = await going.readRequest();
    const get = ask('/get');
    const post = finch.post(`${url}/post`, 'body');
    await going.readRequest();
    await going.readRequest();
    going.goaway(stream);

    const next = await peer(1);
    const requests = [await next.readRequest(), await next.readRequest()];
    expect(new Set(requests.map((request) => request.fields.get(':path')))).toEqual(
      new Set(['/get', '/post']),
    );
    for (const request of requests) next.answer(request.stream, request.fields.get(':path'));
    expect((await get).text()).toBe('/get');
    expect((await post).text()).toBe('/post');
    going.answer(stream, 'first');
    expect((await first).text()).toBe('first');
    expect(server.peers).toHaveLength(2);
    expect(next.dataLength()).toBe('body'.length);
  });

  test('does not send again what may have been processed [H204]', async () => {
    const { finch, url, peer, server } = await startH2App();
    const answer = rejection(finch.post(url, 'body'));
    const going = await peer(0);
    const { stream } = await going.readRequest();
    going.goaway(stream);
    going.end();
    expect(await answer).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: true,
    });
    expect(server.peers).toHaveLength(1);
  });

  test('does not send again what is not wanted to be', async () => {
    const { ask, peer, server } = await startH2App();
    const answer = rejection(ask('/', { retry: false }));
    const going = await peer(0);
    await going.readRequest();
    going.goaway(0);
    expect(await answer).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: false,
    });
    expect(server.peers).toHaveLength(1);
  });

  test('does not send a body again that was read from its source', async () => {
    const { finch, url, peer, server } = await startH2App();
    function* source(): Generator<string> {
      yield 'a piece';
    }
    const answer = rejection(finch.post(url, source()));
    const going = await peer(0);
    const { stream } = await going.readRequest();
    await going.next('DATA', { stream });
    going.goaway(0);
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
    expect(server.peers).toHaveLength(1);
  });

  test('on every connection ends with an error after four attempts [D16]', async () => {
    const { ask, server } = await startH2App({
      script: async (peer) => {
        await peer.readRequest();
        peer.goaway(0);
      },
    });
    expect(await rejection(ask())).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: false,
    });
    expect(server.peers).toHaveLength(4);
  });

  test('after every five responses loses none of twelve requests [H181]', async () => {
    let served = 0;
    const { ask, server } = await startH2App({
      script: answering((peer, { stream }) => {
        peer.answer(stream);
        if (++served % 5 === 0) peer.goaway(stream);
      }),
    });
    for (let count = 0; count < 12; count += 1) expect((await ask()).status).toBe(200);
    expect(server.peers).toHaveLength(3);
  });

  test('after every five responses loses none of 200 requests, 10 at once [H181]', async () => {
    const { ask } = await startH2App({
      size: 3,
      script: answering((peer, { stream }) => {
        peer.answer(stream);
        if (stream === 9) peer.goaway(stream);
      }),
    });
    const worker = async (): Promise<number[]> => {
      const statuses: number[] = [];
      for (let count = 0; count < 20; count += 1) statuses.push((await ask()).status);
      return statuses;
    };
    const all = await Promise.all(Array.from({ length: 10 }, worker));
    expect(all.flat()).toEqual(Array.from({ length: 200 }, () => 200));
  });

  test('of an idle connection lets it go, and the next request opens one [F190] [F191]', async () => {
    const { ask, peer, figures, server } = await startH2App({ script: answering() });
    await ask();
    const going = await peer(0);
    going.goaway(1);
    await going.closed;
    await figures({ idle: 0, inUse: 0 });
    expect((await ask()).status).toBe(200);
    expect(server.peers).toHaveLength(2);
  });

  test('with an error fails what it does not exclude, and sends the rest again', async () => {
    const { finch, url, ask, peer } = await startH2App();
    const first = rejection(finch.post(`${url}/first`, 'body'));
    const going = await peer(0);
    const { stream } = await going.readRequest();
    const second = ask('/second');
    await going.readRequest();
    going.goaway(stream, 'ENHANCE_YOUR_CALM', 'slow down');
    // As a server must after an error (RFC 9113, 5.4.1); until then it may answer what it does not exclude.
    going.socket.end();
    expect(await first).toMatchObject({
      message: expect.stringContaining('ENHANCE_YOUR_CALM') as string,
      requestSent: true,
    });
    const next = await peer(1);
    next.answer((await next.readRequest()).stream, 'second');
    expect((await second).text()).toBe('second');
  });
});

describe('REFUSED_STREAM', () => {
  test('is sent again, over the same connection, unnoticed by its caller [D16] [M32]', async () => {
    const { finch, url, peer, server } = await startH2App();
    const answer = finch.post(url, 'body');
    const only = await peer(0);
    only.reset((await only.readRequest()).stream, 'REFUSED_STREAM');
    only.answer((await only.readRequest()).stream, 'second time');
    expect((await answer).text()).toBe('second time');
    expect(server.peers).toHaveLength(1);
  });

  test('every time ends with an error after four attempts [D16]', async () => {
    let requests = 0;
    const { ask } = await startH2App({
      script: answering((peer, { stream }) => {
        requests += 1;
        peer.reset(stream, 'REFUSED_STREAM');
      }),
    });
    expect(await rejection(ask())).toMatchObject({
      code: 'ERR_FINCH_STREAM_RESET',
      http2Code: 'REFUSED_STREAM',
      requestSent: false,
    });
    expect(requests).toBe(4);
  });

  test.each(['REFUSED_STREAM', 'GOAWAY'] as const)(
    'does not have a request sent again that was answered in part: %s',
    async (how) => {
      let requests = 0;
      const { ask, finch, url } = await startH2App({
        script: answering(async (peer, { stream }) => {
          requests += 1;
          peer.respond(stream, 200, [['content-length', '8']]);
          peer.data(stream, 'half');
          await peer.roundTrip();
          if (how === 'GOAWAY') peer.goaway(0);
          else peer.reset(stream, 'REFUSED_STREAM');
        }),
      });
      const expected = { bytesReceived: expect.any(Number) as number, requestSent: true };
      expect(await rejection(ask())).toMatchObject(expected);
      const { body } = await finch.open(url);
      const read = async (): Promise<string> => {
        let text = '';
        for await (const chunk of body) text += Buffer.from(chunk).toString();
        return text;
      };
      expect(await rejection(read())).toMatchObject(expected);
      expect(requests).toBe(2);
    },
  );

  test.each(['INTERNAL_ERROR', 'CANCEL', 'ENHANCE_YOUR_CALM', 'HTTP_1_1_REQUIRED'] as const)(
    'is the only code after which a request is sent again: %s [H203]',
    async (code) => {
      let requests = 0;
      const { ask } = await startH2App({
        script: answering((peer, { stream }) => {
          requests += 1;
          if (requests === 1) peer.answer(stream);
          else peer.reset(stream, code);
        }),
      });
      await ask();
      expect(await rejection(ask())).toMatchObject({
        code: 'ERR_FINCH_STREAM_RESET',
        http2Code: code,
        requestSent: true,
      });
      expect(requests).toBe(2);
    },
  );
});
