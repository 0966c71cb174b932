/** A scripted HTTP/3 server and one wire to it. */
import { dialQuic, createHttp3Wire } from '../../../src/index.ts';
import type { QuicDialOptions, Http3WireOptions, WireRequest } from '../../../src/index.ts';
import { startHttp3Server } from '../../../src/testing/index.ts';
import type {
  Http3Peer,
  Http3Server,
  Http3ServerOptions,
  Http3Settings,
} from '../../../src/testing/index.ts';
import { trusting } from '../../support/dial-quic.ts';
import { authority } from '../../support/quic.ts';
import { send } from '../exchange-log.ts';
import type { ExchangeLog } from '../exchange-log.ts';
import { watch } from '../http2/open-http2-wire.ts';
import type { OpenHttp2Wire } from '../http2/open-http2-wire.ts';

export interface WorldOptions extends Partial<Http3WireOptions> {
  readonly server?: Partial<Http3ServerOptions>;
  readonly dial?: QuicDialOptions;
  /** What the server says of itself; `false`: nothing. */
  readonly settings?: Http3Settings | false;
}

export interface World extends AsyncDisposable {
  readonly server: Http3Server;
  readonly peer: Http3Peer;
  readonly open: OpenHttp2Wire;
  readonly wire: OpenHttp2Wire['wire'];
  send(request?: Partial<WireRequest>): ExchangeLog;
  /** Waits until all that either side sent has come to the other. */
  allDelivered(): Promise<void>;
  /** The connection still serves requests. */
  serves(): Promise<void>;
}

const tls = authority.issue(['localhost']);

/** Starts a server, and opens a connection to it; both know each other's SETTINGS. */
export async function meet(options: WorldOptions = {}): Promise<World> {
  const { server: serverOptions = {}, dial = {}, settings = {}, ...wireOptions } = options;
  const server = await startHttp3Server(() => {}, { tls, ...serverOptions });
  const { port } = server;
  const origin = `https://localhost:${port}`;
  const target = { origin, host: '127.0.0.1', port, servername: 'localhost', tls: trusting };
  const open = await dialQuic(target, dial, ({ session }) =>
    watch(createHttp3Wire(session, { origin, authority: `localhost:${port}`, ...wireOptions })),
  ).result;
  const { wire } = open;
  const peer = await server.peer();
  if (settings === false) await peer.next('SETTINGS');
  else await peer.handshake(settings);
  const world: World = {
    server,
    peer,
    open,
    wire,
    send: (request) => send(wire, request),
    async allDelivered() {
      await wire.ping?.();
      await peer.roundTrip();
      await wire.ping?.();
    },
    async serves() {
      const log = send(wire, { target: '/serves' });
      // Others may have come before, whose streams are over.
      let request = await peer.readRequest();
      while (request.fields.get(':path') !== '/serves') request = await peer.readRequest();
      peer.answer(request.stream, 'still here');
      if ((await log.done).body !== 'still here') throw log.error ?? new Error(log.body);
    },
    async [Symbol.asyncDispose]() {
      wire.destroy();
      await server.close();
    },
  };
  await world.allDelivered();
  return world;
}
