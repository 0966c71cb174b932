/** Nodes that cannot start: they must say why, and soon. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StartError } from '@linnet/otp';
import { Cluster, ClusterError } from '../src/index.ts';
import { nats, type NatsOptions } from '../src/nats/index.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { type Fault, ms, type Outcome } from './fault.ts';
import { here, startPeer } from './two-nodes.ts';

const bar = 'the start fails <= 3000 ms with a named error';

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

/** Runs with a server that asks its clients for a certificate. */
async function withCertificates(
  run: (server: NatsServer, file: (name: string) => string) => Promise<Outcome>,
): Promise<Outcome | string> {
  const folder = await mkdtemp(join(tmpdir(), 'linnet-certificates-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: string[]) => promisify(execFile)('openssl', words);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-x509'];
  try {
    for (const name of ['server', 'client', 'stranger']) {
      const names = [
        '-subj',
        `/CN=${name}`,
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
      ];
      const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
      await openssl('req', ...key, ...names, ...files);
    }
    await using server = await NatsServer.start(
      `tls { cert_file: "${file('server.pem')}", key_file: "${file('server.key')}", ca_file: "${file('client.pem')}", verify: true }`,
    );
    return await run(server, file);
  } catch (error) {
    return `no certificates: ${String(error)}`;
  } finally {
    await rm(folder, { recursive: true });
  }
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
    run: () =>
      withCertificates((server, file) =>
        failure(
          { servers: server.url, tls: { caFile: file('server.pem') } },
          'carrier',
          /client certificate/i,
        ),
      ),
  },
  {
    name: 'a client certificate that the server does not know',
    bar,
    run: () =>
      withCertificates((server, file) =>
        failure(
          {
            servers: server.url,
            tls: {
              caFile: file('server.pem'),
              certFile: file('stranger.pem'),
              keyFile: file('stranger.key'),
            },
          },
          'carrier',
          /client certificate/i,
        ),
      ),
  },
];
