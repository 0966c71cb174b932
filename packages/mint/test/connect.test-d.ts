import type { Duplex } from 'node:stream';
import { assertType, expectTypeOf, test } from 'vitest';
import { connect, MintError, requestKind, ResponseParser, StreamResetError } from '../src/index.ts';
import type {
  CollectedResponse,
  Connection,
  ConnectionOptions,
  Exchange,
  Fields,
  Wire,
  WireHandler,
} from '../src/index.ts';
import { startHttp1Server, startHttp2Server } from '../src/testing/index.ts';
import type { Http1Peer, Http2Peer, ScriptedServer } from '../src/testing/index.ts';

test('options of opening and of the wire are given together, and unknown ones do not compile', () => {
  expectTypeOf(connect).returns.resolves.toEqualTypeOf<Connection>();
  assertType<ConnectionOptions>({ protocols: ['http2'], maxHeaderSize: 1, tls: { ca: '' } });
  assertType<ConnectionOptions>({ proxy: { url: 'environment', tunnel: true } });
  assertType<ConnectionOptions>({ protocols: ['http3'], idleTimeout: 1000 });
  // @ts-expect-error a protocol that is not spoken
  assertType<ConnectionOptions>({ protocols: ['http4'] });
  // @ts-expect-error a typing error
  assertType<ConnectionOptions>({ keepAliveTreshold: 1 });
  // @ts-expect-error of opening a socket, but selected by `protocols`
  assertType<ConnectionOptions>({ alpnProtocols: ['h2'] });
});

test('a request may leave out all but method and target', () => {
  const connection = {} as Connection;
  expectTypeOf(connection.request).returns.resolves.toEqualTypeOf<CollectedResponse>();
  assertType<Promise<CollectedResponse>>(connection.request({ method: 'GET', target: '/' }));
  assertType<Promise<CollectedResponse>>(
    connection.request({
      method: 'POST',
      target: '/',
      headers: ['a', 'b'],
      body: new ReadableStream<Uint8Array>(),
      trailers: () => ['c', 'd'],
    }),
  );
  // @ts-expect-error a list of names and values is flat
  void connection.request({ method: 'GET', target: '/', headers: [['a', 'b']] });
  // @ts-expect-error a body is text or bytes
  void connection.request({ method: 'GET', target: '/', body: { a: 1 } });
  expectTypeOf<CollectedResponse['headers']>().toEqualTypeOf<Fields>();
});

test('a handler needs the four that are always called; the others are optional', () => {
  const connection = {} as Connection;
  const handler = {
    onInformational: () => {},
    onHeaders: () => {},
    onData: () => true,
    onEnd: () => {},
    onError: () => {},
  };
  assertType<Exchange>(connection.send({ method: 'GET', target: '/' }, handler));
  assertType<WireHandler>({ ...handler, onUpgrade: (_status, _fields, stream: Duplex) => stream });
  // @ts-expect-error whether to go on is a boolean
  assertType<WireHandler>({ ...handler, onData: () => {} });
  expectTypeOf<Wire['protocol']>().toEqualTypeOf<'http1' | 'http2' | 'http3'>();
});

test('an error is told by its class or by its code', () => {
  const error: unknown = undefined;
  if (error instanceof StreamResetError) {
    expectTypeOf(error.code).toEqualTypeOf<'ERR_MINT_STREAM_RESET'>();
    expectTypeOf(error.http2Code).toEqualTypeOf<string | undefined>();
    expectTypeOf(error.requestSent).toEqualTypeOf<boolean | undefined>();
  }
  if (error instanceof MintError) expectTypeOf(error.code).toEqualTypeOf<string>();
});

test('a parser is asked with the kinds of requests that there are', () => {
  const parser = new ResponseParser();
  parser.begin(requestKind.head);
  // @ts-expect-error there is no such kind
  parser.begin(7);
});

test('a script is given the peer of its protocol', () => {
  expectTypeOf(startHttp1Server).returns.resolves.toEqualTypeOf<ScriptedServer<Http1Peer>>();
  expectTypeOf(startHttp2Server).returns.resolves.toEqualTypeOf<ScriptedServer<Http2Peer>>();
  void startHttp2Server(async (peer, index) => {
    expectTypeOf(index).toEqualTypeOf<number>();
    await peer.handshake({ maxConcurrentStreams: index });
    // @ts-expect-error a code that HTTP/2 does not have
    peer.reset(1, 'CANCELLED');
    // @ts-expect-error a setting that HTTP/2 does not have
    peer.settings({ maxStreams: 1 });
  });
});
