/** A wire and the scripted server that it talks to: what each test of misbehaving servers begins with. */
import assert from 'node:assert/strict';
import { expect } from 'vitest';
import { isMintError, createHttp2Wire, dial } from '../../../../src/index.ts';
import type { Http2WireOptions, Wire, WireRequest } from '../../../../src/index.ts';
import { startHttp2Server } from '../../../../src/testing/index.ts';
import type { Http2Peer, ScriptedServer, Settings } from '../../../../src/testing/index.ts';
import { send } from '../../exchange-log.ts';
import type { ExchangeLog } from '../../exchange-log.ts';

/** A request that the server has got. */
export interface OpenStream {
  readonly log: ExchangeLog;
  /** Its stream. */
  readonly id: number;
}

export class World implements AsyncDisposable {
  readonly wire: Wire;
  readonly peer: Http2Peer;
  /** What `onClosed` was called with, each time. */
  readonly closings: (Error | undefined)[] = [];
  /** How often `onChange` was called. */
  changes = 0;
  /** Fulfilled with what `onClosed` was called with. */
  readonly closed: Promise<Error | undefined>;
  readonly #server: ScriptedServer<Http2Peer>;
  readonly #logs: ExchangeLog[] = [];
  #watchers: (() => void)[] = [];

  constructor(server: ScriptedServer<Http2Peer>, peer: Http2Peer, wire: Wire) {
    this.#server = server;
    this.peer = peer;
    this.wire = wire;
    wire.onChange = () => {
      this.changes += 1;
      for (const watcher of this.#watchers.splice(0)) watcher();
    };
    this.closed = new Promise((resolve) => {
      wire.onClosed = (error) => {
        this.closings.push(error);
        resolve(error);
      };
    });
  }

  /** Sends a request. */
  send(request: Partial<WireRequest> = {}): ExchangeLog {
    const log = send(this.wire, request);
    this.#logs.push(log);
    return log;
  }

  /** Sends a request and waits until the server has its head. */
  async open(request: Partial<WireRequest> = {}): Promise<OpenStream> {
    const log = this.send(request);
    const { stream } = await this.peer.readRequest();
    return { log, id: stream };
  }

  /** Waits for a change of the wire that makes this true. */
  async change(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Checks that the connection still serves requests. */
  async serves(): Promise<void> {
    assert(this.wire.usable, 'the connection is usable');
    const { log, id } = await this.open({ target: '/next' });
    this.peer.answer(id, 'next');
    await log.done;
    assert.ifError(log.error);
    assert.equal(log.body, 'next');
  }

  /** Checks that another request is answered, and that the connection goes on. */
  async goesOn({ log, id }: OpenStream): Promise<void> {
    await this.peer.roundTrip();
    this.peer.answer(id, 'other');
    await log.done;
    assert.equal(log.body, 'other');
    await this.serves();
  }

  /** Checks that the client has ended the connection with this error code, if it said so. */
  endedWith(code: string): void {
    for (const { error } of this.peer.came('GOAWAY')) assert.equal(error, code);
  }

  /** Closes both sides, and checks that all that was begun came to one end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.wire.destroy();
    await this.closed;
    await this.peer.closed;
    await this.#server.close();
    assert(
      this.#logs.every((log) => log.endings === 1),
      'each request ended once',
    );
    assert.equal(this.closings.length, 1, 'the connection was closed once');
    assert(!this.wire.usable);
  }
}

export interface WorldOptions extends Partial<Http2WireOptions> {
  /** What the server says first; `false`: nothing. */
  readonly settings?: Settings | false;
}

/** Connects a wire to a server, which greets it and then does nothing by itself. */
export async function meet({ settings = {}, ...options }: WorldOptions = {}): Promise<World> {
  const server = await startHttp2Server(() => {});
  const authority = `127.0.0.1:${server.port}`;
  const { socket } = await dial({
    origin: server.url,
    address: { host: '127.0.0.1', port: server.port },
  }).result;
  const wire = createHttp2Wire(socket, {
    origin: server.url,
    scheme: 'http',
    authority,
    ...options,
  });
  const peer = await server.peer();
  const world = new World(server, peer, wire);
  if (settings !== false) {
    await peer.handshake(settings);
    await peer.roundTrip();
  }
  return world;
}

/** The errors with which a request may end that the server, or the network, has spoilt. */
const typed = [
  'ConnectionClosedError',
  'ProtocolError',
  'ResponseTooLargeError',
  'StreamResetError',
];

/** Waits until a request has failed, and returns its error, which is one of this package. */
export async function failure(log: ExchangeLog): Promise<Error> {
  await log.done;
  const { error } = log;
  expect(error, `ended with ${JSON.stringify(log.events.at(-1))}`).toBeInstanceOf(Error);
  expect(isMintError(error), String(error?.stack)).toBe(true);
  expect(typed).toContain(error?.name);
  return error as Error;
}

/** Waits until a request has got this response. */
export async function expectBody(log: ExchangeLog, body: string): Promise<void> {
  await log.done;
  expect(log.error).toBeUndefined();
  expect(log.status).toBe(200);
  expect(log.body).toBe(body);
}
