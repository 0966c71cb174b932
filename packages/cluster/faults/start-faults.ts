/** Nodes that cannot start: they must say why, and soon. */
import type { StartError } from '@linnet/otp';
import { Cluster, ClusterError } from '../src/index.ts';
import { nats, type NatsOptions } from '../src/nats/index.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { TlsServer } from '../test/support/tls-server.ts';
import { type Fault, ms, type Outcome } from './fault.ts';
import { here, startPeer } from './two-nodes.ts';

const bar = 'the start fails <= 3000 ms with a named error';

const certificate = /client certificate/i;

async function failure(
  options: NatsOptions,
  reason: string,
  words: RegExp = /./,
  cookie = 'secret',
): Promise<Outcome> {
  const began = performance.now();
  const error = await Cluster.start({ name: here, cookie, carrier: nats(options) }).then(
    async (cluster) => {
      await cluster.stop();
      return undefined;
    },
    (failed: unknown) => (failed as StartError).reason,
  );
  const took = performance.now() - began;
  const seen = error instanceof ClusterError ? `${error.code}: ${error.message}` : String(error);
  const isNamed = error instanceof ClusterError && error.reason === reason;
  return { holds: isNamed && words.test(seen) && took <= 3000, seen: `${ms(took)}; ${seen}` };
}

export const startFaults: readonly Fault[] = [
  {
    name: 'another cookie than the node that is there',
    bar,
    run: async () => {
      await using server = await NatsServer.start();
      await using _peer = await startPeer(server, { cookie: 'other' });
      return await failure({ servers: server.url }, 'bad_cookie');
    },
  },
  {
    name: 'no server',
    bar,
    run: async () => {
      const server = await NatsServer.start();
      await server[Symbol.asyncDispose]();
      return await failure({ servers: server.url }, 'carrier');
    },
  },
  {
    name: 'a wrong password',
    bar,
    run: async () => {
      await using server = await NatsServer.start('authorization { user: a, password: b }');
      const user = { user: 'a', pass: 'c' };
      return await failure({ servers: server.url, ...user }, 'carrier', /authorization/i);
    },
  },
  {
    name: 'no permission for the subjects of the cluster',
    bar,
    run: async () => {
      await using server = await NatsServer.start(
        'authorization { users: [{ user: a, password: b, permissions: { publish: "x", subscribe: "y" } }] }',
      );
      const user = { user: 'a', pass: 'b' };
      return await failure({ servers: server.url, ...user }, 'carrier', /permission/i);
    },
  },
  {
    name: 'no client certificate, where the server wants one',
    bar,
    run: async () => {
      await using tls = await TlsServer.start();
      return await failure({ servers: tls.server.url, tls: tls.none }, 'carrier', certificate);
    },
  },
  {
    name: 'a client certificate that the server does not know',
    bar,
    run: async () => {
      await using tls = await TlsServer.start();
      return await failure({ servers: tls.server.url, tls: tls.stranger }, 'carrier', certificate);
    },
  },
];
