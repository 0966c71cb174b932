/** Nodes on a real NATS server, each but the first in a program of its own. */
import { GenServer, monitor, receive, self, send, type StartError } from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, ClusterError, Node, type ClusterOptions } from '../../src/index.ts';
import { nats, type NatsOptions } from '../../src/nats/index.ts';
import { hasNatsServer, NatsServer } from '../support/nats-server.ts';
import { PeerNode } from '../support/peer-node.ts';
import { program } from '../support/peer-program.ts?program';
import { TlsServer } from '../support/tls-server.ts';

const here = 'here@127.0.0.1';
const there = 'there@127.0.0.1';
const cookie = 'secret';
const counter = { name: 'counter', node: there };

const startHere = (server: NatsServer, options: Partial<ClusterOptions> = {}) =>
  Cluster.start({ name: here, cookie, carrier: nats({ servers: server.url }), ...options });

const startThere = (
  server: NatsServer,
  options: Partial<ClusterOptions> & { readonly nats?: NatsOptions } = {},
) =>
  PeerNode.start({ name: there, cookie, nats: { servers: server.url }, ...options }, [], program);

async function clusterFailure(start: Promise<unknown>): Promise<ClusterError> {
  const error: unknown = await start.catch((reason: unknown) => reason);
  const { reason } = error as StartError;
  if (reason instanceof ClusterError) return reason;
  throw new Error(`not a ClusterError: ${String(error)}`);
}

describe.skipIf(!hasNatsServer)('over NATS', () => {
  describe('with a node that lasts', () => {
    let server: NatsServer;
    let peer: PeerNode;
    beforeAll(async () => {
      server = await NatsServer.start();
      peer = await startThere(server);
    });
    afterAll(async () => {
      await peer.kill();
      await server.stop();
    });

    test('nodes find each other, and processes reach those of the other', async () => {
      await using cluster = await startHere(server);
      expect(cluster.node).toBe(here);
      expect(await Node.connect(there)).toBe(true);
      expect(await GenServer.call(counter, ['add', 5])).toBe(15);
      await inProcess(async () => {
        send({ name: 'echo', node: there }, { do: 'echo', from: self(), value: [1n] });
        expect(await receive()).toEqual({ echo: [1n] });
      });
    });

    test('of several servers, one that is there is enough', async () => {
      const gone = await NatsServer.start();
      await gone[Symbol.asyncDispose]();
      const carrier = nats({ servers: [gone.url, server.url], noRandomize: true });
      await using _cluster = await startHere(server, { carrier });
      expect(await Node.connect(there)).toBe(true);
    });

    test('clusters of different names on one server do not see each other', async () => {
      const carrier = nats({ servers: server.url, cluster: 'other' });
      await using _cluster = await startHere(server, { carrier });
      expect(await Node.connect(there, { timeout: 500 })).toBe(false);
      expect(Node.list()).toEqual([]);
    });

    describe('the start fails', () => {
      test('with another cookie than a node that is there', async () => {
        const error = await clusterFailure(startHere(server, { cookie: 'other' }));
        expect([error.reason, error.code]).toEqual(['bad_cookie', 'ERR_CLUSTER_BAD_COOKIE']);
        expect(Node.self()).toBe('nonode@nohost');
      });

      test('with the name of a living node', async () => {
        expect((await clusterFailure(startHere(server, { name: there }))).reason).toBe(
          'name_in_use',
        );
      });
    });
  });

  test('a node that is killed is down with no_responders, and each monitor tells once', async () => {
    await using server = await NatsServer.start();
    await using _cluster = await startHere(server);
    await using peer = await startThere(server);
    await Node.connect(there);
    await inProcess(async () => {
      const ref = monitor(counter);
      Node.monitor(there);
      const pending = GenServer.call(counter, 'never', { timeout: 'infinity' }).then(
        () => 'answered',
        (error: unknown) => (error as { why: unknown }).why,
      );
      await peer.kill();
      const down = { type: 'DOWN', ref, pid: counter, reason: 'noconnection' };
      const first = await receive();
      const second = await receive();
      expect([first, second]).toContainEqual(down);
      expect([first, second]).toContainEqual({
        type: 'nodedown',
        node: there,
        reason: 'no_responders',
      });
      expect(await pending).toEqual(['nodedown', there]);
    });
  });

  test('a node that stops is down with bye', async () => {
    await using server = await NatsServer.start();
    await using _cluster = await startHere(server);
    await using peer = await startThere(server);
    await Node.connect(there);
    await inProcess(async () => {
      Node.monitor(there);
      await peer.stop();
      expect(await receive()).toEqual({ type: 'nodedown', node: there, reason: 'bye' });
    });
  });

  test('a node that is started anew with its name takes the place of the killed one', async () => {
    await using server = await NatsServer.start();
    await using _cluster = await startHere(server);
    await using peer = await startThere(server);
    await Node.connect(there);
    const old = await Node.spawn(there, 'waits');
    await inProcess(async () => {
      Node.monitorNodes(true);
      await peer.kill();
      await using _again = await startThere(server);
      const messages = [await receive(), await receive()] as Array<{ type: string }>;
      expect(messages.map(({ type }) => type)).toEqual(['nodedown', 'nodeup']);
      const ref = monitor(old);
      expect(await receive()).toMatchObject({ ref, reason: 'noconnection' });
      Node.monitorNodes(false);
    });
  });

  test('through the death and the return of the server, no message is lost and no node is down', async () => {
    await using server = await NatsServer.start();
    // How long a busy machine takes to start the server is not what is tested.
    const patient = { downAfterMs: 100_000 };
    await using _cluster = await startHere(server, patient);
    await using _peer = await startThere(server, patient);
    await Node.connect(there);
    await inProcess(async () => {
      Node.monitorNodes(true);
      const pid = await Node.spawn(there, 'echo');
      let sent = 0;
      const burst = (): void => {
        for (let i = 0; i < 200; i++) send(pid, { do: 'echo', from: self(), value: sent++ });
      };
      burst();
      await server.kill();
      burst();
      await server.restart();
      burst();
      for (let i = 0; i < sent; i++) expect(await receive()).toEqual({ echo: i });
      Node.monitorNodes(false);
    });
  });

  test('with a user and a password, nodes are as without', async () => {
    await using server = await NatsServer.start('authorization { user: a, password: b }');
    const carrier = nats({ servers: server.url, user: 'a', pass: 'b' });
    await using _cluster = await startHere(server, { carrier });
    await using _peer = await startThere(server, {
      nats: { servers: server.url, user: 'a', pass: 'b' },
    });
    expect(await Node.connect(there)).toBe(true);
  });

  test('with the permissions that the guide names, and no others, nodes find each other and learn of each end', async () => {
    const permissionsOf = (node: string): string => {
      const token = node.replace('@', '=40=').replaceAll('.', '=2e=');
      const publish = ['otp.main.in.>', 'otp.main.nr.>', 'otp.main.hello', 'otp.main.bye'];
      const subscribe = [
        `otp.main.in.${token}.*`,
        `otp.main.nr.${token}.>`,
        'otp.main.hello',
        'otp.main.bye',
      ];
      return JSON.stringify({ publish: { allow: publish }, subscribe: { allow: subscribe } });
    };
    const users = [here, there].map(
      (node) => `{ user: "${node}", password: b, permissions: ${permissionsOf(node)} }`,
    );
    await using server = await NatsServer.start(`authorization { users: [${users.join(', ')}] }`);
    const of = (user: string): NatsOptions => ({ servers: server.url, user, pass: 'b' });
    await using _cluster = await startHere(server, { carrier: nats(of(here)) });
    await using peer = await startThere(server, { nats: of(there) });
    expect(await Node.connect(there)).toBe(true);
    expect(await GenServer.call(counter, ['add', 5])).toBe(15);
    await inProcess(async () => {
      Node.monitor(there);
      await peer.kill();
      // The server says so on a subject of its own.
      expect(await receive()).toMatchObject({ type: 'nodedown', reason: 'no_responders' });
    });
  });

  test('with TLS and a certificate that the server knows, nodes are as without', async () => {
    await using tls = await TlsServer.start();
    const options = { servers: tls.server.url, tls: tls.known };
    await using _cluster = await startHere(tls.server, { carrier: nats(options) });
    await using _peer = await startThere(tls.server, { nats: options });
    expect(await Node.connect(there)).toBe(true);
  });

  describe('the start fails', () => {
    test.each(['none', 'stranger'] as const)(
      'with TLS, for a client certificate: %s',
      async (kind) => {
        await using tls = await TlsServer.start();
        const carrier = nats({ servers: tls.server.url, tls: tls[kind] });
        const error = await clusterFailure(startHere(tls.server, { carrier }));
        expect(error.reason).toBe('carrier');
        expect(error.message).toMatch(/client certificate/);
      },
    );

    test('without a server, whose address is named, and not what it has of a password', async () => {
      const server = await NatsServer.start();
      await server[Symbol.asyncDispose]();
      const carrier = nats({ servers: server.url.replace('//', '//ada:hunter2@') });
      const error = await clusterFailure(startHere(server, { carrier }));
      expect(error.reason).toBe('carrier');
      expect(error.message).toContain(`NATS at ${server.url} cannot be used: connection refused`);
    });

    test('with a password that the server does not take', async () => {
      await using server = await NatsServer.start('authorization { user: a, password: b }');
      const error = await clusterFailure(startHere(server));
      expect(error.reason).toBe('carrier');
      expect(error.message).toMatch(/authorization/i);
    });

    test('without the permission to use its subjects', async () => {
      await using server = await NatsServer.start(
        'authorization { users: [{ user: a, password: b, permissions: { publish: "x", subscribe: "y" } }] }',
      );
      const carrier = nats({ servers: server.url, user: 'a', pass: 'b' });
      const error = await clusterFailure(startHere(server, { carrier }));
      expect(error.reason).toBe('carrier');
      expect(error.message).toMatch(/permission/i);
    });
  });
});
