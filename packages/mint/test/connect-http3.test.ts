import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import {
  connect,
  ConnectError,
  ConnectionClosedError,
  ProtocolError,
  StreamResetError,
} from '../src/index.ts';
import type { Connection, ConnectionOptions } from '../src/index.ts';
import { encodeHttp3Frame, startHttp3Server } from '../src/testing/index.ts';
import type { Http3Peer, Http3Server, Http3ServerOptions } from '../src/testing/index.ts';
import { eventually } from './support/eventually.ts';
import { authority, describeQuic, udpSockets } from './support/quic.ts';

const run = promisify(execFile);
const certificate = authority.issue(['localhost']);

async function start(
  script: (peer: Http3Peer) => unknown,
  options: Partial<Http3ServerOptions> = {},
): Promise<Http3Server> {
  const server = await startHttp3Server(script, { tls: certificate, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function open(server: Http3Server, options: ConnectionOptions = {}): Promise<Connection> {
  const tls = { ca: authority.ca };
  const given = { protocols: ['http3'], family: 4, tls, ...options } as const;
  const connection = await connect(server.url, given);
  onTestFinished(() => connection.close());
  return connection;
}

/** Answers every request. */
async function answerAll(peer: Http3Peer): Promise<void> {
  await peer.handshake();
  for await (const { stream } of peer.requests()) peer.answer(stream, 'hello');
}

const get = { method: 'GET', target: '/' };

/** Runs a module's source in a Node.js of its own, the same version as this one. */
async function runModule(source: string): Promise<string> {
  const mint = JSON.stringify(new URL('../src/index.ts', import.meta.url).href);
  const { stdout } = await run(process.execPath, [
    '--conditions=@linnet/source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    `import { connect } from ${mint};\n${source}`,
  ]);
  return stdout.trim();
}

describeQuic('a connection of HTTP/3', () => {
  test('carries requests at the same time, and is closed in order', async () => {
    const server = await start(answerAll);
    const connection = await open(server);
    expect(connection.protocol).toBe('http3');
    const answers = await Promise.all([1, 2, 3].map(() => connection.request(get)));
    expect(answers.map(({ body }) => body.toString())).toEqual(['hello', 'hello', 'hello']);
    expect(await connection.ping()).toBeGreaterThan(0);
    await connection.close();
    expect(await connection.closed).toBeUndefined();
    const [peer] = server.peers;
    expect(await peer?.closed).toMatchObject({ by: 'peer', code: 0x100, isApplication: true });
  });

  test('tells of a stream that is reset, and goes on', async () => {
    const connection = await open(
      await start(async (peer) => {
        await peer.handshake();
        const { stream } = await peer.readRequest();
        peer.respond(stream, 200);
        peer.data(stream, 'half of it');
        await peer.roundTrip();
        peer.reset(stream, 'H3_INTERNAL_ERROR');
        peer.answer((await peer.readRequest()).stream);
      }),
    );
    const failed = connection.request(get);
    await expect(failed).rejects.toThrow(StreamResetError);
    await expect(failed).rejects.toMatchObject({ http3Code: 'H3_INTERNAL_ERROR' });
    expect((await connection.request(get)).status).toBe(200);
  });

  test('takes no more requests after GOAWAY, and says which were not looked at', async () => {
    const connection = await open(
      await start(async (peer) => {
        await peer.handshake();
        await peer.readRequest();
        await peer.readRequest();
        peer.goaway(4);
        await peer.roundTrip();
        peer.answer(0);
      }),
    );
    const [first, second] = await Promise.allSettled([
      connection.request(get),
      connection.request(get),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { status: 200 } });
    expect(second).toMatchObject({ status: 'rejected', reason: { requestSent: false } });
    expect(connection.wire.usable).toBe(false);
  });

  test('is closed with the code of what the server did wrong', async () => {
    const server = await start(async (peer) => {
      await peer.handshake();
      const { stream } = await peer.readRequest();
      peer.raw(stream, encodeHttp3Frame('DATA', Buffer.from('before any head')));
    });
    const connection = await open(server);
    await expect(connection.request(get)).rejects.toThrow(ProtocolError);
    expect(await server.peers[0]?.closed).toMatchObject({ by: 'peer', code: 0x105 });
    expect(await connection.closed).toBeInstanceOf(ProtocolError);
  });

  test('fails what is under way when the server closes it', async () => {
    const connection = await open(
      await start(async (peer) => {
        await peer.handshake();
        await peer.readRequest();
        peer.close('H3_EXCESSIVE_LOAD', 'too much');
      }),
    );
    const failed = connection.request(get);
    await expect(failed).rejects.toThrow(ConnectionClosedError);
    await expect(failed).rejects.toMatchObject({ http3Code: 'H3_EXCESSIVE_LOAD' });
  });

  test('fails before any request when the server refuses it', async () => {
    const refused = open(await start(() => {}, { refuse: 2 }));
    await expect(refused).rejects.toThrow(ConnectError);
    await expect(refused).rejects.toMatchObject({ reason: 'CONNECTION_REFUSED' });
  });

  test('calls handlers outside of the async context of the requester', async () => {
    const context = new AsyncLocalStorage<string>();
    const server = await start(answerAll);
    const seen: unknown[] = [];
    const connection = await context.run('dialler', () => open(server));
    await context.run(
      'requester',
      () =>
        new Promise<void>((resolve, reject) => {
          connection.send(get, {
            onInformational: () => {},
            onHeaders: () => seen.push(context.getStore()),
            onData: () => seen.push(context.getStore()) > 0,
            onEnd: () => resolve(),
            onError: reject,
          });
        }),
    );
    expect(seen).toEqual([undefined, undefined]);
  });

  test('leaves no socket behind, opened and closed many times', async () => {
    const server = await start(answerAll);
    for (let round = 0; round < 20; round++) {
      const connection = await open(server);
      await connection.request(get);
      await connection.close();
    }
    // That of the server is left.
    await eventually(() => expect(udpSockets()).toBe(1));
  });
});

describeQuic('a program with HTTP/3', () => {
  test('does not load QUIC before it is asked for', async () => {
    const loaded = await runModule(`
      const { sharedObjects } = process.report.getReport();
      console.log(sharedObjects.filter((name) => name.includes('quic')).length, typeof connect);
    `);
    expect(loaded).toBe('0 function');
  });

  test('runs as long as a request is under way, and no longer', async () => {
    const server = await start(async (peer) => {
      await peer.handshake();
      const { stream } = await peer.readRequest();
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 50);
      });
      peer.answer(stream, 'late');
    });
    const output = await runModule(`
      const options = { protocols: ['http3'], family: 4, tls: { ca: ${JSON.stringify(authority.ca)} } };
      const connection = await connect(${JSON.stringify(server.url)}, options);
      const { body } = await connection.request({ method: 'GET', target: '/' });
      console.log(body.toString());
    `);
    expect(output).toBe('late');
  });

  test('may end a worker thread that has connections and requests open', async () => {
    const server = await start(async (peer) => {
      await peer.handshake();
      for await (const { stream, fields } of peer.requests()) {
        if (fields.get(':path') !== '/held') peer.answer(stream);
      }
    });
    const source = `
      import { connect } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
      import { parentPort, workerData } from 'node:worker_threads';
      const { url, ca } = workerData;
      const connection = await connect(url, { protocols: ['http3'], family: 4, tls: { ca } });
      connection.request({ method: 'GET', target: '/held' }).catch(() => {});
      parentPort.postMessage('open');
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { url: server.url, ca: authority.ca },
      execArgv: ['--conditions=@linnet/source', '--disable-warning=ExperimentalWarning'],
    });
    expect(await once(worker, 'message')).toEqual(['open']);
    await worker.terminate();
    const connection = await open(server);
    expect((await connection.request(get)).status).toBe(200);
  });
});
