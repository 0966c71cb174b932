/** Responses at the edges of the grammar: taken as the RFCs say, and the connection with them. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App } from '../support/h2-app.ts';

/** `/first` is answered with these bytes, everything else with its path. */
async function start(bytes: string) {
  const server = await startHttp1Server(async (peer) => {
    for (;;) {
      const request = await peer.readRequest().catch(() => undefined);
      if (request === undefined) return;
      const { target } = request;
      await peer.write(target === '/first' ? bytes : response(target));
    }
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp();
  return { finch, server, url: `http://127.0.0.1:${server.port}` };
}

test.each([
  ['a CR that ends the head [W5]', 'HTTP/1.1 200 OK\r\rSet-Cookie: evil=1\r\n\r\n'],
  ['a CR in a value [W5]', 'HTTP/1.1 200 OK\r\na: b\rSet-Cookie: evil=1\r\n\r\n'],
  ['a CR between fields [W5]', 'HTTP/1.1 200 OK\r\na: b\r\rSet-Cookie: evil=1\r\n\r\n'],
  ['a CR in a reason phrase [W5]', 'HTTP/1.1 200 O\rK\r\ncontent-length: 0\r\n\r\n'],
  ['an LF that ends the head [W5]', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
  ['an LF that ends a field [W5]', 'HTTP/1.1 200 OK\r\na: b\nSet-Cookie: evil=1\r\n\r\n'],
  ['NUL in a reason phrase [W7]', 'HTTP/1.1 200 O\0K\r\ncontent-length: 0\r\n\r\n'],
  ['NUL in a value [W7]', 'HTTP/1.1 200 OK\r\na: b\0c\r\ncontent-length: 0\r\n\r\n'],
  ['NUL in a name [W7]', 'HTTP/1.1 200 OK\r\na\0b: c\r\ncontent-length: 0\r\n\r\n'],
  [
    'a CR in a chunk size [W6]',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r;a\r\nhello\r\n0\r\n\r\n',
  ],
  [
    'an LF in an extension [W6]',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n',
  ],
  [
    'white space before a chunk size [W6]',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n',
  ],
])('%s is a breach of the protocol, and the next request is served', async (_what, bytes) => {
  const { finch, url, server } = await start(bytes);
  expect(await rejection(finch.get(`${url}/first`))).toMatchObject({ code: 'ERR_FINCH_PROTOCOL' });
  expect((await finch.get(`${url}/next`)).text()).toBe('/next');
  expect(server.peers).toHaveLength(2);
});

test.each([';a=b', '; a=b', ' ;a=b', '\t; a = b', '; a = "b;\\" c"', ';a', ' ; a ; b = c'])(
  'white space around an extension of a chunk is read past: %j [W6]',
  async (extension) => {
    const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const { finch, url, server } = await start(
      `${chunked}5${extension}\r\nhello\r\n0${extension}\r\n\r\n`,
    );
    expect((await finch.get(`${url}/first`)).text()).toBe('hello');
    expect((await finch.get(`${url}/next`)).text()).toBe('/next');
    expect(server.peers).toHaveLength(1);
  },
);

describe('a value that goes on in the next line', () => {
  test('is one value, the line break a space [W22d]', async () => {
    const { finch, url, server } = await start(
      'HTTP/1.1 200 OK\r\na: one\r\n two\r\n\t three\r\ncontent-length: 0\r\n\r\n',
    );
    expect((await finch.get(`${url}/first`)).headers.get('a')).toBe('one two three');
    expect((await finch.get(`${url}/next`)).text()).toBe('/next');
    expect(server.peers).toHaveLength(1);
  });

  test('is no way to hide a second length [W22d]', async () => {
    const { finch, url } = await start(
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n content-length: 0\r\n\r\nhello',
    );
    expect(await rejection(finch.get(`${url}/first`))).toMatchObject({
      code: 'ERR_FINCH_PROTOCOL',
    });
  });
});

test.each([
  ['304', 'GET', '5', 1],
  ['304', 'GET', '999999', 1],
  ['304', 'HEAD', '5', 1],
  ['200', 'HEAD', '5', 1],
])('a %s to a %s that tells the length %s costs no connection [W22f]', async (...given) => {
  const [status, method, length, connections] = given;
  const { finch, url, server } = await start(
    `HTTP/1.1 ${status} Whatever\r\netag: "a"\r\ncontent-length: ${length}\r\n\r\n`,
  );
  const answer = await finch.request(Finch.build(method, `${url}/first`));
  expect([answer.status, answer.headers.get('content-length')]).toEqual([Number(status), length]);
  expect((await finch.get(`${url}/next`)).text()).toBe('/next');
  expect(server.peers).toHaveLength(connections);
});

describe('over HTTP/2', () => {
  test.each(['a=1 ', ' a=1', '\ta=1\t ', '  a=1  '])(
    'white space around the value %j is not part of it [W9]',
    async (value) => {
      const { ask } = await startH2App({
        script: answering((peer, { stream }) => {
          peer.respond(stream, 200, [
            ['set-cookie', value],
            ['x', 'y'],
          ]);
          peer.data(stream, 'body');
          peer.headers(stream, [['x-sum', value]], { endStream: true });
        }),
      });
      for (let index = 0; index < 3; index += 1) {
        const { headers, trailers } = await ask();
        expect(headers.toObject()).toEqual({ 'set-cookie': ['a=1'], x: 'y' });
        expect(trailers.get('x-sum')).toBe('a=1');
      }
    },
  );

  test('white space around a value of an interim response is not part of it [W9]', async () => {
    const { ask } = await startH2App({
      script: answering((peer, { stream }) => {
        peer.respond(stream, 103, [['link', ' </a.css> ']]);
        peer.answer(stream);
      }),
    });
    expect((await ask()).informational[0]?.headers.get('link')).toBe('</a.css>');
  });

  /** What breaks one stream, and nothing but that. */
  const breaches: Record<string, Parameters<typeof answering>[0]> = {
    'a 204 with DATA [W10]': (peer, { stream }) => {
      peer.respond(stream, 204);
      peer.data(stream, 'body', { endStream: true });
    },
    'a 304 with DATA [W10]': (peer, { stream }) => {
      peer.respond(stream, 304);
      peer.data(stream, 'body', { endStream: true });
    },
    'more DATA than content-length [W10]': (peer, { stream }) => {
      peer.respond(stream, 200, [['content-length', '2']]);
      peer.data(stream, 'body', { endStream: true });
    },
    'less DATA than content-length [W10]': (peer, { stream }) => {
      peer.respond(stream, 200, [['content-length', '9']]);
      peer.data(stream, 'body', { endStream: true });
    },
    'no status [W10]': (peer, { stream }) =>
      peer.headers(stream, [['a', 'b']], { endStream: true }),
    'a name in upper case [W10]': (peer, { stream }) => {
      peer.respond(stream, 200, [['Upper', 'b']], { endStream: true });
    },
    'a `connection` field [W10]': (peer, { stream }) => {
      peer.respond(stream, 200, [['connection', 'close']], { endStream: true });
    },
    'a 101 [W10]': (peer, { stream }) => peer.respond(stream, 101, [], { endStream: true }),
    'an interim response that ends the stream [W10]': (peer, { stream }) => {
      peer.respond(stream, 103, [], { endStream: true });
    },
    'a line break in a value [W10]': (peer, { stream }) => {
      peer.respond(stream, 200, [['a', 'b\r\nc: d']], { endStream: true });
    },
    'a status in trailers [W10]': (peer, { stream }) => {
      peer.respond(stream);
      peer.headers(stream, [[':status', '200']], { endStream: true });
    },
  };

  test.each(Object.entries(breaches))('%s fails its own request only', async (_what, breach) => {
    let answerUpload = (): void => {};
    const { finch, url, server } = await startH2App({
      script: answering((peer, frame) => {
        if (frame.fields.get(':path') === '/upload') {
          answerUpload = () => peer.answer(frame.stream, 'uploaded');
        } else if (frame.fields.get(':path') === '/bad') {
          void breach?.(peer, frame);
        } else {
          peer.answer(frame.stream, 'fine');
        }
      }),
    });
    const upload = finch.post(`${url}/upload`, 'body');
    const error = await rejection(finch.post(`${url}/bad`, 'body'));
    expect(error).toMatchObject({ code: 'ERR_FINCH_PROTOCOL', requestSent: true });
    expect((await finch.get(`${url}/next`)).text()).toBe('fine');
    answerUpload();
    expect((await upload).text()).toBe('uploaded');
    expect(server.peers).toHaveLength(1);
  });
});
